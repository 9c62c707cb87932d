import { execFileSync } from "node:child_process";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMountPoint, unmount } from "../../../src/lib/system/mount";
import { pinNamespaces } from "../../../src/lib/system/pinned-namespaces";
import { testdir } from "../../helpers/testdir";

const files = ["net", "ipc", "uts", "pid", "mnt"];

/** The namespaces of every thread of this process. */
function ownNamespaces(): string[] {
  return readdirSync("/proc/self/task").map((thread) =>
    files.map((file) => readlinkSync(`/proc/self/task/${thread}/ns/${file}`)).join(" "),
  );
}

let directory: string;

beforeEach(() => {
  directory = testdir();
});

afterEach(() => {
  for (const name of readdirSync(directory)) while (unmount(join(directory, name)));
});

test("new namespaces are pinned at their files, and this process stays in its own", () => {
  const before = new Set(ownNamespaces());
  const targets = {
    network: join(directory, "net"),
    ipc: join(directory, "ipc"),
    uts: join(directory, "uts"),
  };
  pinNamespaces(targets);
  expect(new Set(ownNamespaces())).toEqual(before);
  expect(before.size).toBe(1);
  for (const [type, file] of [
    ["network", "net"],
    ["ipc", "ipc"],
    ["uts", "uts"],
  ] as const) {
    const target = targets[type];
    expect(isMountPoint(target)).toBe(true);
    const pinned = `${file}:[${statSync(target).ino}]`;
    expect(readlinkSync(`/proc/self/ns/${file}`)).not.toBe(pinned);
    const inside = execFileSync("nsenter", [`--${file}=${target}`, "readlink", `/proc/self/ns/${file}`]);
    expect(inside.toString().trim()).toBe(pinned);
  }
});

test("a new network has its loopback device up and nothing else", () => {
  const target = join(directory, "net");
  pinNamespaces({ network: target });
  const devices = execFileSync("nsenter", [`--net=${target}`, "cat", "/proc/net/dev"]).toString();
  expect(devices.trim().split("\n").slice(2)).toHaveLength(1);
  const routes = execFileSync("nsenter", [`--net=${target}`, "cat", "/proc/net/fib_trie"]).toString();
  expect(routes).toContain("127.0.0.1");
});

test("only what is wanted is made", () => {
  pinNamespaces({ uts: join(directory, "uts") });
  expect(readdirSync(directory)).toEqual(["uts"]);
  pinNamespaces({});
  expect(readdirSync(directory)).toEqual(["uts"]);
});

test("a file that is there already is left alone", () => {
  const taken = join(testdir({ taken: "x" }), "taken");
  expect(() => {
    pinNamespaces({ ipc: taken });
  }).toThrow("EEXIST");
  expect(isMountPoint(taken)).toBe(false);
});
