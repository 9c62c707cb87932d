import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * What stands at a path: text or bytes for a file, null for a directory (its path ends in "/"), `symlink` for a link,
 * or a file with its mode.
 */
export type TreeEntry =
  | string
  | Uint8Array
  | null
  | { readonly symlink: string }
  | { readonly content: string | Uint8Array; readonly mode: number };

export type Tree = Readonly<Record<string, TreeEntry>>;

const made: string[] = [];

// Registered once a test file, where that file imports this module.
afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function writeEntry(path: string, entry: TreeEntry): void {
  mkdirSync(dirname(path), { recursive: true });
  if (entry === null) {
    mkdirSync(path, { recursive: true });
  } else if (typeof entry === "string" || entry instanceof Uint8Array) {
    writeFileSync(path, entry);
  } else if ("symlink" in entry) {
    symlinkSync(entry.symlink, path);
  } else {
    writeFileSync(path, entry.content);
    chmodSync(path, entry.mode);
  }
}

/** Writes a tree of files below an existing directory. Paths are relative to it. */
export function writeTree(directory: string, tree: Tree): void {
  for (const [name, entry] of Object.entries(tree)) {
    if (entry === null && !name.endsWith("/")) throw new Error(`${name}: a directory's path ends in "/"`);
    writeEntry(join(directory, name), entry);
  }
}

/**
 * Makes a directory of its own with a tree of files in it, and removes it after the last test of the file.
 * `testdir({ "a.json": "{}", "empty/": null, "link": { symlink: "a.json" } })`
 * @returns its absolute path, free of symbolic links
 */
export function testdir(tree: Tree = {}): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "kpod-testdir-")));
  made.push(directory);
  writeTree(directory, tree);
  return directory;
}
