import { lstatSync, mkdirSync, readlinkSync, renameSync, rmdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupsBelow } from "../../cgroups/files";
import { thawCgroup } from "../../cgroups/freezer";
import { fileError, isNotFound, KpodError } from "../../errors";
import { changingLeases, leaseHolder } from "../../network/leases";
import { readLayers } from "../../storage/layers";
import { changeRecord, editRecords, hasId, readRecords } from "../../storage/records";
import { deleteLayers, refuseMounts, releaseUnused, type RemovalParts } from "../../storage/removal";
import { isStorageId } from "../../names/ids";
import { namesInDirectory, removeIfThere, writeFileAtomic } from "../../system/files";
import { isMountPoint, unmountUnused } from "../../system/mount";
import { signalProcess } from "../../system/process-identity";
import { randomBytes } from "../../system/random";
import type { MendStep, OutsideStep } from "../step";
import type { Journal, Was } from "./journal";

/** What steps are done with: the locks of the store are held for writing. */
export interface MendParts extends RemovalParts {
  /** Tells the readers of a file of records that it is about to change. */
  readonly touchOf: (file: string) => () => void;
}

/** A step that is done while the locks of the store are held. */
export type InsideStep = Exclude<MendStep, OutsideStep>;

/** Looks what a step will change, and keeps a copy of it. @throws KpodError CORRUPT for what is not to be replaced */
export function before(step: InsideStep, { layout, logger }: MendParts, journal: Journal): Was {
  switch (step.do) {
    case "link":
    case "write":
    case "directory":
    case "remove":
    case "remove-lease":
      return wasAt(step.path, journal);
    case "add-record":
    case "remove-tree":
    case "unmount":
    case "kill":
    case "move-aside":
    case "thaw":
    case "remove-cgroup":
      return { kind: "nothing" };
    case "change-record": {
      const record = readRecords(step.file, logger).find(({ id }) => id === step.id);
      return { kind: "record", record, copies: {} };
    }
    case "drop-image": {
      const record = readRecords(step.file, logger).find(({ id }) => id === step.id);
      const names = namesInDirectory(step.directory);
      const files = names.filter((name) => lstatSync(join(step.directory, name)).isFile());
      const copies = files.map((name) => [name, journal.copy(join(step.directory, name))] as const);
      return { kind: "record", record, copies: Object.fromEntries(copies) };
    }
    case "delete-layer": {
      const record = readLayers(layout, logger).find(({ id }) => id === step.layer);
      return { kind: "record", record, copies: {} };
    }
  }
}

function wasAt(path: string, journal: Journal): Was {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { kind: "nothing" };
  const { uid, gid } = stat;
  if (stat.isSymbolicLink()) return { kind: "link", target: readlinkSync(path) };
  if (stat.isFile()) return { kind: "file", copy: journal.copy(path), mode: stat.mode & 0o7777, uid, gid };
  if (stat.isDirectory()) return { kind: "directory", mode: stat.mode & 0o7777 };
  throw new KpodError("CORRUPT", `${path} is neither a file nor a link nor a directory`, {
    hint: "move it away",
  });
}

/** Does a step; what is done already is done again without harm. @throws KpodError IO, NOT_PERMITTED, CORRUPT */
export function perform(step: InsideStep, parts: MendParts): void {
  switch (step.do) {
    case "link":
      makeLink(step.path, step.target);
      return;
    case "write":
      writeFileAtomic(step.path, step.text, step.mode);
      return;
    case "directory":
      if (lstatSync(step.path, { throwIfNoEntry: false })?.isDirectory() === true) return;
      removeIfThere(step.path);
      mkdirSync(step.path, { mode: step.mode });
      return;
    case "remove":
      removeIfThere(step.path);
      return;
    case "remove-tree":
      if (lstatSync(step.path, { throwIfNoEntry: false }) === undefined) return;
      refuseMounts(step.path);
      parts.staging.stage(step.place, step.path);
      return;
    case "unmount":
      unmountUnused(step.path);
      return;
    case "kill":
      signalProcess(step, "SIGKILL");
      return;
    case "move-aside":
      moveAside(step.path, step.to);
      return;
    case "thaw":
      thawCgroup(step.cgroup);
      return;
    case "remove-cgroup":
      removeEmptyCgroup(step.cgroup);
      return;
    case "change-record":
      changeRecord([step.file], parts.touchOf(step.file), step.id, step.fields);
      return;
    case "add-record":
      editRecords(step.file, parts.touchOf(step.file), (entries) => {
        const { id } = step.record;
        return isStorageId(id) && entries.some((entry) => hasId(entry, id))
          ? entries
          : [...entries, step.record];
      });
      return;
    case "drop-image":
      refuseMounts(step.directory);
      removeRecord(step.file, step.id, parts);
      parts.staging.stage("root", step.directory);
      return;
    case "delete-layer":
      releaseUnused(parts, [step.layer]);
      deleteLayers(parts, [step.layer]);
      return;
    case "remove-lease":
      changingLeases(dirname(step.path), () => {
        // It may have been given back, and given to another pod.
        if (leaseHolder(step.path) === step.id) removeIfThere(step.path);
      });
      return;
  }
}

/** Removes a record from a file of records, where it is there. @throws KpodError CORRUPT for an id that is none */
export function removeRecord(file: string, id: string, parts: MendParts): void {
  if (!isStorageId(id)) throw new KpodError("CORRUPT", `${JSON.stringify(id)} is no id`);
  editRecords(file, parts.touchOf(file), (entries) =>
    entries.some((entry) => hasId(entry, id)) ? entries.filter((entry) => !hasId(entry, id)) : entries,
  );
}

/** Moves what is in a directory into another one of the same file system, which is made. @throws KpodError IO, BAD_STATE */
export function moveAside(from: string, to: string): void {
  const names = namesInDirectory(from);
  if (names.length === 0) return;
  // What is mounted there now is no stray file.
  if (isMountPoint(from)) throw new KpodError("BAD_STATE", `something is mounted at ${from}`);
  refuseMounts(from);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of names) {
    try {
      renameSync(join(from, name), join(to, name));
    } catch (error) {
      throw fileError(`cannot move ${join(from, name)} to ${to}`, error);
    }
  }
}

/** From the deepest on; the kernel refuses one in which a process is. */
function removeEmptyCgroup(cgroup: string): void {
  for (const name of cgroupsBelow(cgroup)) removeEmptyCgroup(join(cgroup, name));
  try {
    rmdirSync(cgroup);
  } catch (error) {
    if (!isNotFound(error)) throw fileError(`cannot remove the cgroup ${cgroup}`, error);
  }
}

/** Puts a link in the place of a file, a link, or an empty directory. */
export function makeLink(path: string, target: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) rmdirSync(path);
  const temporary = join(dirname(path), `.kpod-${randomBytes(6).toString("hex")}`);
  try {
    symlinkSync(target, temporary);
    renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
}
