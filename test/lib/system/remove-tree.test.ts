import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMountPoint, mount, mountFlags, unmount } from "../../../src/lib/system/mount";
import { removeTree } from "../../../src/lib/system/remove-tree";
import { finish, startProcess } from "../../helpers/process";
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

test("a directory goes also when files are made in it after it was read", async () => {
  // So many that the writer has made some more before the first of them are gone.
  for (let name = 1; name <= 2_000; name++) writeFileSync(join(place, `tree/deep/old-${name}`), "");
  const script = 'for name in $(seq 50); do echo "$name"; echo > "$1/new-$name" || exit 0; sleep 0.002; done';
  const writer = startProcess("sh", ["-c", script, "sh", join(place, "tree/deep")]);
  const ended = finish(writer, "the writer");
  await once(writer.stdout, "data");
  removeTree(join(place, "tree"));
  await ended;
  expect(existsSync(join(place, "tree"))).toBe(false);
});
