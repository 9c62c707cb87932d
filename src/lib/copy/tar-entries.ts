import { KpodError } from "../errors";
import { readTar } from "../system/tar-reader";
import { shortPath } from "../system/paths";
import { shownPath, type CopyEntry } from "./entry";

/**
 * The entries of a tar archive. Their paths lie below the place where it is unpacked, whatever it says: one that leads up
 * out of it ends the copy, an absolute one is taken from there.
 * @throws KpodError as `readTar`, and BAD_ARGUMENT for a path that leads out
 */
export async function* tarEntries(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CopyEntry, void> {
  for await (const { name, target = "", ...entry } of readTar(chunks)) {
    const path = pathWithin(name);
    if (entry.type === "link") yield { ...entry, path, target: pathWithin(target) };
    else yield { ...entry, path, target };
  }
}

function pathWithin(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || name.includes("\0")) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `the archive is refused: ${shortPath(shownPath(name))} leads out of the destination`,
    );
  }
  return parts.join("/");
}
