import { canDrawInPlace, withLiveScreen, type LiveScreen } from "../../src/shell/live-screen";
import { KpodError } from "../../src/lib/errors";
import { bufferTerminal, type BufferTerminal } from "../helpers/buffer-terminal";

const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";

/** A terminal of some size, which can be changed. */
function screenTerminal(columns: number, rows: number): BufferTerminal & { resize(to: number): void } {
  const size = { columns, rows };
  const listeners = new Set<() => void>();
  const terminal = bufferTerminal({ isTTY: true });
  Object.defineProperties(terminal, {
    columns: { get: () => size.columns },
    rows: { get: () => size.rows },
    onResize: {
      value: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  return Object.assign(terminal, {
    resize(to: number) {
      size.columns = to;
      for (const listener of listeners) listener();
    },
  });
}

const picture = (...lines: string[]): string =>
  `\x1b[H${lines.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`;

test("draws each picture over the one before, and leaves the last one", async () => {
  const terminal = screenTerminal(20, 5);
  const result = await withLiveScreen(terminal, (screen) => {
    screen.show(() => ["one", "two"]);
    screen.show(() => ["three"]);
    return Promise.resolve("result");
  });
  expect(result).toBe("result");
  expect(terminal.stdout).toBe(`${enter}${picture("one", "two")}${picture("three")}${leave}three\n`);
});

test("without a picture the terminal is as before", async () => {
  const terminal = screenTerminal(20, 5);
  await withLiveScreen(terminal, () => Promise.resolve());
  expect(terminal.stdout).toBe(enter + leave);
});

test("lines are cut to the width, and lines that have no room are counted", async () => {
  const terminal = screenTerminal(6, 4);
  await withLiveScreen(terminal, (screen) => {
    screen.show(() => ["12345678", "2", "3", "4", "5"]);
    return Promise.resolve();
  });
  // The last picture is not bound to the height: it scrolls like any output.
  const shown = picture("123456", "2", "... 3 ");
  expect(terminal.stdout).toBe(`${enter}${shown}${leave}123456\n2\n3\n4\n5\n`);
});

test("as many lines as there is room for are all shown", async () => {
  const terminal = screenTerminal(6, 4);
  await withLiveScreen(terminal, (screen) => {
    screen.show(() => ["1", "2", "3"]);
    return Promise.resolve();
  });
  expect(terminal.stdout).toContain(picture("1", "2", "3"));
});

test("is drawn anew, and for its new width, when the terminal has another size", async () => {
  const terminal = screenTerminal(20, 5);
  await withLiveScreen(terminal, (screen) => {
    terminal.resize(30);
    screen.show(({ columns, rows }) => [`${columns}x${rows}`]);
    terminal.resize(10);
    return Promise.resolve();
  });
  expect(terminal.stdout).toBe(`${enter}${picture("30x5")}${picture("10x5")}${leave}10x5\n`);
  const before = terminal.stdout;
  terminal.resize(40);
  expect(terminal.stdout).toBe(before);
});

test("an error restores the terminal and goes on", async () => {
  const terminal = screenTerminal(20, 5);
  const work = withLiveScreen(terminal, (screen) => {
    screen.show(() => ["one"]);
    return Promise.reject(new Error("broken"));
  });
  await expect(work).rejects.toThrow("broken");
  expect(terminal.stdout.endsWith(`${leave}one\n`)).toBe(true);
});

test("the end of the process restores the terminal, once", async () => {
  const terminal = screenTerminal(20, 5);
  const before = process.listeners("exit");
  let finish = (): void => {};
  const shown = new Promise<LiveScreen>((resolve) => {
    const work = (screen: LiveScreen): Promise<void> => {
      resolve(screen);
      return new Promise((done) => {
        finish = done;
      });
    };
    void withLiveScreen(terminal, work).then(() => {});
  });
  const screen = await shown;
  screen.show(() => ["one"]);
  const added = process.listeners("exit").filter((listener) => !before.includes(listener));
  expect(added).toHaveLength(1);
  for (const listener of added) listener.call(process, 1);
  expect(terminal.stdout.endsWith(`${leave}one\n`)).toBe(true);
  const restored = terminal.stdout;
  finish();
  await Promise.resolve();
  expect(terminal.stdout).toBe(restored);
});

test("leaves no listeners behind", async () => {
  const count = (): number[] => ["SIGTSTP", "SIGCONT", "exit"].map((name) => process.listenerCount(name));
  const before = count();
  await withLiveScreen(screenTerminal(20, 5), () => {
    expect(count()).toEqual(before.map((number) => number + 1));
    return Promise.resolve();
  });
  expect(count()).toEqual(before);
});

test("a terminal that is gone does not hide why the work ended", async () => {
  const terminal = screenTerminal(20, 5);
  let gone = false;
  const write = terminal.out;
  Object.defineProperty(terminal, "out", {
    value: (text: string) => {
      if (gone) throw new KpodError("IO", "cannot write to standard output: EIO");
      write(text);
    },
  });
  const work = withLiveScreen(terminal, () => {
    gone = true;
    return Promise.reject(new Error("hung up"));
  });
  await expect(work).rejects.toThrow("hung up");
});

describe("pictures in place", () => {
  const before = process.env.TERM;
  afterEach(() => {
    if (before === undefined) delete process.env.TERM;
    else process.env.TERM = before;
  });

  test.each([
    [true, "xterm-256color", true],
    [true, "dumb", false],
    [true, "", false],
    [true, undefined, false],
    [false, "xterm", false],
  ])("on a terminal: %s, TERM=%s: %s", (isTTY, term, expected) => {
    if (term === undefined) delete process.env.TERM;
    else process.env.TERM = term;
    expect(canDrawInPlace(bufferTerminal({ isTTY }))).toBe(expected);
  });
});
