import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeInRoot, writeRootDiff } from "../../../src/lib/launch/restore-files";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

// eslint-disable-next-line @typescript-eslint/require-await
async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function tarOf(tree: Parameters<typeof testdir>[0], ...words: string[]): Buffer {
  return execFileSync("tar", ["-c", "--numeric-owner", ...words, "."], { cwd: testdir(tree) });
}

test("changed files are written over those of the image, whatever was there", async () => {
  const root = testdir({
    file: "old",
    "becomes-file/deep": "x",
    "becomes-directory": "x",
    "kept/old": "old",
    link: { symlink: "file" },
  });
  const diff = testdir({
    file: "new",
    "becomes-file": "now a file",
    "becomes-directory/deep": "x",
    "kept/new": "new",
  });
  execFileSync("chmod", ["2750", join(diff, "kept")]);
  execFileSync("chown", ["-R", "1234:5678", diff]);
  const bytes = execFileSync("tar", ["-c", "--numeric-owner", "."], { cwd: diff });
  await writeRootDiff(root, once(bytes));
  expect(readFileSync(join(root, "file"), "utf8")).toBe("new");
  expect(readFileSync(join(root, "becomes-file"), "utf8")).toBe("now a file");
  expect(readFileSync(join(root, "becomes-directory/deep"), "utf8")).toBe("x");
  expect(readFileSync(join(root, "kept/old"), "utf8")).toBe("old");
  expect(readFileSync(join(root, "kept/new"), "utf8")).toBe("new");
  const { mode, uid, gid } = statSync(join(root, "kept"));
  expect([mode & 0o7777, uid, gid]).toEqual([0o2750, 1234, 5678]);
});

test("nothing is written out of the root", async () => {
  const outside = testdir({ victim: "safe", "directory/kept": "safe" });
  const root = testdir({ out: { symlink: join(outside, "directory") }, file: "x" });
  // By a link of the image, in whose place there is a directory then.
  await writeRootDiff(root, once(tarOf({ "out/escaped": "x" })));
  expect(lstatSync(join(root, "out")).isDirectory()).toBe(true);
  // By a link of the archive's own.
  const hostile = testdir({ "a/b": "x" });
  execFileSync(
    "sh",
    [
      "-ec",
      `ln -s ${outside}/directory link; tar -cf x.tar link; rm link; mkdir link; echo x > link/escaped; tar -rf x.tar link/escaped`,
    ],
    {
      cwd: hostile,
    },
  );
  await failureOf(writeRootDiff(root, once(readFileSync(join(hostile, "x.tar")))));
  const up = tarOf({ escaped: "x" }, "--transform", "s,escaped,../escaped,");
  expect((await failureOf(writeRootDiff(root, once(up)))).message).toMatch(/leads out/);
  expect(existsSync(join(outside, "directory/escaped"))).toBe(false);
  expect(existsSync(join(root, "../escaped"))).toBe(false);
});

test("what the container removed is removed within the root alone", () => {
  const outside = testdir({ "directory/kept": "safe" });
  const root = testdir({
    "gone/deep/file": "x",
    file: "x",
    out: { symlink: join(outside, "directory") },
    up: { symlink: "../.." },
  });
  for (const path of [
    "/gone",
    "file",
    "/none/at/all",
    "/",
    "",
    "/out/kept",
    `/../..${outside}/directory/kept`,
  ])
    removeInRoot(root, path);
  expect(existsSync(join(root, "gone"))).toBe(false);
  expect(existsSync(join(root, "file"))).toBe(false);
  expect(readFileSync(join(outside, "directory/kept"), "utf8")).toBe("safe");
  // Of a link it alone.
  removeInRoot(root, "/out");
  expect(lstatSync(join(root, "up")).isSymbolicLink()).toBe(true);
  expect(existsSync(join(root, "out"))).toBe(false);
  expect(readFileSync(join(outside, "directory/kept"), "utf8")).toBe("safe");
});
