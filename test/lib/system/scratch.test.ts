import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../src/lib/errors";
import { readIntoScratch, readSmallText, scratch } from "../../../src/lib/system/scratch";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const directory = testdir({ short: "some bytes", long: "x".repeat(100_000), empty: "", "inner/": null });
beforeAll(() => execFileSync("mkfifo", [join(directory, "fifo")]));

const read = (path: string, length?: number): string =>
  scratch.toString("latin1", 0, readIntoScratch(path, length));

function errnoOfRead(path: string): string | undefined {
  try {
    readIntoScratch(path);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

test("a file is read as far as it goes, or as is asked for", () => {
  expect(read(join(directory, "short"))).toBe("some bytes");
  expect(read(join(directory, "short"), 4)).toBe("some");
  expect(read(join(directory, "empty"))).toBe("");
  expect(readIntoScratch(join(directory, "long"))).toBe(scratch.length);
  expect(read("/proc/self/comm")).toBe(readFileSync("/proc/self/comm", "latin1"));
});

test("a FIFO and what else is no file is refused at once, and of a device no more than asked for is read", () => {
  const error = failureOf(() => readIntoScratch(join(directory, "fifo")));
  return error.then(({ code, message }) => {
    expect([code, message]).toEqual(["CORRUPT", `${join(directory, "fifo")} is a FIFO, not a regular file`]);
    expect(readIntoScratch("/dev/zero", 100)).toBe(100);
    expect(() => readSmallText("/dev/zero", "latin1")).toThrow("/dev/zero is a device, not a regular file");
  });
});

test("what cannot be read gives the error of the operating system, and no descriptor is left", () => {
  const before = readdirSync("/proc/self/fd").length;
  expect(errnoOfRead(join(directory, "nothing"))).toBe("ENOENT");
  expect(errnoOfRead(join(directory, "short/nothing"))).toBe("ENOTDIR");
  expect(errnoOfRead(join(directory, "inner"))).toBe("CORRUPT");
  expect(errnoOfRead(join(directory, "short\0nothing"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(readdirSync("/proc/self/fd")).toHaveLength(before);
});
