import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";
import { logText, readTexts, timeAt, timeText, writeLog } from "./log-text";

const read = (lines: readonly string[], options = {}): Promise<string[]> =>
  readTexts(writeLog(logText(lines)), options);

describe("all lines", () => {
  test.each([
    ["of both streams in their order", ["out F a", "err F b", "out F c"], ["out:a", "err:b", "out:c"]],
    ["pieces are joined", ["out P a", "out P b", "out F c", "out F d"], ["out:abc", "out:d"]],
    [
      "with the other stream between them",
      ["out P a", "err P x", "out F b", "err F y"],
      ["out:ab", "err:xy"],
    ],
    ["an empty F ends a line", ["out P a", "out F "], ["out:a"]],
    ["a line that has not been ended", ["out F a", "err P b", "out F c"], ["out:a", "out:c", "err:b~"]],
    ["lines in no format", ["oops", "out P a", "ouch", "out F b"], ["out:oops", "out:ouch", "out:ab"]],
    ["of CRI-O 1.0", ["out F a", "out P b", "out c", "err "], ["out:F a", "out:P b", "out:c", "err:"]],
    ["of an empty log", [], []],
  ])("%s", async (_, lines, expected) => {
    expect(await read(lines)).toEqual(expected);
  });

  test("bytes that are no UTF-8 and control characters stay as they are", async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x1b, 0x5b, 0x0d, 0xc3]);
    const path = writeLog(Buffer.concat([Buffer.from(`${timeText(0)} stdout F `), bytes, Buffer.from("\n")]));
    expect(await readTexts(path)).toEqual([`out:${bytes.toString("latin1")}`]);
  });

  test("a last line without its end", async () => {
    expect(await readTexts(writeLog(`${timeText(0)} stdout F a\n${timeText(1)} stdout F b`))).toEqual([
      "out:a",
      "out:b",
    ]);
  });

  test("a line of more than can be held comes in pieces, and its time once", async () => {
    const chunk = "x".repeat(8192);
    const lines = [...Array<string>(300).fill(`out P ${chunk}`), "out F end"];
    const texts = await read(lines);
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.every((text) => text.length <= 1024 * 1024 + 8)).toBe(true);
    expect(texts.map((text) => text.replace(/^~?out:|~$/g, "")).join("")).toBe(`${chunk.repeat(300)}end`);
    expect(texts.map((text) => [text.startsWith("~"), text.endsWith("~")])).toEqual(
      texts.map((_, index) => [index > 0, index < texts.length - 1]),
    );
  });

  test.each([
    ["in the format", `${timeText(0)} stderr F `, "err"],
    ["in no format", "", "out"],
  ])("a log line longer than a block, %s", async (_, head, stream) => {
    const text = "abcdefg".repeat(100_000);
    const texts = await readTexts(writeLog(`${head}${text}\n${timeText(1)} stdout F next\n`));
    expect(texts.pop()).toBe("out:next");
    expect(texts.every((piece) => piece.includes(`${stream}:`))).toBe(true);
    expect(texts.map((piece) => piece.replace(/^~?\w+:|~$/g, "")).join("")).toBe(text);
  });
});

describe("tail", () => {
  const lines = ["out F a", "err F b", "out P c", "err P x", "out F d", "oops", "err F y", "out P open"];

  test.each([
    [0, []],
    [1, ["out:open~"]],
    [2, ["err:xy", "out:open~"]],
    [3, ["out:oops", "err:xy", "out:open~"]],
    [4, ["out:cd", "out:oops", "err:xy", "out:open~"]],
    [6, ["out:a", "err:b", "out:cd", "out:oops", "err:xy", "out:open~"]],
    [100, ["out:a", "err:b", "out:cd", "out:oops", "err:xy", "out:open~"]],
  ])("%d", async (tail, expected) => {
    expect(await read(lines, { tail })).toEqual(expected);
  });

  test.each([
    ["stdout", 2, ["out:oops", "out:open~"]],
    ["stderr", 1, ["err:xy"]],
    ["stderr", 2, ["err:b", "err:xy"]],
  ])("counts the lines of %s alone: %d", async (stream, tail, expected) => {
    expect(await read(lines, { tail, stream })).toEqual(expected);
  });

  test("counts lines of CRI-O 1.0 as they are", async () => {
    expect(await read(["out hello", "out P a", "out F b"], { tail: 2 })).toEqual(["out:P a", "out:F b"]);
  });

  test("joins a line whose pieces are many blocks long", async () => {
    const chunk = "y".repeat(8192);
    const lines = ["out F before", ...Array<string>(100).fill(`out P ${chunk}`), "out F end"];
    expect(await read(lines, { tail: 1 })).toEqual([`out:${chunk.repeat(100)}end`]);
  });
});

