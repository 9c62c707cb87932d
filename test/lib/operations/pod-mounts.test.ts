import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { removeSubPaths, subPathsDirectory } from "../../../src/lib/operations/pod-mounts";
import { mount, mountFlags, unmount } from "../../../src/lib/system/mount";
import { testdir } from "../../helpers/testdir";

/** MS_SHARED of linux/mount.h: what is mounted below is mounted in all copies, as on a host of systemd. */
const shared = 1 << 20;

const podId = "a".repeat(64);
let host: string;

beforeEach(() => {
  host = testdir({ "volume/part/disk/there": "data", [`run/kpod/subpaths/${podId}/web-0/`]: null });
  mount({ source: host, target: host, flags: mountFlags.bind });
  mount({ source: "none", target: host, flags: shared });
});

afterEach(() => {
  while (unmount(host));
});

test("what the host has mounted in a volume stays when a part of that volume is unmounted", () => {
  const config = { runRoot: join(host, "run") };
  const disk = join(host, "volume/part/disk");
  mount({ source: "kpod-test", target: disk, type: "tmpfs", data: "size=64k" });
  const target = join(subPathsDirectory(config, podId), "web-0");
  mount({ source: join(host, "volume/part"), target, flags: mountFlags.bind | mountFlags.recursive });
  removeSubPaths(config, podId);
  // The tmpfs still lies over it.
  expect(existsSync(join(disk, "there"))).toBe(false);
  expect(existsSync(join(host, "run/kpod"))).toBe(false);
  unmount(disk);
  expect(readFileSync(join(disk, "there"), "utf8")).toBe("data");
});
