// The one directory in which the demo keeps all that it makes, and how it goes away again.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { nodeLayout } from "./layout.mjs";
import { ScriptError } from "./run.mjs";
import { leftovers, sweep } from "./sweep.mjs";

const DEFAULT_DIRECTORY = "/var/tmp/kpod-demo";
const MARK = ".kpod-demo.json";

// skopeo notes here where blobs came from; no option puts it elsewhere.
const TOOL_DIRECTORY = "/var/lib/containers";
const TOOL_CACHE = join(TOOL_DIRECTORY, "cache");
const TOOL_CACHE_FILE = join(TOOL_CACHE, "blob-info-cache-v1.boltdb");

/** The demo's layout: in KPOD_DEMO_DIR, else in /var/tmp/kpod-demo. */
export function demoLayout(environment = process.env) {
  const wanted = resolve(environment.KPOD_DEMO_DIR || DEFAULT_DIRECTORY);
  // Mounts and command lines are compared with this, and the kernel knows no symbolic links.
  const directory = existsSync(wanted) ? realpathSync(wanted) : wanted;
  const suffix = createHash("sha256").update(directory).digest("hex").slice(0, 8);
  const cgroupParent = directory === DEFAULT_DIRECTORY ? "/kpod-demo" : `/kpod-demo-${suffix}`;
  return nodeLayout(directory, cgroupParent);
}

/** Throws where the directory holds something that no demo made, for cleaning would delete it. */
export function mustBeOurs({ directory }) {
  if (!existsSync(directory) || existsSync(join(directory, MARK)) || readdirSync(directory).length === 0)
    return;
  throw new ScriptError(`${directory} holds other things than a demo: name another by KPOD_DEMO_DIR`);
}

/** Makes the directory, marked as the demo's. */
export function claimDirectory(layout) {
  mustBeOurs(layout);
  mkdirSync(layout.directory, { recursive: true });
  const mark = { hadToolDirectory: existsSync(TOOL_DIRECTORY), hadToolCache: existsSync(TOOL_CACHE) };
  writeFileSync(join(layout.directory, MARK), JSON.stringify(mark));
}

function readMark({ directory }) {
  const path = join(directory, MARK);
  return existsSync(path)
    ? JSON.parse(readFileSync(path, "utf8"))
    : { hadToolDirectory: true, hadToolCache: true };
}

function removeIfEmpty(directory) {
  if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}

/** Whether there is anything of a demo. */
export function isThere(layout) {
  return leftovers(layout).length > 0;
}

/** Takes the demo down. Throws when something of it stays. */
export async function removeDemo(layout) {
  mustBeOurs(layout);
  const { hadToolDirectory, hadToolCache } = readMark(layout);
  await sweep(layout);
  if (hadToolCache) return;
  rmSync(TOOL_CACHE_FILE, { force: true });
  removeIfEmpty(TOOL_CACHE);
  if (!hadToolDirectory) removeIfEmpty(TOOL_DIRECTORY);
}
