// The engine of the executable: Bun, of which npm installs the binary for this machine (scripts/engine/package.json).
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ScriptError, runProgram } from "./run.mjs";

/** The packages of the engine by node's names of architectures. */
const PACKAGES = { x64: "@oven/bun-linux-x64", arm64: "@oven/bun-linux-aarch64" };

/** See engine.d.mts. */
export const ARCHITECTURES = Object.keys(PACKAGES);

/** What package-lock.json says of a package. */
function lockEntry(root, name) {
  return JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages[`node_modules/${name}`];
}

/** See engine.d.mts. */
export function engineVersion(root) {
  return lockEntry(root, PACKAGES.x64).version;
}

/** See engine.d.mts. */
export async function ownEngine(root, arch = process.arch) {
  const name = PACKAGES[arch];
  if (name === undefined) return { missing: `there is no engine for ${arch}` };
  const program = join(root, "node_modules", name, "bin/bun");
  // Of another C library than glibc, for one.
  if (!existsSync(program)) return { missing: `npm has not installed ${name} on this machine` };
  const { code, signal, output } = await runProgram(program, ["--version"]);
  if (code === 0) return { program };
  return { missing: `the engine does not run on this machine: ${signal ?? output.trim()}` };
}

/** See engine.d.mts. */
export async function engineFor(root, arch) {
  const name = PACKAGES[arch];
  const installed = join(root, "node_modules", name, "bin/bun");
  return existsSync(installed) ? installed : fetchEngine(root, name);
}

/** Has npm bring the engine of another architecture, and checks that it is what the lock file names. */
async function fetchEngine(root, name) {
  const { version, integrity } = lockEntry(root, name);
  const place = join(root, "node_modules/.cache/kpod-engine", `${name.replace("/", "-")}-${version}`);
  const program = join(place, "package/bin/bun");
  if (existsSync(program)) return program;
  mkdirSync(join(place, ".."), { recursive: true });
  const staging = mkdtempSync(`${place}.`);
  try {
    await must("npm", ["pack", `${name}@${version}`, "--silent", "--pack-destination", staging]);
    const archive = join(staging, readdirSync(staging)[0]);
    const [algorithm, digest] = integrity.split(/-(.*)/);
    if (createHash(algorithm).update(readFileSync(archive)).digest("base64") !== digest)
      throw new ScriptError(`${name} ${version} is not what package-lock.json names`);
    await must("tar", ["-xzf", archive, "-C", staging]);
    rmSync(archive);
    rmSync(place, { recursive: true, force: true });
    renameSync(staging, place);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return program;
}

async function must(program, args) {
  const { code, output } = await runProgram(program, args);
  if (code !== 0) throw new ScriptError(`${program} ${args[0]} failed:\n${output.trimEnd()}`);
}
