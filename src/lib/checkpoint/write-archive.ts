import { closeSync, existsSync, readdirSync, fstatSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { orFileError, throwIfInterrupted } from "../errors";
import { openRegularFile } from "../system/files";
import { TarWriter } from "../system/tar-writer";
import { formatConfig, formatMember, members, type BindMount, type CheckpointConfig } from "./format";

/** Of what an archive of a checkpoint is made. */
export interface ArchiveParts {
  /** The container's directory, in which what criu has written is. */
  readonly directory: string;
  readonly config: CheckpointConfig;
  /** The text of its config.json. */
  readonly spec: string;
  readonly bindMounts: readonly BindMount[];
  /** The file with the archive of what the container changed in its root. */
  readonly rootDiff: string;
  /** Paths that it removed. */
  readonly deletedFiles: readonly string[];
  /** Its networks and addresses by podman's words; undefined on the node's network. */
  readonly networkStatus: unknown;
  /** Its log; "" where there is none. */
  readonly logPath: string;
}

/**
 * Writes an archive of a checkpoint.
 * @param write takes bytes that are used again once it returns
 * @throws KpodError IO, NOT_PERMITTED, INTERRUPTED; what `write` throws
 */
export async function writeCheckpointArchive(
  parts: ArchiveParts,
  write: (bytes: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { directory, bindMounts, deletedFiles, networkStatus, rootDiff, logPath } = parts;
  const tar = new TarWriter(write);
  const common = { uid: 0, gid: 0, mtime: Math.floor(Date.now() / 1000) };
  const addText = (name: string, text: string): void => {
    const bytes = Buffer.from(text);
    tar.entry({ ...common, type: "file", name, mode: 0o600, size: bytes.length });
    tar.add(bytes);
    tar.pad(bytes.length);
  };
  const addFile = async (name: string, path: string): Promise<void> => {
    const { fd } = orFileError(`cannot read ${path}`, () => openRegularFile(path));
    try {
      const { size } = fstatSync(fd);
      tar.entry({ ...common, type: "file", name, mode: 0o600, size });
      let left = size;
      for (let read = -1; left > 0 && read !== 0; left -= read) {
        read = tar.addFrom(fd, left);
        await nextTurn();
        throwIfInterrupted(signal, "writing the checkpoint");
      }
      tar.addZeros(left);
      tar.pad(size);
    } finally {
      closeSync(fd);
    }
  };
  addText(members.config, formatConfig(parts.config));
  addText(members.spec, parts.spec);
  if (bindMounts.length > 0) addText(members.bindMounts, formatMember(bindMounts));
  if (networkStatus !== undefined) addText(members.networkStatus, formatMember(networkStatus));
  const images = join(directory, members.images);
  tar.entry({ ...common, type: "directory", name: `${members.images}/`, mode: 0o700, size: 0 });
  for (const name of readdirSync(images).sort())
    await addFile(`${members.images}/${name}`, join(images, name));
  for (const name of [members.dumpLog, members.stats])
    if (existsSync(join(directory, name))) await addFile(name, join(directory, name));
  await addFile(members.rootDiff, rootDiff);
  if (deletedFiles.length > 0) addText(members.deletedFiles, formatMember(deletedFiles));
  if (logPath !== "" && existsSync(logPath)) await addFile(members.log, logPath);
  tar.end();
}
