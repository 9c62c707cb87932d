import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { followBlocks } from "../../../src/lib/logs/follow";
import { closeLogFile, openLogFile } from "../../../src/lib/logs/log-file";
import { forEachLogLine, type ReadLogOptions } from "../../../src/lib/logs/read-log";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";
import { timeAt, timeText } from "./log-text";

interface Following {
  path: string;
  /** What has come so far. */
  texts: string[];
  /** Adds lines to a file, by default the log. */
  write: (lines: readonly string[], file?: string) => void;
  /** Waits until so many texts have come. */
  come: (count: number) => Promise<void>;
  /** Says that nothing more will be written. */
  end: () => void;
  /** Resolves when the reading has ended. */
  done: Promise<void>;
}

function lineText(text: string, second = 0, tag = "F"): string {
  return `${timeText(second)} stdout ${tag} ${text}\n`;
}

function follow(options: ReadLogOptions = {}, path = join(testdir({ "0.log": lineText("first") }), "0.log")) {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const texts: string[] = [];
  const done = forEachLogLine(path, { ended, ...options }, ({ continued, partial, text }) => {
    texts.push(`${continued ? "~" : ""}${text.toString()}${partial ? "~" : ""}`);
  });
  const following: Following = {
    path,
    texts,
    write: (lines, file = path) => {
      appendFileSync(file, lines.map((text) => lineText(text)).join(""));
    },
    come: (count) => until(`${count} lines have come`, () => texts.length >= count),
    end,
    done,
  };
  return following;
}

/** The files of a directory that this process has open. */
function openFiles(directory: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) ? [target] : [];
    } catch {
      // The descriptor by which the directory itself was read.
      return [];
    }
  });
}

test("lines come as they are written, and all that stand there at the end", async () => {
  const { path, texts, write, come, end, done } = follow();
  await come(1);
  write(["second"]);
  await come(2);
  write(["third", "fourth"]);
  end();
  await done;
  expect(texts).toEqual(["first", "second", "third", "fourth"]);
  expect(openFiles(dirname(path))).toEqual([]);
});

test("a log of a container that has ended is read out, and the reading ends", async () => {
  const { texts, done } = follow({ ended: Promise.resolve() });
  await done;
  expect(texts).toEqual(["first"]);
});

test("an empty log is waited for", async () => {
  const path = join(testdir({ "0.log": "" }), "0.log");
  const { texts, write, come, end, done } = follow({}, path);
  write(["first"]);
  await come(1);
  end();
  await done;
  expect(texts).toEqual(["first"]);
});

test("a line that is written in parts is one line", async () => {
  const { path, texts, write, come, end, done } = follow();
  await come(1);
  const line = lineText("second");
  appendFileSync(path, line.slice(0, 20));
  appendFileSync(path, line.slice(20));
  write(["third"]);
  await come(3);
  end();
  await done;
  expect(texts).toEqual(["first", "second", "third"]);
});

