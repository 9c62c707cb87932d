import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { restoreIntoCgroup } from "../../../src/lib/launch/restore-cgroup";
import { testdir } from "../../helpers/testdir";

test("criu is told the cgroup of the new container, by settings that runc hands on", () => {
  const dir = testdir();
  const settings = join(dir, "criu.conf");
  expect(restoreIntoCgroup({ dir }, "kpod-shop.slice:crio:x", true)).toEqual({ "org.criu.config": settings });
  expect(readFileSync(settings, "utf8")).toMatch(
    /(^|\n)cgroup-root \/kpod\.slice\/kpod-shop\.slice\/crio-x\.scope\n$/,
  );
  expect(statSync(settings).mode & 0o777).toBe(0o600);
});

test("where runc does so itself, or the path would be taken apart, nothing is written", () => {
  const dir = testdir();
  expect(restoreIntoCgroup({ dir }, "/kpod/crio-x", false)).toEqual({});
  expect(restoreIntoCgroup({ dir }, "/kpod shop/crio-x", true)).toEqual({});
  expect(restoreIntoCgroup({ dir }, "/kpod\nlog-file x", true)).toEqual({});
  expect(existsSync(join(dir, "criu.conf"))).toBe(false);
});
