import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { listDropIns } from "../../../src/lib/config/load-config";
import { kpodErrorOf, temporaryDirectory, writeFile } from "./temp-files";

const directory = temporaryDirectory();

test("every regular file, whatever its name, in the order of the bytes of the names", () => {
  const tree = join(directory, "tree");
  const names = [
    "10-b.conf",
    "01-a.conf",
    "Z",
    "a.bak",
    ".hidden",
    "é",
    "20.d/z",
    "20.d/a",
    "20-c",
    "20.e",
    "30",
  ];
  for (const name of names) writeFile(tree, name, "");
  mkdirSync(join(tree, "empty"));
  // A pipe would make whoever reads it wait for ever.
  execFileSync("mkfifo", [join(tree, "pipe")]);
  symlinkSync("../elsewhere.conf", join(tree, "05-link"));
  symlinkSync("20.d", join(tree, "06-link-to-directory"));
  writeFile(directory, "elsewhere.conf", "");

  expect(listDropIns(tree).map((path) => relative(tree, path))).toEqual([
    ".hidden",
    "01-a.conf",
    "05-link",
    "10-b.conf",
    "20-c",
    "20.d/a",
    "20.d/z",
    "20.e",
    "30",
    "Z",
    "a.bak",
    "é",
  ]);
});

test("a directory that is a link itself is read", () => {
  writeFile(directory, "real.d/a", "");
  symlinkSync("real.d", join(directory, "link.d"));
  expect(listDropIns(join(directory, "link.d"))).toEqual([join(directory, "link.d", "a")]);
});

test("a link to nowhere and a directory that is not there are errors", () => {
  mkdirSync(join(directory, "dangling.d"));
  symlinkSync("nowhere", join(directory, "dangling.d", "a"));
  for (const name of ["dangling.d", "missing.d"]) {
    const path = join(directory, name);
    const error = kpodErrorOf(() => listDropIns(path));
    expect([error.code, error.message]).toEqual([
      "BAD_CONFIG",
      `cannot read the drop-ins in ${path}: no such file or directory`,
    ]);
  }
});
