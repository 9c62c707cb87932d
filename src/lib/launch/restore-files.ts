/*
 * The files that a checkpointed container had changed, written over those of its image. The archive may name anything: its
 * paths mean what they would to a process in the container's root, and nothing leads out of that.
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { posix } from "node:path";
import { shownPath, type CopyEntry } from "../copy/entry";
import { tarEntries } from "../copy/tar-entries";
import { TreeTarget } from "../copy/tree-target";
import { Turns } from "../copy/turns";
import { become, type OwnerRules } from "../copy/write-entry";
import { ifThere } from "../errors";
import { closing } from "../system/files";
import { openInRoot, pathOfDescriptor } from "../system/open-in-root";
import { removeTree } from "../system/remove-tree";

/** How a directory is opened by /proc/self/fd, which are links. */
const throughLink = constants.O_RDONLY | constants.O_DIRECTORY;

/** Users and rights as they were: nobody is another one in the container. */
const owners: OwnerRules = {
  owner: ({ uid, gid }) => ({ uid, gid }),
  keepsRights: () => true,
  root: 0,
};

/**
 * Writes the changed files into a mounted root.
 * @param diff the bytes of a tar archive
 * @throws KpodError BAD_ARGUMENT for a path that leads out, CORRUPT, UNSUPPORTED, IO, NOT_PERMITTED, INTERRUPTED
 */
export async function writeRootDiff(
  rootPath: string,
  diff: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const directory = openSync(rootPath, throughLink);
  try {
    const target = new TreeTarget(
      { directory, top: undefined, shown: "/" },
      {
        ...owners,
        ...{ devices: true, passedOver: { devices: 0, sockets: 0 }, turns: new Turns(signal) },
        openDirectory: (path) => openInRoot(rootPath, `/${shownPath(path)}/.`),
      },
    );
    const present: CopyEntry[] = [];
    try {
      for await (const entry of tarEntries(diff)) {
        if (makeWay(rootPath, entry)) present.push(entry);
        await target.put(entry);
      }
      target.finish();
    } catch (error) {
      target.abandon();
      throw error;
    }
    for (const entry of present) changeDirectory(rootPath, entry);
  } finally {
    closeSync(directory);
  }
}

/**
 * Removes what is of another kind where an entry goes: a directory that has become a file, or the other way round.
 * @returns whether it is a directory that is there, which a copy leaves as it is
 */
function makeWay(rootPath: string, { path, type }: CopyEntry): boolean {
  if (path === "") return false;
  const isDirectory = ifThere(() =>
    closing(openInRoot(rootPath, shownPath(path), { follow: false }), (fd) => fstatSync(fd).isDirectory()),
  );
  if (isDirectory === undefined) return false;
  if (isDirectory !== (type === "directory")) removeInRoot(rootPath, shownPath(path));
  return isDirectory && type === "directory";
}

function changeDirectory(rootPath: string, entry: CopyEntry): void {
  closing(openInRoot(rootPath, shownPath(entry.path), { follow: false }), (place) => {
    if (!fstatSync(place).isDirectory()) return;
    closing(openSync(pathOfDescriptor(place), throughLink), (fd) => {
      become(fd, entry, owners);
    });
  });
}

/** Removes a path of a mounted root, with all that is in it; one that is not there is fine. @throws KpodError IO, NOT_PERMITTED */
export function removeInRoot(rootPath: string, path: string): void {
  const whole = posix.resolve("/", path);
  if (whole === "/" || whole.includes("\0")) return;
  const parent = ifThere(() => openInRoot(rootPath, posix.dirname(whole)));
  if (parent === undefined) return;
  closing(parent, (fd) => {
    removeTree(`${pathOfDescriptor(fd)}/${posix.basename(whole)}`);
  });
}
