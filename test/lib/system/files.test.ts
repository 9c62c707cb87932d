import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  isRecord,
  parseJson,
  readTextIfThere,
  removeDirectoryIfEmpty,
  writeFileAtomic,
} from "../../../src/lib/system/files";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

describe("writing a file", () => {
  test("replaces it whole, with another inode, mode and nothing left beside it", () => {
    const directory = testdir({ file: { content: "old and longer", mode: 0o644 } });
    const path = join(directory, "file");
    const before = statSync(path).ino;
    writeFileAtomic(path, "new", 0o600);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(path).ino).not.toBe(before);
    writeFileAtomic(path, Buffer.from([0, 255]), 0o600);
    expect([...readFileSync(path)]).toEqual([0, 255]);
    expect(readdirSync(directory)).toEqual(["file"]);
  });

  test("that fails leaves what was there, and nothing beside it", async () => {
    const directory = testdir({ "taken/inside": "x" });
    const error = await failureOf(() => {
      writeFileAtomic(join(directory, "taken"), "new", 0o600);
    });
    expect(error.code).toBe("IO");
    expect(error.message).toContain(`cannot write ${join(directory, "taken")}`);
    expect(readdirSync(directory)).toEqual(["taken"]);
    const missing = join(directory, "missing/file");
    const second = await failureOf(() => {
      writeFileAtomic(missing, "new", 0o600);
    });
    expect(second.message).toBe(`cannot write ${missing}: no such file or directory`);
  });
});

test("a file that is not there has no text; one that cannot be read is told", async () => {
  const directory = testdir({ file: "x", "folder/": null });
  expect(readTextIfThere(join(directory, "file"))).toBe("x");
  expect(readTextIfThere(join(directory, "missing"))).toBeUndefined();
  expect(readTextIfThere(join(directory, "file/below"))).toBeUndefined();
  const error = await failureOf(() => readTextIfThere(join(directory, "folder")));
  expect([error.code, error.message]).toEqual([
    "IO",
    `cannot read ${join(directory, "folder")}: is a directory`,
  ]);
  symlinkSync("loop", join(directory, "loop"));
  expect((await failureOf(() => readTextIfThere(join(directory, "loop")))).code).toBe("IO");
});

test("text that is no JSON is CORRUPT, in one line that names the file", async () => {
  expect(parseJson("/file", '{"a":[1]}')).toEqual({ a: [1] });
  for (const text of ["", "{", "nul", '{"a":1}x', "\n\n{'a':1}"]) {
    const error = await failureOf(() => parseJson("/file", text));
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toMatch(/^\/file does not hold valid JSON: .+$/);
  }
});

test("what JSON calls an object", () => {
  expect([{}, { a: 1 }].map(isRecord)).toEqual([true, true]);
  expect([null, [], "x", 1, undefined, true].map(isRecord)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

test("only an empty directory is removed", () => {
  const directory = testdir({ "full/file": "x" });
  removeDirectoryIfEmpty(join(directory, "full"));
  mkdirSync(join(directory, "empty"));
  removeDirectoryIfEmpty(join(directory, "empty"));
  removeDirectoryIfEmpty(join(directory, "empty"));
  expect(readdirSync(directory)).toEqual(["full"]);
  expect(() => {
    removeDirectoryIfEmpty(join(directory, "full/file/below"));
  }).not.toThrow();
});