describe("since and until", () => {
  const lines = ["out F 0", "out F 1", "oops", "err P 3", "out F 4", "err F 5", "out F 6"];

  test.each([
    [-5, ["out:0", "out:1", "out:oops", "out:4", "err:35", "out:6"]],
    [1, ["out:1", "out:oops", "out:4", "err:35", "out:6"]],
    [2, ["out:4", "err:35", "out:6"]],
    [3, ["out:4", "err:35", "out:6"]],
    // The line of stderr began before.
    [4, ["out:4", "out:6"]],
    [6, ["out:6"]],
    [7, []],
  ])("since second %d", async (second, expected) => {
    expect(await read(lines, { since: timeAt(second) })).toEqual(expected);
  });

  test.each([
    [-1, []],
    [0, ["out:0"]],
    // A line without a time belongs to the one before it.
    [1, ["out:0", "out:1", "out:oops"]],
    // A line that has begun is read to its end.
    [3, ["out:0", "out:1", "out:oops", "err:35"]],
    [4, ["out:0", "out:1", "out:oops", "out:4", "err:35"]],
    [9, ["out:0", "out:1", "out:oops", "out:4", "err:35", "out:6"]],
  ])("until second %d", async (second, expected) => {
    expect(await read(lines, { until: timeAt(second) })).toEqual(expected);
  });

  test("nanoseconds count", async () => {
    const text = ["1", "2", "3"].map(
      (digit) => `2026-11-23T10:00:00.00000000${digit}+00:00 stdout F ${digit}\n`,
    );
    const path = writeLog(text.join(""));
    const since = timeAt(0) + 2n;
    expect(await readTexts(path, { since })).toEqual(["out:2", "out:3"]);
    expect(await readTexts(path, { since, until: since })).toEqual(["out:2"]);
  });

  test("other time zones count", async () => {
    const path = writeLog(
      "2026-11-23T12:00:00.000000000+02:00 stdout F a\n2026-11-23T05:00:01.000000000-05:00 stdout F b\n",
    );
    expect(await readTexts(path, { since: timeAt(1) })).toEqual(["out:b"]);
  });

  test("times are compared over time zones, whatever their form", async () => {
    const lines = [
      "2026-11-23T12:00:00.000000000+02:00 stdout F a",
      "2026-11-23T10:00:00.000000001+00:00 stdout F b",
      "2026-11-23T04:30:00.000000000-05:30 stdout F c",
      "2026-11-23T10:00:00Z stdout F d",
      "2026-11-23T10:00:00.5Z stdout F e",
      "2026-11-23T23:59:59.999999999+14:00 stdout F f",
    ];
    const path = writeLog(`${lines.join("\n")}\n`);
    expect(await readTexts(path, { since: timeAt(0) })).toEqual([
      "out:a",
      "out:b",
      "out:c",
      "out:d",
      "out:e",
    ]);
    expect(await readTexts(path, { until: timeAt(0) })).toEqual(["out:a", "out:c", "out:d", "out:f"]);
    expect(await readTexts(path, { since: -(10n ** 30n), until: 10n ** 30n })).toHaveLength(6);
  });

  test("a time is found wherever its line begins in what is read at once", async () => {
    const path = writeLog("");
    for (let length = 32_600; length < 32_800; length++) {
      const garbage = "x".repeat(length);
      writeFileSync(path, `${timeText(0)} stdout F a\n${garbage}\n${timeText(1)} stdout F b\n`);
      const texts = await readTexts(path, { since: timeAt(1) });
      expect({ length, texts }).toEqual({ length, texts: ["out:b"] });
    }
  });

  describe("each line is judged by its own time", () => {
    // Ten lines from second 7200 on, then the clock was set back by two hours.
    const seconds = [...Array.from({ length: 10 }, (_, index) => 7200 + index), 0, 1, 2, 3600];
    const timed = (...of: number[]): string =>
      of.map((second) => `${timeText(second)} stdout F ${second}\n`).join("");
    const texts = (...of: number[]): string[] => of.map((second) => `out:${second}`);

    test.each([
      [{ since: timeAt(7205) }, [7205, 7206, 7207, 7208, 7209]],
      [{ since: timeAt(2), until: timeAt(7201) }, [7200, 7201, 2, 3600]],
      [{ until: timeAt(1) }, [0, 1]],
      [{ since: timeAt(7208), tail: 1 }, [7209]],
      [{ since: timeAt(3), tail: 3 }, [7208, 7209, 3600]],
      [{ since: timeAt(7210) }, []],
    ])("a clock that was set back: %j", async (options, expected) => {
      expect(await readTexts(writeLog(timed(...seconds)), options)).toEqual(texts(...expected));
    });

    test("a single line far ahead", async () => {
      const path = writeLog(timed(1, 2, 9_999_999, 3, 4));
      expect(await readTexts(path, { since: timeAt(3) })).toEqual(texts(9_999_999, 3, 4));
      expect(await readTexts(path, { until: timeAt(3) })).toEqual(texts(1, 2, 3));
      expect(await readTexts(path, { since: timeAt(2), until: timeAt(4), tail: 2 })).toEqual(texts(3, 4));
    });

    test("a line in pieces by its first one, one without a time by the line before it", async () => {
      const line = (second: number, text: string): string => `${timeText(second)} stdout ${text}\n`;
      const path = writeLog(
        `${line(9, "P in ")}${line(1, "F time")}here\n${line(1, "P too ")}${line(9, "F early")}there\n`,
      );
      // "here" stands behind a piece of second 1, "there" behind one of second 9.
      expect(await readTexts(path, { since: timeAt(5) })).toEqual(["out:in time", "out:there"]);
    });
  });

  test("with tail: the last of them", async () => {
    expect(await read(lines, { since: timeAt(1), until: timeAt(5), tail: 2 })).toEqual(["out:4", "err:35"]);
  });

  test("a log without any time is read whole", async () => {
    expect(await read(["a", "b"], { since: timeAt(5), until: timeAt(6) })).toEqual(["out:a", "out:b"]);
  });
});

