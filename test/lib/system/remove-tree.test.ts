import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMountPoint, mount, mountFlags, unmount } from "../../../src/lib/system/mount";
import { removeTree } from "../../../src/lib/system/remove-tree";
import { testdir } from "../../helpers/testdir";

let place: string;

beforeEach(() => {
  place = testdir({
    "data/precious": "data",
    "tree/file": "",
    "tree/deep/point/": null,
    "tree/way": { symlink: "../data" },
    "elsewhere/point/": null,
    link: { symlink: "elsewhere" },
  });
  for (const name of ["tree/deep/point", "elsewhere/point"]) {
    mount({ source: join(place, "data"), target: join(place, name), flags: mountFlags.bind });
  }
});

afterEach(() => {
  for (const name of ["tree/deep/point", "elsewhere/point"]) while (unmount(join(place, name)));
});

test("a directory goes with all in it, but for what is mounted in it or linked", () => {
  removeTree(join(place, "tree"));
  expect(existsSync(join(place, "tree"))).toBe(false);
  expect(readFileSync(join(place, "data/precious"), "utf8")).toBe("data");
  // Mounts elsewhere are let alone, and what is not there is fine.
  expect(isMountPoint(join(place, "elsewhere/point"))).toBe(true);
  removeTree(join(place, "tree"));
});

test("of a symbolic link the link alone goes", () => {
  removeTree(join(place, "link"));
  expect(existsSync(join(place, "link"))).toBe(false);
  expect(isMountPoint(join(place, "elsewhere/point"))).toBe(true);
  expect(readFileSync(join(place, "elsewhere/point/precious"), "utf8")).toBe("data");
});
