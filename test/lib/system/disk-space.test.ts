import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spaceMeter } from "../../../src/lib/system/disk-space";
import { mount, mountFlags, unmount } from "../../../src/lib/system/mount";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

/** What du(1) says. */
function du(...args: string[]): number {
  return Number(execFileSync("du", ["-sB1", ...args], { encoding: "utf8" }).split("\t")[0]);
}

test("agrees with du: blocks and not bytes, directories, holes, names that are no text, links that are not followed", async () => {
  const outside = testdir({ big: "x".repeat(100_000) });
  const files = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, index) => [
      `d${index % 37}/e${index % 5}/f${index}`,
      "x".repeat(index),
    ]),
  );
  const directory = testdir({ ...files, sparse: "", "to-dir": { symlink: outside }, empty: "" });
  truncateSync(join(directory, "sparse"), 5_000_000);
  const odd = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from([0x2f, 0x80])]), "y".repeat(10_000));
  const total = du(directory);
  expect(await spaceMeter().measure(directory)).toEqual({ used: total, freed: total });
  const without = total - du(join(directory, "d0"));
  expect((await spaceMeter().measure(directory, { except: "d0" })).used).toBe(without);
  const beside = ["d1", "d1/nothing"].map((name) => join(directory, name));
  const own = du(testdir());
  expect((await spaceMeter().measure(testdir(), { beside })).used).toBe(2 * own);
  expect((await spaceMeter().measure(join(directory, "not/there"))).used).toBe(0);
});

test("a tree of any depth is measured whole", async () => {
  const directory = testdir();
  let place = directory;
  for (let depth = 0; depth < 150; depth++) place = join(place, "d");
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "f"), "x".repeat(50_000));
  expect((await spaceMeter().measure(directory)).used).toBe(du(directory));
});

test("a directory of more files than a call takes arguments is measured whole", async () => {
  const directory = testdir();
  mount({ source: "tmpfs", target: directory, type: "tmpfs" });
  try {
    execFileSync("sh", ["-c", "seq 130000 | xargs touch"], { cwd: directory });
    expect((await spaceMeter().measure(directory)).used).toBe(du(directory));
  } finally {
    unmount(directory);
  }
});

test("a file with several names is counted once, and is got back with its last name alone", async () => {
  const directory = testdir({ "a/one": "x".repeat(40_000), "b/": null, "c/": null });
  linkSync(join(directory, "a/one"), join(directory, "a/two"));
  linkSync(join(directory, "a/one"), join(directory, "b/three"));
  const empty = du(join(directory, "c"));
  const meter = spaceMeter();
  const [a, b] = [await meter.measure(join(directory, "a")), await meter.measure(join(directory, "b"))];
  expect(a).toEqual({ used: du(join(directory, "a")), freed: empty });
  expect(b).toEqual({ used: empty, freed: empty });
  const total = du(directory);
  expect(await spaceMeter().measure(directory)).toEqual({ used: total, freed: total });
});

test("what is mounted in it is not entered, on the same file system neither", async () => {
  const outside = testdir({ big: "x".repeat(100_000) });
  const directory = testdir({ "deep/bind/": null, "tmpfs/": null, file: "x" });
  const total = du(directory);
  const points = [join(directory, "deep/bind"), join(directory, "tmpfs")] as const;
  try {
    mount({ source: "tmpfs", target: points[1], type: "tmpfs" });
    writeFileSync(join(points[1], "big"), "x".repeat(100_000));
    const { used } = await spaceMeter().measure(directory);
    expect(used).toBe(total - du(outside, "--exclude=big"));
    mount({ source: outside, target: points[0], flags: mountFlags.bind });
    expect((await spaceMeter().measure(directory)).used).toBeLessThan(used + 1);
  } finally {
    points.forEach((target) => unmount(target));
  }
});

test("Ctrl-C ends it", async () => {
  const files = Object.fromEntries(Array.from({ length: 2_100 }, (_, index) => [`f${index}`, ""]));
  const failure = await failureOf(spaceMeter(AbortSignal.abort()).measure(testdir(files)));
  expect(failure.code).toBe("INTERRUPTED");
});