describe("a log that was truncated while conmon wrote to it begins with zeros", () => {
  const lines = ["out F 0", "err P 1", "err F 2", "out F 3"];

  test.each([1, 100, 70_000, 262_144, 600_000, 1024 ** 3])("%d of them", async (zeros) => {
    const path = writeLog("");
    truncateSync(path, zeros);
    appendFileSync(path, logText(lines));
    expect(await readTexts(path)).toEqual(["out:0", "err:12", "out:3"]);
    expect(await readTexts(path, { tail: 2 })).toEqual(["err:12", "out:3"]);
    expect(await readTexts(path, { tail: 9 })).toEqual(["out:0", "err:12", "out:3"]);
    expect(await readTexts(path, { since: timeAt(0) })).toEqual(["out:0", "err:12", "out:3"]);
    expect(await readTexts(path, { since: timeAt(2) })).toEqual(["out:3"]);
    expect(await readTexts(path, { until: timeAt(0) })).toEqual(["out:0"]);
  });
});

describe("a log that cannot be read", () => {
  const fail = (path: string) => failureOf(readTexts(path));

  test("is missing", async () => {
    const path = join(testdir(), "0.log");
    expect(await fail(path)).toMatchObject({
      code: "NOT_FOUND",
      message: `cannot open the log ${path}: no such file or directory`,
    });
  });

  test("is a directory", async () => {
    const path = join(testdir(), "0.log");
    mkdirSync(path);
    expect(await fail(path)).toMatchObject({
      code: "CORRUPT",
      message: `the log ${path} is not a regular file`,
    });
  });

  test("is a device", async () => {
    const path = join(testdir(), "0.log");
    symlinkSync("/dev/zero", path);
    expect(await fail(path)).toMatchObject({ code: "CORRUPT" });
  });

  test("is a socket", async () => {
    const path = join(testdir(), "0.log");
    const server = createServer().listen(path);
    await once(server, "listening");
    expect(await fail(path)).toMatchObject({ code: "CORRUPT" });
    server.close();
  });

  test("is a pipe that nobody writes to", async () => {
    const path = join(testdir(), "0.log");
    execFileSync("mkfifo", [path]);
    expect(await fail(path)).toMatchObject({ code: "CORRUPT" });
  });
});

test("an aborted signal ends the reading", async () => {
  const path = writeLog(logText(["out F a"]));
  truncateSync(path, 64 * 1024 * 1024);
  const controller = new AbortController();
  controller.abort();
  expect(await failureOf(readTexts(path, { signal: controller.signal }))).toMatchObject({
    code: "INTERRUPTED",
  });
});

