import { spawn } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  cgroupDirectories,
  isWithin,
  listMounts,
  parseMountInfo,
  processesOf,
} from "../../scripts/lib/machine.mjs";
import { testdir } from "../helpers/testdir";

const LINES = `22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw
91 27 0:44 / /tmp/a\\040b/merged rw - overlay overlay rw,lowerdir=/tmp/a\\040b/l/X,upperdir=/tmp/a\\040b/diff
92 27 0:4 net:[4026532203] /tmp/ns/netns/1 rw master:2 propagate_from:1 - nsfs nsfs rw
`;

test("mountinfo is read with and without optional fields, and with its escapes undone", () => {
  expect(parseMountInfo(LINES)).toEqual([
    { root: "/", mountPoint: "/proc", type: "proc", source: "proc", options: "rw" },
    {
      root: "/",
      mountPoint: "/tmp/a b/merged",
      type: "overlay",
      source: "overlay",
      options: "rw,lowerdir=/tmp/a b/l/X,upperdir=/tmp/a b/diff",
    },
    { root: "net:[4026532203]", mountPoint: "/tmp/ns/netns/1", type: "nsfs", source: "nsfs", options: "rw" },
  ]);
  expect(listMounts().some(({ mountPoint, type }) => mountPoint === "/proc" && type === "proc")).toBe(true);
});

test.each([
  ["/a", "/a", true],
  ["/a/b", "/a", true],
  ["/ab", "/a", false],
  ["/", "/a", false],
])("%s within %s: %s", (path, directory, expected) => {
  expect(isWithin(path, directory)).toBe(expected);
});

/** Has a process that calls itself `name` and has `path` on its command line, until `look` is done. */
async function withProcess(name: string, path: string, look: (pid: number) => void): Promise<void> {
  const child = spawn("tail", ["-f", path], { argv0: name, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  try {
    await new Promise((resolve) => child.on("spawn", resolve));
    if (child.pid === undefined) throw new Error("no pid");
    look(child.pid);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

describe("processes of a node", () => {
  const node = (directory: string): { directory: string; cgroupParent: string } => ({
    directory,
    cgroupParent: `/${basename(directory)}`,
  });

  test.each([
    ["conmon", true],
    ["/usr/sbin/runc", true],
    ["tail", false],
    ["vim", false],
  ])("with a file of the node on its command line, %s is one: %s", async (name, expected) => {
    const layout = node(testdir({ "log file": "" }));
    const file = join(layout.directory, "log file");
    const pids = (directory: string): number[] => processesOf({ ...layout, directory }).map(({ pid }) => pid);
    await withProcess(name, file, (pid) => {
      expect(pids(layout.directory)).toEqual(expected ? [pid] : []);
      expect(pids(layout.directory.slice(0, -1))).toEqual([]);
    });
  });

  test("are those in its cgroup, and its cgroups are found below all hierarchies", async () => {
    const { directory, cgroupParent } = node(testdir());
    const hierarchy = listMounts().find(
      ({ type, options }) => type === "cgroup2" || /\bpids\b/.test(options),
    );
    if (hierarchy === undefined) throw new Error("no cgroups on this machine");
    const cgroup = join(hierarchy.mountPoint, cgroupParent);
    const child = join(cgroup, "crio-x");
    mkdirSync(child, { recursive: true });
    try {
      await withProcess("whatever", "/dev/null", (pid) => {
        expect(processesOf({ directory, cgroupParent })).toEqual([]);
        writeFileSync(join(child, "cgroup.procs"), String(pid));
        expect(processesOf({ directory, cgroupParent }).map((found) => found.pid)).toEqual([pid]);
        // A name that only begins alike is another's.
        expect(processesOf({ directory, cgroupParent: cgroupParent.slice(0, -1) })).toEqual([]);
      });
      expect(cgroupDirectories(cgroupParent)).toEqual([child, cgroup]);
    } finally {
      rmdirSync(child);
      rmdirSync(cgroup);
    }
    expect(cgroupDirectories(cgroupParent)).toEqual([]);
  });
});
