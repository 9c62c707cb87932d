import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../src/lib/errors";
import { readIntoScratch, scratch } from "../../../src/lib/system/scratch";
import { testdir } from "../../helpers/testdir";

const directory = testdir({ short: "some bytes", long: "x".repeat(100_000), empty: "", "inner/": null });
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

test("what cannot be read gives the error of the operating system, and no descriptor is left", () => {
  const before = readdirSync("/proc/self/fd").length;
  expect(errnoOfRead(join(directory, "nothing"))).toBe("ENOENT");
  expect(errnoOfRead(join(directory, "short/nothing"))).toBe("ENOTDIR");
  expect(errnoOfRead(join(directory, "inner"))).toBe("EISDIR");
  expect(errnoOfRead(join(directory, "short\0nothing"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(readdirSync("/proc/self/fd")).toHaveLength(before);
});