describe("rotation", () => {
  test("renamed: what is still written to it comes before what the new file holds", async () => {
    const { path, texts, write, come, end, done } = follow();
    await come(1);
    renameSync(path, `${path}.20260101-000000`);
    write(["to the old one"], `${path}.20260101-000000`);
    await come(2);
    writeFileSync(path, "");
    write(["also to the old one"], `${path}.20260101-000000`);
    await come(3);
    write(["to the new one"]);
    await come(4);
    write(["again"]);
    await come(5);
    end();
    await done;
    expect(texts.slice(1)).toEqual(["to the old one", "also to the old one", "to the new one", "again"]);
    expect(openFiles(dirname(path))).toEqual([]);
  });

  test("several times at once", async () => {
    const { path, texts, write, come, end, done } = follow();
    await come(1);
    for (const text of ["second", "third", "fourth"]) {
      renameSync(path, `${path}.before-${text}`);
      write([text]);
      await come(texts.length + 1);
    }
    end();
    await done;
    expect(texts).toEqual(["first", "second", "third", "fourth"]);
  });

  test("replaced by another file", async () => {
    const { path, texts, come, end, done } = follow();
    await come(1);
    writeFileSync(`${path}.tmp`, lineText("second"));
    renameSync(`${path}.tmp`, path);
    await come(2);
    end();
    await done;
    expect(texts).toEqual(["first", "second"]);
  });

  test("replaced just before the end", async () => {
    const { path, texts, write, come, end, done } = follow();
    await come(1);
    write(["second"]);
    renameSync(path, `${path}.1`);
    write(["third"]);
    end();
    await done;
    expect(texts).toEqual(["first", "second", "third"]);
  });

  test("truncated", async () => {
    const { path, texts, write, come, end, done } = follow();
    await come(1);
    truncateSync(path, 0);
    write(["2"]);
    await come(2);
    end();
    await done;
    expect(texts).toEqual(["first", "2"]);
  });

  test("truncated, and written to again until it is as long as before, or longer", async () => {
    const { path, texts, come, end, done } = follow();
    await come(1);
    for (const lines of [["2ndli"], ["third", "4"], ["fifth", "6", "7"]]) {
      const count = texts.length;
      // Within one turn: the reader looks at it only when all is there.
      writeFileSync(path, lines.map((text) => lineText(text, count)).join(""));
      await come(count + lines.length);
    }
    end();
    await done;
    expect(texts).toEqual(["first", "2ndli", "third", "4", "fifth", "6", "7"]);
  });

  test.each([false, true])(
    "renamed several times before it is looked at again, compressed: %p",
    async (packed) => {
      const { path, texts, write, come, end, done } = follow();
      await come(1);
      const rotate = (second: number): void => {
        // As the kubelet does: it compresses all but the newest.
        const last = `${path}.20260101-00000${second - 1}`;
        if (packed && existsSync(last)) {
          writeFileSync(`${last}.gz`, gzipSync(readFileSync(last)));
          rmSync(last);
        }
        renameSync(path, `${path}.20260101-00000${second}`);
      };
      write(["second"]);
      rotate(1);
      write(["third"]);
      await come(3);
      // Within one turn: the reader looks at it only when all is there.
      for (const second of [2, 3, 4]) {
        write([`end ${second}`]);
        rotate(second);
        write([`begin ${second + 1}`]);
      }
      await come(9);
      end();
      await done;
      expect(texts.slice(3)).toEqual(["end 2", "begin 3", "end 3", "begin 4", "end 4", "begin 5"]);
      expect(openFiles(dirname(path))).toEqual([]);
    },
  );

  test("truncated, and conmon goes on where it was, behind nothing but zeros", async () => {
    const { path, texts, come, end, done } = follow();
    await come(1);
    truncateSync(path, 0);
    const writer = openSync(path, "r+");
    writeSync(writer, lineText("second"), 300_000);
    await come(2);
    writeSync(writer, lineText("third"), 300_000 + lineText("second").length);
    closeSync(writer);
    await come(3);
    end();
    await done;
    expect(texts).toEqual(["first", "second", "third"]);
  });

  test("a line that was cut off stands for itself", async () => {
    const { path, texts, write, come, end, done } = follow();
    await come(1);
    appendFileSync(path, lineText("cut off").slice(0, -2));
    renameSync(path, `${path}.1`);
    write(["next"]);
    await come(3);
    end();
    await done;
    expect(texts).toEqual(["first", "cut of", "next"]);
  });

  test("removed together with its directory", async () => {
    const directory = join(testdir({ "web/0.log": lineText("first") }), "web");
    const { texts, come, end, done } = follow({}, join(directory, "0.log"));
    await come(1);
    rmSync(directory, { recursive: true });
    end();
    await done;
    expect(texts).toEqual(["first"]);
  });
});

test("a log behind a symbolic link", async () => {
  const directory = testdir({ "elsewhere/real.log": lineText("first"), "logs/": null });
  const path = join(directory, "logs/0.log");
  symlinkSync("../elsewhere/real.log", path);
  const { texts, write, come, end, done } = follow({}, path);
  await come(1);
  write(["second"], join(directory, "elsewhere/real.log"));
  await come(2);
  end();
  await done;
  expect(texts).toEqual(["first", "second"]);
});

describe("a line that is not ended", () => {
  test("is held until it is", async () => {
    const { path, texts, come, end, done } = follow();
    await come(1);
    appendFileSync(path, lineText("name? ", 1, "P"));
    writeFileSync(join(dirname(path), "other"), "");
    appendFileSync(path, lineText("Ada", 1, "F"));
    await come(2);
    end();
    await done;
    expect(texts).toEqual(["first", "name? Ada"]);
  });

  test("comes at once where that is wanted", async () => {
    const { path, texts, come, end, done } = follow({ unfinished: true });
    await come(1);
    appendFileSync(path, lineText("name? ", 1, "P"));
    await come(2);
    appendFileSync(path, lineText("Ada", 1, "F"));
    await come(3);
    appendFileSync(path, lineText("bye", 1, "P"));
    await come(4);
    end();
    await done;
    expect(texts).toEqual(["first", "name? ~", "~Ada", "bye~"]);
  });
});

