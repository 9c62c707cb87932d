// Keeps dist/ as new as its sources.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ScriptError, leanEnvironment, runProgram } from "./run.mjs";

const SOURCES = ["src", "scripts/build.mjs", "scripts/lib/bundle.mjs", "package.json", "package-lock.json"];
const PRODUCTS = ["dist/kpod.cjs", "dist/reader.cjs", "dist/index.cjs"];

/** The latest change below a path; that of a directory counts too, since it tells of deleted files. */
function latestChange(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => latestChange(join(path, name))));
}

/** Whether one of these sources is newer than a file. */
export function isNewerThan(root, sources, path) {
  const { mtimeMs } = statSync(path);
  return sources.some((name) => latestChange(join(root, name)) > mtimeMs);
}

/** Whether dist/ is there and no source is newer. */
export function distIsCurrent(root) {
  const products = PRODUCTS.map((name) => join(root, name));
  return products.every((path) => existsSync(path) && !isNewerThan(root, SOURCES, path));
}

/** Builds dist/ when it is not current. */
export async function buildDist(root) {
  if (distIsCurrent(root)) return false;
  console.log("  building dist/");
  const options = { cwd: root, env: leanEnvironment() };
  const { code, output } = await runProgram(process.execPath, ["scripts/build.mjs"], options);
  if (code !== 0) throw new ScriptError(`the build failed:\n${output.trimEnd()}`);
  return true;
}
