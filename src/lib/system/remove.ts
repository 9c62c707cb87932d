import { lstatSync, rmSync } from "node:fs";

/**
 * Removes a file or a link, or with `recursive` a directory with all in it; what is not there is fine, on a file system
 * that can only be read, too.
 * @throws the error of the operating system
 */
export function removeIfThere(path: string, { recursive = false }: { recursive?: boolean } = {}): void {
  // Where nothing may be removed, the kernel says so before it looks whether there is anything.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  rmSync(path, { recursive, force: true });
}