describe("with a selection", () => {
  test("tail counts what is there, the rest comes after", async () => {
    const { texts, write, come, end, done } = follow({ tail: 0 });
    write(["second"]);
    await come(1);
    end();
    await done;
    expect(texts).toEqual(["second"]);
  });

  test("since: also of what is written later", async () => {
    const { path, texts, come, end, done } = follow({ since: timeAt(5) });
    appendFileSync(path, lineText("early", 3) + lineText("begun early", 4, "P") + "oops\n");
    appendFileSync(path, lineText(" and ended late", 6) + lineText("late", 6) + lineText("back", 2));
    appendFileSync(path, "ouch\n" + lineText("late again", 7));
    await come(2);
    end();
    await done;
    expect(texts).toEqual(["late", "late again"]);
  });

  test("until: later lines are left out, one that has begun is read to its end", async () => {
    const { path, texts, come, end, done } = follow({ until: BigInt(Date.UTC(9999, 11, 31)) * 1_000_000n });
    await come(1);
    appendFileSync(path, lineText("in time", 5) + lineText("be", 6, "P"));
    const later = "9999-12-31T23:59:59.000000000+00:00";
    appendFileSync(path, `${later} stderr F no\n${later} stdout F gun\n${later} stdout F late\n`);
    await come(3);
    // The clock was far ahead for a moment.
    appendFileSync(path, lineText("in time again", 7));
    await come(4);
    end();
    await done;
    expect(texts).toEqual(["first", "in time", "begun", "in time again"]);
  });

  test("until: its time ends the reading", async () => {
    const soon = BigInt(Date.now() + 50) * 1_000_000n;
    const { texts, done } = follow({ until: soon });
    await done;
    expect(texts).toEqual(["first"]);
  });

  test("until: where later lines are there, nothing is waited for", async () => {
    const directory = testdir({ "0.log": lineText("a", 1) + lineText("b", 2) });
    const { texts, done } = follow({ until: timeAt(1) }, join(directory, "0.log"));
    await done;
    expect(texts).toEqual(["a"]);
  });
});

test("an aborted signal ends the wait", async () => {
  const controller = new AbortController();
  const { path, come, done } = follow({ signal: controller.signal });
  await come(1);
  controller.abort(new Error("Ctrl-C"));
  expect(await failureOf(done)).toMatchObject({ code: "INTERRUPTED", cause: new Error("Ctrl-C") });
  expect(openFiles(dirname(path))).toEqual([]);
});

test("who leaves at the rest of a log that was rotated leaves no file open", async () => {
  const path = join(testdir({ "0.log": lineText("first") }), "0.log");
  const rotate = (second: number, text: string): void => {
    renameSync(path, `${path}.20260101-00000${second}`);
    writeFileSync(path, text);
  };
  const first = openLogFile(path);
  try {
    const blocks = followBlocks(first, 0, { ended: new Promise(() => {}) });
    const next = async (): Promise<string | undefined> => {
      for (;;) {
        const { value, done } = await blocks.next();
        if (done === true) return undefined;
        if (value !== undefined) return value.toString();
      }
    };
    expect(await next()).toBe(lineText("first"));
    // The one that the caller has opened is the caller's: it is the second of which one is left in the midst.
    rotate(1, `${lineText("second")}no end`);
    expect(await next()).toBe(lineText("second"));
    rotate(2, lineText("third"));
    expect(await next()).toBe("no end\n");
    await blocks.return();
    expect(openFiles(dirname(path))).toEqual([`${path}.20260101-000001`]);
  } finally {
    closeLogFile(first);
  }
});

test("a log that cannot be read is not left open", async () => {
  // A regular file of this process, at whose beginning is no memory.
  const unreadable = forEachLogLine("/proc/self/mem", {}, () => {});
  expect(await failureOf(unreadable)).toMatchObject({ code: "IO" });
  expect(openFiles("/proc/").filter((path) => path.endsWith("/mem"))).toEqual([]);
});

test("what goes wrong with the end is told", async () => {
  const stop = new AbortController();
  const ended = once(new EventTarget(), "never", { signal: stop.signal });
  const { come, done } = follow({ ended });
  await come(1);
  stop.abort();
  await expect(done).rejects.toThrow("The operation was aborted");
});

test("a missing log is an error at once", async () => {
  const path = join(testdir(), "0.log");
  mkdirSync(join(dirname(path), "other"));
  expect(await failureOf(follow({}, path).done)).toMatchObject({ code: "NOT_FOUND" });
});
