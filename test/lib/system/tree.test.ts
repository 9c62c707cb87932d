import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, KpodError } from "../../../src/lib/errors";
import { diskUsage } from "../../../src/lib/system/disk-usage";
import { mount, mountFlags, unmount } from "../../../src/lib/system/mount";
import { removeLargeTree, removeTree } from "../../../src/lib/system/remove-tree";
import { walkTree } from "../../../src/lib/system/tree";
import { failureOf } from "../../helpers/failure";
import { finish, startProcess } from "../../helpers/process";
import { testdir, type Tree } from "../../helpers/testdir";

/** A process that swaps the directories in one directory for links to another, again and again. */
interface Swapper {
  /** Ends it, and waits until nothing changes any more. */
  end(): Promise<void>;
}

/** Starts a {@link Swapper}; it is at work when this returns. */
async function startSwapper(directory: string, outside: string): Promise<Swapper> {
  const child = startProcess(process.execPath, [
    join(__dirname, "../../helpers/swap-process.cjs"),
    directory,
    outside,
  ]);
  const [word] = (await once(child.stdout, "data")) as [Buffer];
  if (word.toString() !== "ready\n") throw new Error(`the swapper said ${word.toString()}`);
  return {
    end: async () => {
      const { exitCode, stderr } = await finish(child, "the swapper");
      if (exitCode !== 0) throw new Error(`the swapper failed: ${stderr}`);
    },
  };
}

/** Makes directories in one another, more than a path can name, with a file in the lowest. */
function makeDeep(directory: string, depth: number, name: string): void {
  const script = `const fs = require("node:fs"); const [directory, depth, name] = process.argv.slice(1);
    process.chdir(directory);
    for (let i = 0; i < Number(depth); i++) { fs.mkdirSync(name); process.chdir(name); }
    fs.writeFileSync("file", "12345");`;
  execFileSync(process.execPath, ["-e", script, directory, String(depth), name]);
}