describe("a hole that would take for ever to be read", () => {
  const tebibyte = 1024 ** 4;

  /** A log with a hole between two texts. */
  function holed(before: string, after: string, size = tebibyte): string {
    const path = writeLog(before);
    truncateSync(path, size);
    appendFileSync(path, after);
    return path;
  }

  const after = logText(["out F 0", "err P 1", "err F 2", "out F 3"]);

  test("at the begin, in every mode", async () => {
    const path = holed("", after);
    expect(await readTexts(path)).toEqual(["out:0", "err:12", "out:3"]);
    expect(await readTexts(path, { tail: 1 })).toEqual(["out:3"]);
    expect(await readTexts(path, { tail: 9 })).toEqual(["out:0", "err:12", "out:3"]);
    expect(await readTexts(path, { since: timeAt(1) })).toEqual(["err:12", "out:3"]);
    expect(await readTexts(path, { until: timeAt(0), tail: 1 })).toEqual(["out:0"]);
    expect(await readTexts(path, { ended: Promise.resolve() })).toEqual(["out:0", "err:12", "out:3"]);
  });

  test.each([
    ["behind a line", "", []],
    ["inside of a line, which ends there", `${timeText(0)} stderr F half`, ["err:half"]],
  ])("in the middle: %s", async (_, torn, half) => {
    const path = holed(logText(["out F a", "out F b"]) + torn, after);
    const rest = [...half, "out:0", "err:12", "out:3"];
    expect(await readTexts(path)).toEqual(["out:a", "out:b", ...rest]);
    expect(await readTexts(path, { ended: Promise.resolve() })).toEqual(["out:a", "out:b", ...rest]);
    for (let tail = 1; tail <= rest.length + 3; tail++) {
      const texts = await readTexts(path, { tail });
      expect({ tail, texts }).toEqual({ tail, texts: ["out:a", "out:b", ...rest].slice(-tail) });
    }
  });

  test("at the end, and nothing else", async () => {
    const path = holed(logText(["out F a", "out F b"]), "");
    expect(await readTexts(path)).toEqual(["out:a", "out:b"]);
    expect(await readTexts(path, { tail: 1 })).toEqual(["out:b"]);
    expect(await readTexts(path, { since: timeAt(1) })).toEqual(["out:b"]);
    const empty = holed("", "");
    expect(await readTexts(empty)).toEqual([]);
    expect(await readTexts(empty, { tail: 3, since: timeAt(0) })).toEqual([]);
  });

  test("many of them", async () => {
    let path = "";
    for (let index = 1; index <= 5; index++) {
      path = index === 1 ? holed("", "") : path;
      truncateSync(path, index * tebibyte);
      appendFileSync(path, `${timeText(index)} stdout F ${index}\n`);
    }
    expect(await readTexts(path, { tail: 4 })).toEqual(["out:2", "out:3", "out:4", "out:5"]);
    expect(await readTexts(path, { since: timeAt(2), tail: 3 })).toEqual(["out:3", "out:4", "out:5"]);
    expect(await readTexts(path)).toEqual(["out:1", "out:2", "out:3", "out:4", "out:5"]);
  });

  test("zeros that the file system keeps are no lines either", async () => {
    const zeros = "\0".repeat(1024 * 1024);
    const path = writeLog(logText(["out F a"]) + zeros + logText(["out F b", "out F c"]) + zeros);
    expect(await readTexts(path)).toEqual(["out:a", "out:b", "out:c"]);
    expect(await readTexts(path, { tail: 2 })).toEqual(["out:b", "out:c"]);
    expect(await readTexts(path, { since: timeAt(1), tail: 2 })).toEqual(["out:c"]);
  });
});

describe("a signal ends every long loop", () => {
  const lines = `${timeText(0)} stdout P ${"x".repeat(8192)}\n`.repeat(4096);

  test.each([
    ["from the end, a line of many pieces", lines, { tail: 1 }],
    ["from the end, a line of many bytes", "x".repeat(32 * 1024 * 1024), { tail: 1 }],
    ["from the end, zeros", `a\n${"\0".repeat(32 * 1024 * 1024)}`, { tail: 1 }],
    ["zeros at the begin", `${"\0".repeat(32 * 1024 * 1024)}a\n`, { tail: 1 }],
    ["counting lines of a time", lines, { since: timeAt(0), tail: 1 }],
    ["leaving out early lines", lines, { since: timeAt(1) }],
  ])("%s", async (_, text, options) => {
    const controller = new AbortController();
    // Heard only where the loop gives way.
    setImmediate(() => {
      controller.abort();
    });
    const reading = readTexts(writeLog(text), { ...options, signal: controller.signal });
    expect(await failureOf(reading)).toMatchObject({ code: "INTERRUPTED" });
  });
});

test("only the blocks that are wanted are read", async () => {
  // A log with a hole of 8 GiB in it, which would take long to be read.
  const path = writeLog(logText(["out F first"]));
  const size = 8 * 1024 ** 3;
  truncateSync(path, size);
  appendFileSync(path, `\n${timeText(7)} stdout F last\n`);
  expect(await readTexts(path, { tail: 1 })).toEqual(["out:last"]);
});
