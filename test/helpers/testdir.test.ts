import { lstatSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { testdir } from "./testdir";

test("writes files, directories, links and modes", () => {
  const directory = testdir({
    "a.json": "{}",
    "deep/er/bytes": Uint8Array.of(1, 2),
    "empty/": null,
    link: { symlink: "a.json" },
    script: { content: "#!/bin/sh\n", mode: 0o755 },
  });
  expect(dirname(directory)).toBe(realpathSync(tmpdir()));
  expect(readFileSync(join(directory, "a.json"), "utf8")).toBe("{}");
  expect([...readFileSync(join(directory, "deep/er/bytes"))]).toEqual([1, 2]);
  expect(readdirSync(join(directory, "empty"))).toEqual([]);
  expect(lstatSync(join(directory, "link")).isSymbolicLink()).toBe(true);
  expect(readlinkSync(join(directory, "link"))).toBe("a.json");
  expect(statSync(join(directory, "script")).mode & 0o777).toBe(0o755);
});

test("a directory's name without its slash is a mistake", () => {
  expect(() => testdir({ empty: null })).toThrow('empty: a directory\'s path ends in "/"');
});

test("two trees are two places", () => {
  expect(testdir()).not.toBe(testdir());
});
