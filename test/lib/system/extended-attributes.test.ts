import { openSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inheritLevel, setFileContext } from "../../../src/lib/system/extended-attributes";
import { closing } from "../../../src/lib/system/files";
import { loadForeign } from "../../../src/lib/system/foreign";
import { testdir } from "../../helpers/testdir";

/** The SELinux context of a file as the disk holds it; undefined when it has none. */
function contextOf(path: string): string | undefined {
  const call = loadForeign().function(
    "long lgetxattr(const char *path, const char *name, void *value, unsigned long size)",
  );
  const value = Buffer.alloc(256);
  const length = call(path, "security.selinux", value, value.length);
  return length < 0 ? undefined : value.toString("utf8", 0, length);
}

const context = "system_u:object_r:container_file_t:s0:c1,c2";

test("a file and a directory get their context, and what a link leads to does not", () => {
  const directory = testdir({ file: "x", "target/": null });
  const link = join(directory, "link");
  symlinkSync("target", link);
  for (const path of [join(directory, "file"), directory, link]) {
    setFileContext(path, context);
    expect(contextOf(path)).toBe(`${context}\0`);
  }
  expect(contextOf(join(directory, "target"))).not.toBe(`${context}\0`);
});

test("an empty context changes nothing, and a file system without contexts is fine", () => {
  const path = join(testdir(), "file");
  writeFileSync(path, "x");
  const before = contextOf(path);
  setFileContext(path, "");
  expect(contextOf(path)).toBe(before);
  setFileContext("/proc/self/status", context);
});

test("a file that is not there is told", () => {
  expect(() => {
    setFileContext("/nowhere/file", context);
  }).toThrow("ENOENT");
});

test("what is made in a directory gets the level of that, and keeps its type", () => {
  const directory = testdir({ file: "x" });
  const file = join(directory, "file");
  const inherited = (): string | undefined => {
    closing(openSync(directory, "r"), (above) => {
      closing(openSync(file, "r"), (made) => {
        inheritLevel(above, made);
      });
    });
    return contextOf(file);
  };
  setFileContext(file, "system_u:object_r:etc_t:s0");
  const before = contextOf(file);
  // Where the directory has none.
  setFileContext(directory, "system_u:object_r:container_file_t");
  expect(inherited()).toBe(before);
  setFileContext(directory, context);
  expect(inherited()).toBe("system_u:object_r:etc_t:s0:c1,c2\0");
});
