import { execFileSync } from "node:child_process";
import {
  cpSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { diskUsage } from "../../../src/lib/system/disk-usage";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

test("files count by their length, directories not at all", async () => {
  const directory = testdir({ a: "12345", "deep/er/b": "123", "empty/": null, none: "" });
  expect(await diskUsage(directory)).toBe(8);
});

test("a hole counts as what it reads as", async () => {
  const directory = testdir({ sparse: "" });
  truncateSync(join(directory, "sparse"), 5_000_000);
  expect(await diskUsage(directory)).toBe(5_000_000);
});

test("a file with several links counts once", async () => {
  const directory = testdir({ a: "1234567", "sub/": null });
  linkSync(join(directory, "a"), join(directory, "sub/b"));
  linkSync(join(directory, "a"), join(directory, "c"));
  expect(await diskUsage(directory)).toBe(7);
});

test("symbolic links are not followed", async () => {
  const outside = testdir({ big: "x".repeat(1000) });
  const directory = testdir({ "to-file": { symlink: join(outside, "big") }, "to-dir": { symlink: outside } });
  expect(await diskUsage(directory)).toBe(`${outside}/big`.length + outside.length);
});

test("names that are not text, devices and pipes do not stop it", async () => {
  const directory = testdir({ plain: "12" });
  const odd = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from([0x2f, 0x80])]), "345");
  execFileSync("mkfifo", [join(directory, "pipe")]);
  execFileSync("mknod", [join(directory, "whiteout"), "c", "0", "0"]);
  expect(await diskUsage(directory)).toBe(5);
});

test("agrees with find", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 400 }, (_, index) => [`d${index % 37}/e${index % 5}/f${index}`, "x".repeat(index)]),
  );
  const directory = testdir(files);
  const found = execFileSync("find", [directory, "!", "-type", "d", "-printf", "%s\\n"], {
    encoding: "utf8",
  });
  const total = Object.values(files).reduce((sum, text) => sum + text.length, 0);
  expect(await diskUsage(directory)).toBe(total);
  const sizes = found.trim().split("\n").map(Number);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total);
});

test("survives that files and directories go while it looks", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 600 }, (_, index) => [`d${String(index).padStart(3, "0")}/f`, "x"]),
  );
  const directory = testdir(files);
  const measured = diskUsage(directory);
  rmSync(directory, { recursive: true, force: true });
  const bytes = await measured;
  // What it had seen before its first pause is counted, the rest is gone.
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(600);
});

test("what is the same in the copy beneath is not counted", async () => {
  const base = testdir({ same: "12345", "sub/changed": "123", touched: "1", gone: "12" });
  const directory = testdir();
  cpSync(base, directory, { recursive: true, preserveTimestamps: true });
  // cpSync keeps milliseconds only.
  for (const place of [base, directory]) {
    for (const name of ["same", "sub/changed", "touched", "gone"]) utimesSync(join(place, name), 5, 5);
  }
  expect(await diskUsage(directory, { base })).toBe(0);
  writeFileSync(join(directory, "sub/changed"), "123456");
  lutimesSync(join(directory, "touched"), 6, 6);
  rmSync(join(directory, "gone"));
  writeFileSync(join(directory, "new"), "123456789");
  expect(await diskUsage(directory, { base })).toBe(6 + 1 + 9);
});

test("a directory that is not there is an error", async () => {
  const error = await failureOf(diskUsage("/nonexistent/diff"));
  expect(error.code).toBe("NOT_FOUND");
  expect(error.message).toBe("cannot measure /nonexistent/diff: it does not exist");
});

test("Ctrl-C ends it, with the reason as the cause", async () => {
  const reason = new Error("interrupted by SIGINT");
  const error = await failureOf(diskUsage(testdir({ a: "1" }), { signal: AbortSignal.abort(reason) }));
  expect(error.code).toBe("INTERRUPTED");
  expect(error.cause).toBe(reason);
});
