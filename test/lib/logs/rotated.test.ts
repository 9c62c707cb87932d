import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { readdirSync } from "node:fs";
import { rotatedLogs } from "../../../src/lib/logs/rotated-logs";
import type { ReadLogOptions } from "../../../src/lib/logs/read-log";
import { testdir } from "../../helpers/testdir";
import { readTexts, timeAt, timeText } from "./log-text";

/** A log line for each number, at that second. */
function lines(...seconds: number[]): string {
  return seconds.map((second) => `${timeText(second)} stdout F ${second}\n`).join("");
}

// As the kubelet leaves them: all but the newest of the rotated files are compressed.
const files = {
  "0.log": lines(7, 8),
  "0.log.20260103-000000": lines(5, 6),
  "0.log.20260102-000000.gz": gzipSync(lines(3, 4)),
  "0.log.20260101-000000.gz": gzipSync(lines(1, 2)),
  "1.log.20260101-000000": lines(100),
  "0.log.20260104-000000.gz.tmp": "half",
  "0.log.old": lines(101),
};

const read = (options: ReadLogOptions = {}, tree: Record<string, string | Uint8Array> = files) =>
  readTexts(join(testdir(tree), "0.log"), { rotated: true, ...options });

const numbers = (...wanted: number[]): string[] => wanted.map((number) => `out:${number}`);

test("the files that a log was renamed to, the newest first; while one is compressed, it counts once", () => {
  const directory = testdir({ ...files, "0.log.20260103-000000.gz": "half" });
  expect(rotatedLogs(join(directory, "0.log"))).toEqual([
    { path: join(directory, "0.log.20260103-000000"), gzipped: false },
    { path: join(directory, "0.log.20260102-000000.gz"), gzipped: true },
    { path: join(directory, "0.log.20260101-000000.gz"), gzipped: true },
  ]);
});

test("all lines, the oldest first", async () => {
  expect(await read()).toEqual(numbers(1, 2, 3, 4, 5, 6, 7, 8));
});

test("the log alone where its rotated files are not wanted", async () => {
  expect(await read({ rotated: false })).toEqual(numbers(7, 8));
});

test.each([
  [0, []],
  [2, [7, 8]],
  [3, [6, 7, 8]],
  [4, [5, 6, 7, 8]],
  [5, [4, 5, 6, 7, 8]],
  [7, [2, 3, 4, 5, 6, 7, 8]],
  [50, [1, 2, 3, 4, 5, 6, 7, 8]],
])("tail %d reaches back as far as it must", async (tail, expected) => {
  expect(await read({ tail })).toEqual(numbers(...expected));
});

test.each([
  [{ since: timeAt(8) }, [8]],
  [{ since: timeAt(6) }, [6, 7, 8]],
  [{ since: timeAt(4) }, [4, 5, 6, 7, 8]],
  [{ since: timeAt(3) }, [3, 4, 5, 6, 7, 8]],
  [{ since: timeAt(2), until: timeAt(5) }, [2, 3, 4, 5]],
  [{ until: timeAt(3) }, [1, 2, 3]],
  [{ until: timeAt(6), tail: 3 }, [4, 5, 6]],
  [{ since: timeAt(2), until: timeAt(3), tail: 9 }, [2, 3]],
])("%j", async (options, expected) => {
  expect(await read(options)).toEqual(numbers(...expected));
});

test("each line is judged by its own time in all files, also compressed ones", async () => {
  // The clock was set back in the second oldest, and was far ahead for one line of the oldest.
  const tree = {
    "0.log": lines(7, 8),
    "0.log.20260103-000000": lines(5, 6),
    "0.log.20260102-000000.gz": gzipSync(lines(103, 104, 4)),
    "0.log.20260101-000000.gz": gzipSync(lines(1, 900, 2)),
  };
  expect(await read({ since: timeAt(8) }, tree)).toEqual(numbers(900, 103, 104, 8));
  expect(await read({ until: timeAt(4) }, tree)).toEqual(numbers(1, 2, 4));
  expect(await read({ since: timeAt(4), until: timeAt(103), tail: 5 }, tree)).toEqual(numbers(4, 5, 6, 7, 8));
  expect(await read({ since: timeAt(100), tail: 2 }, tree)).toEqual(numbers(103, 104));
});

test.each(["mkfifo", "mkdir"])(
  "what is no regular file in the place of a rotated one: %s",
  async (program) => {
    const directory = testdir({ "0.log": lines(7) });
    for (const name of ["0.log.20260102-000000", "0.log.20260101-000000.gz"]) {
      execFileSync(program, [join(directory, name)]);
    }
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const path = join(directory, "0.log");
    expect(await readTexts(path, { rotated: true, since: timeAt(1), warn })).toEqual(numbers(7));
    expect(warnings).toEqual(Array(2).fill(expect.stringMatching(/ is not a regular file$/)));
  },
);

test("lines in pieces are joined over the border of two files, and counted in compressed ones", async () => {
  const line = (second: number, rest: string): string => `${timeText(second)} ${rest}\n`;
  const tree = {
    "0.log": line(6, "stdout F end"),
    "0.log.20260102-000000": line(5, "stdout P begin "),
    "0.log.20260101-000000.gz": gzipSync(
      line(1, "stdout P a") + line(2, "stderr F x") + line(3, "stdout F b") + line(4, "stdout F c"),
    ),
  };
  expect(await read({}, tree)).toEqual(["err:x", "out:ab", "out:c", "out:begin end"]);
  expect(await read({ stream: "stdout", tail: 4 }, tree)).toEqual(["out:ab", "out:c", "out:begin end"]);
});

test("a long compressed file goes through in pieces that fit", async () => {
  const packed = gzipSync(`${timeText(1)} stdout F ${"x".repeat(700_000)}\n${lines(2)}`);
  const texts = await read({}, { "0.log": lines(3), "0.log.20260101-000000.gz": packed });
  expect(texts.join("").replaceAll(/~|out:/g, "")).toBe(`${"x".repeat(700_000)}23`);
});

test("a compressed file that is damaged is told of, and keeps nothing else back", async () => {
  const warnings: string[] = [];
  const directory = testdir({ ...files, "0.log.20260102-000000.gz": "no gzip" });
  const path = join(directory, "0.log");
  const warn = (message: string): void => void warnings.push(message);
  expect(await readTexts(path, { rotated: true, warn })).toEqual(numbers(1, 2, 5, 6, 7, 8));
  expect(warnings).toEqual([
    expect.stringMatching(/^the rotated log .*\/0\.log\.20260102-000000\.gz is not what gzip makes: /),
  ]);
});

test("a log that is followed begins with its rotated files", async () => {
  expect(await read({ ended: Promise.resolve(), tail: 3 })).toEqual(numbers(6, 7, 8));
});

test("nothing is written beside them", async () => {
  const directory = testdir(files);
  await readTexts(join(directory, "0.log"), { rotated: true, tail: 7 });
  expect(readdirSync(directory).sort()).toEqual(Object.keys(files).sort());
});
