import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeDirectoryInRoot, resolveInRoot } from "../../../src/lib/launch/path-in-root";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const directory = testdir({
  "secret/file": "not the container's",
  "root/etc/hosts": "",
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
  ["/nowhere/file", "not/there/file"],
  ["/up/etc/hosts", "etc/hosts"],
  ["/absent/../etc", "etc"],
  ["/etc/hosts/below", "etc/hosts/below"],
])("%j leads to %j below the root", (path, expected) => {
  expect(resolveInRoot(root, path)).toBe(join(root, expected));
});

test.each(["/loop", "/pool/x", "/grow"])("%s goes round in circles, and says so", async (path) => {
  const error = await failureOf(() => resolveInRoot(root, path));
  expect(error.code).toBe("BAD_ARGUMENT");
  expect(error.message).toContain(path);
});

test("a directory is made inside, with its parents, and never outside", () => {
  makeDirectoryInRoot(root, "/relative/new/below");
  expect(statSync(join(root, "secret/new/below")).isDirectory()).toBe(true);
  expect(existsSync(join(directory, "secret/new"))).toBe(false);
  makeDirectoryInRoot(root, "/relative/new/below");
});
