import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBusyboxImage, makePauseImage } from "../../scripts/lib/image.mjs";
import type { ImageFiles } from "../../scripts/lib/image.mjs";
import { findBusybox } from "../../scripts/lib/image-rootfs.mjs";

/** The two images that a pod needs, as files. Do not write to them: other tests read them too. */
export interface TestImages {
  readonly busybox: ImageFiles;
  readonly pause: ImageFiles;
}

const SOURCES = ["image.mjs", "image-rootfs.mjs"].map((name) => join(__dirname, "../../scripts/lib", name));

function cacheKey(): string {
  const hash = createHash("sha256").update(process.version);
  for (const path of [findBusybox(), ...SOURCES]) hash.update(readFileSync(path));
  return hash.digest("hex").slice(0, 16);
}

/** Not by instanceof: an error of node:fs has the Error of another realm than a test has. */
function isTaken(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return error.code === "ENOTEMPTY" || error.code === "EEXIST";
}

function relocated(images: TestImages, from: string, to: string): TestImages {
  return JSON.parse(JSON.stringify(images).replaceAll(from, to)) as TestImages;
}

/** Makes both images and puts them in `directory`, all at once, unless somebody has put them there meanwhile. */
export function makeImageCache(directory: string): void {
  const staging = mkdtempSync(`${directory}-`);
  try {
    const busybox = makeBusyboxImage(join(staging, "busybox"));
    const pause = makePauseImage(join(staging, "pause"));
    const images = relocated({ busybox, pause }, staging, directory);
    writeFileSync(join(staging, "images.json"), JSON.stringify(images));
    renameSync(staging, directory);
  } catch (error) {
    // Another worker was faster; its images are the same.
    if (!isTaken(error)) throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * busybox and pause as image files, made once and kept below the temporary directory: workers and runs with the same
 * busybox share them.
 */
export function testImages(): TestImages {
  const directory = join(tmpdir(), `kpod-images-${cacheKey()}`);
  if (!existsSync(directory)) makeImageCache(directory);
  return JSON.parse(readFileSync(join(directory, "images.json"), "utf8")) as TestImages;
}
