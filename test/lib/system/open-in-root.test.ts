import { execFileSync } from "node:child_process";
import { closeSync, existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import {
  makeDirectoryInRoot,
  openInRoot,
  readInRoot,
  walkInRoot,
} from "../../../src/lib/system/open-in-root";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const directory = testdir({
  "secret/file": "not the container's",
  "root/etc/hosts": "127.0.0.1",
  "root/secret/file": "the container's",
  "root/run/lock/": null,
  "root/run/x/y": "",
  "root/var/run": { symlink: "/run" },
  "root/run/": null,
  "root/absolute": { symlink: "/secret/file" },
  "root/relative": { symlink: "../../../secret" },
  "root/etc/deep": { symlink: "../../../../var/./run//x" },
  "root/twice": { symlink: "absolute" },
  "root/self": { symlink: "." },
  "root/loop": { symlink: "pool" },
  "root/pool": { symlink: "/loop" },
  "root/grow": { symlink: "grow/x" },
  "root/nowhere": { symlink: "/not/there" },
  "root/up": { symlink: "etc/.." },
});
const root = join(directory, "root");

test.each([
  ["/etc/hosts", "etc/hosts"],
  ["etc//./hosts/", "etc/hosts"],
  ["/", ""],
  ["", ""],
  ["/..", ""],
  ["/../../secret/file", "secret/file"],
  ["/etc/../../../secret", "secret"],
  ["/var/run/lock", "run/lock"],
  ["/absolute", "secret/file"],
  ["/relative/file", "secret/file"],
  ["/etc/deep/y", "run/x/y"],
  ["/twice", "secret/file"],
  ["/self/self/etc", "etc"],
  ["/up/etc/hosts", "etc/hosts"],
])("%j leads to %j below the root", (path, expected) => {
  // By the kernel, and as where that cannot.
  for (const open of [openInRoot, walkInRoot]) {
    const fd = open(root, path);
    try {
      expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe(join(root, expected).replace(/\/$/, ""));
    } finally {
      closeSync(fd);
    }
  }
});

test.each([
  ["/absolute", "absolute"],
  ["/self/relative", "relative"],
  ["/etc/hosts", "etc/hosts"],
  ["/nowhere", "nowhere"],
])("the link at the end of %j is opened itself where that is asked for", (path, expected) => {
  for (const open of [openInRoot, walkInRoot]) {
    const fd = open(root, path, { follow: false });
    try {
      expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe(join(root, expected));
    } finally {
      closeSync(fd);
    }
  }
});

test.each(["/nowhere/file", "/absent/../etc", "/etc/hosts/below", "/etc/none"])("%s is not there", (path) => {
  expect(readInRoot(root, path, 100)).toBeUndefined();
});

test.each(["/loop", "/pool/x", "/grow"])("%s goes round in circles, and says so", async (path) => {
  for (const open of [openInRoot, walkInRoot]) {
    const error = await failureOf(() => open(root, path));
    expect(error.code).toBe("BAD_ARGUMENT");
    expect(error.message).toContain(path);
  }
});

test("a directory is made inside, with its parents, and never outside", () => {
  makeDirectoryInRoot(root, "/relative/new/below");
  makeDirectoryInRoot(root, "/nowhere/at all");
  expect(statSync(join(root, "not/there/at all")).isDirectory()).toBe(true);
  expect(statSync(join(root, "secret/new/below")).isDirectory()).toBe(true);
  expect(existsSync(join(directory, "secret/new"))).toBe(false);
  makeDirectoryInRoot(root, "/relative/new/below");
});

test("a directory is not made where a file is", () => {
  expect(() => {
    makeDirectoryInRoot(root, "/etc/hosts");
  }).toThrow("ENOTDIR");
  expect(() => {
    makeDirectoryInRoot(root, "/etc/hosts/below");
  }).toThrow("ENOTDIR");
});

test("a file is read as far as its kind goes, and nothing is opened that is none", async () => {
  execFileSync("mkfifo", [join(root, "fifo")]);
  execFileSync("mknod", [join(root, "zero"), "c", "1", "5"]);
  const before = readdirSync("/proc/self/fd").length;
  expect(readInRoot(root, "/absolute", 100)?.toString()).toBe("the container's");
  for (const [path, what] of [
    ["/fifo", "is a FIFO, not a regular file"],
    ["/zero", "is a device, not a regular file"],
    ["/etc", "is a directory, not a regular file"],
    ["/absolute", "is larger than "],
  ] as const) {
    const error = await failureOf(() => readInRoot(root, path, 4));
    expect([error.code, error.message]).toEqual(["CORRUPT", expect.stringContaining(what)]);
  }
  expect(readdirSync("/proc/self/fd")).toHaveLength(before);
});

test("a directory that becomes a link while it is read leads nowhere else", async () => {
  const place = testdir({ "outside/passwd": "host", "root/etc/passwd": "container" });
  const swap = `
    const { renameSync, symlinkSync, rmSync } = require("node:fs");
    const { workerData: place, parentPort } = require("node:worker_threads");
    let go = true;
    parentPort.on("message", () => (go = false));
    const turn = () => {
      for (let count = 0; count < 50; count++) {
        renameSync(place + "/root/etc", place + "/root/aside");
        symlinkSync("../outside", place + "/root/etc");
        rmSync(place + "/root/etc");
        symlinkSync("/" + place + "/outside", place + "/root/etc");
        rmSync(place + "/root/etc");
        renameSync(place + "/root/aside", place + "/root/etc");
      }
      if (go) setImmediate(turn);
      else parentPort.close();
    };
    turn();`;
  const worker = new Worker(swap, { eval: true, workerData: place });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  const seen = new Map<string | undefined, number>();
  for (let count = 0; count < 20_000; count++) {
    const text = readInRoot(join(place, "root"), "/etc/passwd", 100)?.toString();
    seen.set(text, (seen.get(text) ?? 0) + 1);
    // The worker's messages and its start come between.
    if (count % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  worker.postMessage("end");
  await ended;
  expect([...seen.keys()]).not.toContain("host");
  expect(seen.get("container")).toBeGreaterThan(0);
  expect(seen.get(undefined)).toBeGreaterThan(0);
});
