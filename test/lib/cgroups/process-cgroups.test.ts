import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupMounts, mountedHierarchies } from "../../../src/lib/cgroups/mounts";
import {
  parseProcessCgroups,
  processCgroupPath,
  type CgroupMount,
} from "../../../src/lib/cgroups/process-cgroups";
import { readMounts } from "../../../src/lib/system/mount";
import { testdir } from "../../helpers/testdir";

const id = "eb1f08a198e9a502f7cf7c4f2ddc58e02a73260e8e3ff189c30648a7fd01d120";
const other = "198c138b7ce7d518b909e13820efeba15526c3d8a450c23b6ccb87c9062c7d73";

function mountsOf(lines: readonly string[]): CgroupMount[] {
  return mountedHierarchies(readMounts(`${lines.join("\n")}\n`));
}

const hybrid = mountsOf([
  "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
  "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
  "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
  "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd",
  "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
]);
const unified = mountsOf(["30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"]);

test("mounts of other file systems are none of cgroups", () => {
  expect(hybrid).toHaveLength(4);
});

test("a controller belongs to the hierarchy that names it, a shared one as well", () => {
  const path = `/kpod/crio-${id}`;
  const text = `9:name=systemd:${path}\n4:memory:${path}\n2:cpu,cpuacct:${path}\n0::${path}\n`;
  const { v1, v2 } = parseProcessCgroups(text, id, hybrid);
  expect(["name=systemd", "memory", "cpu", "cpuacct", "acct", "pids"].map((name) => v1.get(name))).toEqual([
    `/sys/fs/cgroup/systemd${path}`,
    `/sys/fs/cgroup/memory${path}`,
    `/sys/fs/cgroup/cpu,cpuacct${path}`,
    `/sys/fs/cgroup/cpu,cpuacct${path}`,
    undefined,
    undefined,
  ]);
  expect(["memory", "cpuacct", "acct", "pids"].map((name) => v1.has(name))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(v2).toBe(`/sys/fs/cgroup/unified${path}`);
});

test("version 2 alone", () => {
  const text = `0::/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope\n`;
  const { v1, v2 } = parseProcessCgroups(text, id, unified);
  expect(["cpu", "memory", "crio"].map((name) => v1.has(name))).toEqual([false, false, false]);
  expect(v2).toBe(`/sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope`);
});

test.each([
  // systemd as the first process moves itself down; crun makes a cgroup below the scope.
  [`/kpod/crio-${id}/init.scope`, `/sys/fs/cgroup/kpod/crio-${id}`],
  [`/system.slice/crio-${id}.scope/container`, `/sys/fs/cgroup/system.slice/crio-${id}.scope`],
  // A path may hold colons, blanks and the id of a container around it.
  [`/a:b/c d/crio-${id}`, `/sys/fs/cgroup/a:b/c d/crio-${id}`],
  // That of a process without a cgroup of its own, and of somebody else's container.
  ["/", undefined],
  ["/kpod", undefined],
  [`/kpod/crio-${other}`, undefined],
  // What lies above the root of this process's cgroup namespace cannot be seen.
  [`/../crio-${id}`, undefined],
])("the path %s is %s", (path, expected) => {
  expect(parseProcessCgroups(`0::${path}\n`, id, unified).v2).toBe(expected);
});

test.each([
  // kpod in a container that sees a part of the hierarchy.
  ["/kubepods", `/kubepods/pod1/crio-${id}`, `/sys/fs/cgroup/pod1/crio-${id}`],
  ["/kubepods", `/other/crio-${id}`, undefined],
  ["/kube", `/kubepods/crio-${id}`, undefined],
  // kpod in a cgroup namespace of its own, with the host's hierarchy mounted.
  ["/../..", `/../../kpod/crio-${id}`, `/sys/fs/cgroup/kpod/crio-${id}`],
])("with the root %s mounted, %s is %s", (root, path, expected) => {
  const mounts = mountsOf([`30 23 0:26 ${root} /sys/fs/cgroup rw - cgroup2 cgroup2 rw`]);
  expect(parseProcessCgroups(`0::${path}\n`, id, mounts).v2).toBe(expected);
});

test.each([
  ["a sibling of the own cgroup", "/../..", `/../crio-${id}`, `/pod/crio-${id}`, `pod/crio-${id}`],
  ["the own cgroup's child", "/..", `/crio-${id}/init`, `/pod/crio-${id}`, `pod/crio-${id}`],
  ["one in a part that is mounted", "/../..", `/../crio-${id}`, `/a/b/pod/crio-${id}`, `b/pod/crio-${id}`],
  ["one whose spec is lost", "/..", `/../pod/crio-${id}`, "", `pod/crio-${id}`],
])("in a cgroup namespace, %s is found by its spec", (_, root, path, wanted, place) => {
  const directory = testdir({ [`${place}/cgroup.procs`]: "" });
  const mounts = mountsOf([
    "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    `30 23 0:26 ${root} ${directory} rw - cgroup2 cgroup2 rw`,
  ]);
  expect(parseProcessCgroups(`0::${path}\n`, id, mounts, () => wanted).v2).toBe(join(directory, place));
});

test("a hierarchy that is not mounted still holds its controller", () => {
  const text = `8:pids:/kpod/crio-${id}\n0::/kpod/crio-${id}\n`;
  const { v1 } = parseProcessCgroups(text, id, hybrid);
  expect(v1.has("pids")).toBe(true);
  expect(v1.get("pids")).toBeUndefined();
});

test("the cgroup of conmon, in which a runtime has left its process, is not the container's", () => {
  const text = `8:pids:/kpod/crio-${id}\n0::/kpod/crio-conmon-${id}\n`;
  const { v1, v2 } = parseProcessCgroups(text, id, cgroupMounts());
  expect(v2).toBeUndefined();
  expect(v1.has("pids")).toBe(true);
  expect(processCgroupPath(`0::/kpod/crio-conmon-${id}\n8:pids:/kpod/crio-${id}\n`, id)).toBe(
    `/kpod/crio-${id}`,
  );
});

test("this machine's own lines are understood", () => {
  const text = readFileSync("/proc/self/cgroup", "utf8");
  const { v1 } = parseProcessCgroups(text, id, cgroupMounts());
  const named = text.split("\n").flatMap((line) => (line.split(":")[1] ?? "").split(","));
  expect(named.filter((name) => name !== "" && !v1.has(name))).toEqual([]);
  expect(v1.has("none of the kernel's")).toBe(false);
});

test("this machine's own hierarchies are found at their usual places as the list of mounts has them", () => {
  const listed = mountedHierarchies(readMounts());
  for (const { target, type, root } of cgroupMounts()) {
    expect(listed).toContainEqual(expect.objectContaining({ target, type, root }));
  }
  expect(cgroupMounts().length).toBeGreaterThan(0);
});