/** So many directories with so many files each. */
function directories(count: number, files: number): Tree {
  const entries = Array.from({ length: count * files }, (_, index) => [
    `tree/d${index % count}/f${Math.floor(index / count)}`,
    "1",
  ]);
  return Object.fromEntries(entries) as Tree;
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

describe.each([
  ["40 names of 200 letters", 40, "n".repeat(200)],
  ["1,500 directories in one another", 1_500, "d"],
])("%s", (_, depth, name) => {
  test("are measured and removed, and no descriptor stays open", async () => {
    const directory = testdir({ "tree/file": "123" });
    makeDeep(join(directory, "tree"), depth, name);
    const before = descriptors();
    expect(await diskUsage(join(directory, "tree"))).toBe(8);
    if (depth < 100) {
      const base = join(directory, "tree");
      expect(await diskUsage(join(directory, "tree"), { base })).toBe(0);
    }
    removeTree(join(directory, "tree"));
    expect(readdirSync(directory)).toEqual([]);
    expect(descriptors()).toBe(before);
  });
});

test("a walk holds few descriptors, however deep it is", () => {
  const directory = testdir();
  makeDeep(directory, 500, "d");
  const before = descriptors();
  let most = 0;
  const steps: string[] = [];
  for (const { kind, name } of walkTree(directory)) {
    most = Math.max(most, descriptors() - before);
    steps.push(`${kind} ${name.toString()}`);
  }
  expect(steps).toEqual(["file file", ...Array.from({ length: 500 }, () => "left d")]);
  expect(most).toBeLessThan(80);
  expect(descriptors()).toBe(before);
});

test("a directory that is moved away from under a deep walk does not lead it elsewhere", () => {
  const directory = testdir({ "tree/keep/": null, "elsewhere/": null });
  makeDeep(join(directory, "tree"), 200, "d");
  const middle = join(directory, "tree", ...Array.from({ length: 100 }, () => "d"));
  const met: string[] = [];
  for (const { kind, name } of walkTree(join(directory, "tree"))) {
    // At the lowest one, when those in the middle are closed.
    if (kind === "file") renameSync(middle, join(directory, "elsewhere/d"));
    met.push(`${kind} ${name.toString()}`);
  }
  expect(met).not.toContain("left elsewhere");
  expect(met.filter((step) => step === "left d").length).toBeLessThan(200);
  expect(met).toContain("left keep");
});

test("what links lead to outside of the tree stays, while directories become links and back", async () => {
  const outside = Object.fromEntries(Array.from({ length: 800 }, (_, index) => [`outside/f${index}`, "1"]));
  const place = testdir({ ...directories(2, 800), ...outside });
  const swapper = await startSwapper(join(place, "tree"), join(place, "outside"));
  let refusal: unknown;
  try {
    removeTree(join(place, "tree"));
  } catch (error) {
    refusal = error;
  } finally {
    await swapper.end();
  }
  // Whoever puts directories back all the time can keep it from becoming empty, and nothing else.
  const reasons = [undefined, "ENOTEMPTY", "EISDIR", "ENOTDIR"];
  expect(reasons).toContain(errnoOf(refusal instanceof KpodError ? refusal.cause : refusal));
  removeTree(join(place, "tree"));
  expect(existsSync(join(place, "tree"))).toBe(false);
  expect(readdirSync(join(place, "outside"))).toHaveLength(800);
}, 120_000);

test("a size is never that of what links lead to, while directories become links and back", async () => {
  const place = testdir({ ...directories(3, 1_000), "outside/": null });
  for (let index = 0; index < 1_000; index++) {
    writeFileSync(join(place, `outside/f${index}`), "");
    truncateSync(join(place, `outside/f${index}`), 1_000_000);
  }
  const swapper = await startSwapper(join(place, "tree"), join(place, "outside"));
  try {
    for (let round = 0; round < 5; round++) {
      // Some directory may be away, and the link in its place has a length.
      expect(await diskUsage(join(place, "tree"))).toBeLessThan(3 * 1_000 + 3 * 4096);
    }
  } finally {
    await swapper.end();
  }
}, 120_000);

test("what is mounted in it does not count, be it over a directory or a file", async () => {
  const place = testdir({ "tree/own": "12", "tree/point/": null, "tree/file": "", "data/large": "1234567" });
  mount({ source: join(place, "data"), target: join(place, "tree/point"), flags: mountFlags.bind });
  mount({ source: join(place, "data/large"), target: join(place, "tree/file"), flags: mountFlags.bind });
  try {
    expect(await diskUsage(join(place, "tree"))).toBe(2);
    const kinds = [...walkTree(join(place, "tree"))].map(({ kind, name }) => `${kind} ${name.toString()}`);
    expect(kinds.sort()).toEqual(["file file", "file own", "mount point"]);
  } finally {
    for (const name of ["point", "file"]) unmount(join(place, "tree", name));
  }
});

describe("flags that keep root from deleting", () => {
  test.each(["+i", "+a"])("chattr %s: taken off files and directories, not from where links lead", (flag) => {
    const place = testdir({ "tree/file": "1", "tree/dir/file": "1", outside: "1" });
    execFileSync("ln", ["-s", "../outside", join(place, "tree/link")]);
    execFileSync("mkfifo", [join(place, "tree/dir/pipe")]);
    const [file, directory, outside] = ["tree/file", "tree/dir", "outside"].map((name) => join(place, name));
    for (const path of [file, directory, outside]) execFileSync("chattr", [flag, path ?? ""]);
    try {
      removeTree(join(place, "tree"));
      expect(readdirSync(place)).toEqual(["outside"]);
      expect(execFileSync("lsattr", [outside ?? ""], { encoding: "utf8" })).toMatch(flag.slice(1));
    } finally {
      execFileSync("chattr", ["-R", "-f", `-${flag.slice(1)}`, place]);
    }
  });
});

test("what cannot be deleted is told by its name and the kernel's reason; the rest has gone", async () => {
  const directory = ["tree", ...Array.from({ length: 10 }, () => "n".repeat(100))].join("/");
  const place = testdir({ "tree/other": "1", [`${directory}/file`]: "1" });
  const file = join(place, directory, "file");
  // A file in which something is swapped cannot be deleted, whatever its flags.
  truncateSync(file, 1 << 20);
  execFileSync("dd", ["if=/dev/zero", `of=${file}`, "bs=1M", "count=1", "status=none"]);
  execFileSync("mkswap", ["-q", file], { stdio: "ignore" });
  execFileSync("swapon", [file], { stdio: "ignore" });
  try {
    const error = await failureOf(() => {
      removeTree(join(place, "tree"));
    });
    expect(error.code).toBe("NOT_PERMITTED");
    expect(error.message).toBe(`cannot remove ${place}/tree/…/file: operation not permitted`);
    expect(existsSync(join(place, "tree/other"))).toBe(false);
  } finally {
    execFileSync("swapoff", [file]);
  }
  removeTree(join(place, "tree"));
});

test("Ctrl-C ends a long removal; what is left can be removed later", async () => {
  const place = testdir(directories(20, 100));
  const controller = new AbortController();
  setImmediate(() => {
    controller.abort(new Error("interrupted by SIGINT"));
  });
  const error = await failureOf(removeLargeTree(join(place, "tree"), controller.signal));
  expect(error.code).toBe("INTERRUPTED");
  expect(existsSync(join(place, "tree"))).toBe(true);
  await removeLargeTree(join(place, "tree"));
  expect(existsSync(join(place, "tree"))).toBe(false);
  rmSync(place, { recursive: true });
});
