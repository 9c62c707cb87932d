import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMountPoint, mount, mountFlags, readMounts, unmount } from "../../../src/lib/system/mount";
import { testdir } from "../../helpers/testdir";

const lines = [
  "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=continue",
  "30 22 0:25 /docker /sys/fs/cgroup/memory rw,nosuid shared:9 master:3 - cgroup cgroup rw,memory",
  "31 22 0:26 / /with\\040blank\\011tab\\012line\\134back rw - tmpfs none rw,size=64k",
  "32 22 0:27 / /no/options rw unbindable - proc proc rw",
  "",
].join("\n");

test("mountinfo is taken apart, with optional fields or none, and escaped paths", () => {
  expect(readMounts(lines)).toEqual([
    {
      root: "/",
      target: "/",
      type: "ext4",
      source: "/dev/vda",
      propagation: ["shared:1"],
      superOptions: ["rw", "errors=continue"],
    },
    {
      root: "/docker",
      target: "/sys/fs/cgroup/memory",
      type: "cgroup",
      source: "cgroup",
      propagation: ["shared:9", "master:3"],
      superOptions: ["rw", "memory"],
    },
    {
      root: "/",
      target: "/with blank\ttab\nline\\back",
      type: "tmpfs",
      source: "none",
      propagation: [],
      superOptions: ["rw", "size=64k"],
    },
    {
      root: "/",
      target: "/no/options",
      type: "proc",
      source: "proc",
      propagation: ["unbindable"],
      superOptions: ["rw"],
    },
  ]);
});

describe("a mount", () => {
  let target: string;

  beforeEach(() => {
    target = join(testdir({ "a place\twith\\things/": null }), "a place\twith\\things");
  });

  afterEach(() => {
    while (unmount(target));
  });

  test("appears, is found also through a link, and is taken away one by one", () => {
    const link = join(testdir(), "link");
    symlinkSync(target, link);
    expect(isMountPoint(target)).toBe(false);
    mount({ source: "kpod-test", target, type: "tmpfs", flags: mountFlags.nodev, data: "size=64k" });
    writeFileSync(join(target, "file"), "x");
    mount({ source: "kpod-test", target, type: "tmpfs" });
    expect([isMountPoint(target), isMountPoint(link), isMountPoint(join(target, "none"))]).toEqual([
      true,
      true,
      false,
    ]);
    expect(readMounts().filter((entry) => entry.target === target)).toHaveLength(2);
    expect(readdirSync(target)).toEqual([]);
    expect(unmount(target)).toBe(true);
    expect(readdirSync(target)).toEqual(["file"]);
    expect([unmount(target), unmount(target), unmount(join(target, "none"))]).toEqual([true, false, false]);
  });

  test("can be a bind that is made read-only and private", () => {
    const source = testdir({ file: "x" });
    mount({ source, target, flags: mountFlags.bind });
    mount({ source: "none", target, flags: mountFlags.private });
    mount({ source: "none", target, flags: mountFlags.bind | mountFlags.remount | mountFlags.readonly });
    expect(() => {
      writeFileSync(join(target, "file"), "y");
    }).toThrow("EROFS");
    expect(readMounts().findLast((entry) => entry.target === target)?.propagation).toEqual([]);
  });

  test("that the kernel refuses names target and cause, as node's own errors do", () => {
    const missing = join(target, "missing");
    const refused = (): void => {
      mount({ source: "kpod-test", target: missing, type: "tmpfs" });
    };
    expect(refused).toThrow(expect.objectContaining({ code: "ENOENT", syscall: "mount" }) as Error);
    expect(refused).toThrow(`ENOENT: mount ${missing}`);
    mkdirSync(missing);
    expect(() => {
      mount({ source: "kpod-test", target: missing, type: "no-such-type" });
    }).toThrow("ENODEV");
  });
});
