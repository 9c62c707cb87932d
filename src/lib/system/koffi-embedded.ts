import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getAsset } from "node:sea";
import type * as Koffi from "koffi";
import { KpodError } from "../errors";

/** The name of the addon among the assets that scripts/lib/single.mjs puts into the executable. */
const ADDON_ASSET = "koffi.node";

/**
 * Loads the native addon out of the executable: this file takes the place of koffi.ts in a single executable file.
 * The dynamic loader takes files only, so the addon becomes one that nobody else can reach: it never has a name, or
 * has lost it before anything is written to it, and is gone when kpod ends.
 *
 * @throws KpodError (`IO`) when no temporary directory takes a file from which code can be mapped
 */
export function loadKoffi(): typeof Koffi {
  const addon = new Uint8Array(getAsset(ADDON_ASSET));
  const directories = ["/dev/shm", tmpdir(), "/var/tmp", "/run"];
  let cause: unknown;
  for (const directory of directories) {
    try {
      return loadThrough(directory, addon);
    } catch (error) {
      // Not there, read-only, full, or mounted noexec: the next one may do.
      cause = error;
    }
  }
  throw new KpodError("IO", `cannot load native code through any of ${directories.join(", ")}`, {
    hint: "set TMPDIR to a directory that is writable and not mounted noexec",
    cause,
  });
}

function loadThrough(directory: string, addon: Uint8Array): typeof Koffi {
  const descriptor = openNameless(directory);
  try {
    writeFileSync(descriptor, addon);
    const module = { exports: {} };
    process.dlopen(module, `/proc/self/fd/${descriptor}`);
    return module.exports as typeof Koffi;
  } finally {
    closeSync(descriptor);
  }
}

/** O_TMPFILE of open(2), with the O_DIRECTORY that belongs to it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Opens a new file without a name. Where the file system has none such, it gets one in a directory that is ours alone. */
function openNameless(directory: string): number {
  try {
    return openSync(directory, O_TMPFILE | constants.O_RDWR | constants.O_EXCL, 0o700);
  } catch {
    return openNamed(directory);
  }
}

function openNamed(directory: string): number {
  const own = mkdtempSync(join(directory, "kpod-"));
  try {
    return openSync(join(own, ADDON_ASSET), "wx+", 0o700);
  } finally {
    rmSync(own, { recursive: true });
  }
}
