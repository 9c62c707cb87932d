import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { cgroupsBelow } from "../../cgroups/files";
import { thawCgroup } from "../../cgroups/freezer";
import { fileError, isNotFound, KpodError } from "../../errors";
import { changingLeases, leaseHolder } from "../../network/leases";
import { readLayers } from "../../storage/layers";
import { changeRecord, editRecords, hasId, readRecords } from "../../storage/records";
import { deleteLayers, refuseMounts, releaseUnused, type RemovalPlace } from "../../storage/removal";
import { isStorageId } from "../../names/ids";
import { isRecord, namesInDirectory, removeIfThere, writeFileAtomic } from "../../system/files";
import { isMountPoint, unmountUnused } from "../../system/mount";
import { signalProcess } from "../../system/process-identity";
import { randomBytes } from "../../system/random";
import type { MendStep, OutsideStep } from "../step";
import type { Journal, Was } from "./journal";

/** What steps are done with: the locks of the store are held for writing. */
export interface MendPlace extends RemovalPlace {
  /** Tells the readers of a file of records that it is about to change. */
  readonly touchOf: (file: string) => () => void;
}

/** A step that is done while the locks of the store are held. */
export type InsideStep = Exclude<MendStep, OutsideStep>;

/** Looks what a step will change, and keeps a copy of it. @throws KpodError CORRUPT for what is not to be replaced */
export function before(step: InsideStep, { layout, logger }: MendPlace, journal: Journal): Was {
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
export function perform(step: InsideStep, place: MendPlace): void {
  switch (step.do) {
    case "link":
      placeLink(step.path, step.target);
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
      place.staging.stage(step.place, step.path);
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
      changeRecord([step.file], place.touchOf(step.file), step.id, step.fields);
      return;
    case "add-record":
      editRecords(step.file, place.touchOf(step.file), (entries) => {
        const { id } = step.record;
        return isStorageId(id) && entries.some((entry) => hasId(entry, id))
          ? entries
          : [...entries, step.record];
      });
      return;
    case "drop-image":
      refuseMounts(step.directory);
      dropRecord(step.file, step.id, place);
      place.staging.stage("root", step.directory);
      return;
    case "delete-layer":
      releaseUnused(place, [step.layer]);
      deleteLayers(place, [step.layer]);
      return;
    case "remove-lease":
      changingLeases(dirname(step.path), () => {
        // It may have been given back, and given to another pod.
        if (leaseHolder(step.path) === step.id) removeIfThere(step.path);
      });
      return;
  }
}

function dropRecord(file: string, id: string, place: MendPlace): void {
  if (!isStorageId(id)) throw new KpodError("CORRUPT", `${JSON.stringify(id)} is no id`);
  editRecords(file, place.touchOf(file), (entries) =>
    entries.some((entry) => hasId(entry, id)) ? entries.filter((entry) => !hasId(entry, id)) : entries,
  );
}

/** Moves what is in a directory into another one of the same file system, which is made. */
function moveAside(from: string, to: string): void {
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
function placeLink(path: string, target: string): void {
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

/**
 * Rolls a step back.
 * @param was what was there before it
 * @returns why it stays as it is; undefined where it was rolled back
 */
export function revert(step: InsideStep, was: Was, place: MendPlace, directory: string): string | undefined {
  switch (step.do) {
    case "link":
    case "write":
    case "directory":
    case "remove":
      if (isAsMade(step)) return putBack(step, was, directory);
      return isAsBefore(step.path, was, directory) ? undefined : `${step.path} was changed since`;
    case "add-record": {
      const record = recordIn(step.file, String(step.record.id), place);
      if (record !== undefined && !isSame(record, step.record))
        return changedSince(step.file, step.record.id);
      if (record !== undefined) dropRecord(step.file, String(step.record.id), place);
      return undefined;
    }
    case "drop-image":
      if (was.kind !== "record") return undefined;
      mkdirSync(step.directory, { recursive: true, mode: 0o700 });
      for (const [name, copy] of Object.entries(was.copies)) {
        if (name !== "" && !name.includes("/"))
          writeFileAtomic(join(step.directory, name), readFileSync(join(directory, copy)), 0o600);
      }
      if (was.record !== undefined)
        editRecords(step.file, place.touchOf(step.file), (entries) =>
          entries.some((entry) => hasId(entry, step.id)) ? entries : [...entries, was.record],
        );
      return undefined;
    case "remove-tree":
      return `${step.path} was deleted`;
    case "unmount":
      return `${step.path} was unmounted`;
    case "kill":
      return `process ${step.pid} was killed`;
    case "move-aside":
      if (isMountPoint(step.path)) return `${step.path} is mounted again: what was in it is in ${step.to}`;
      moveAside(step.to, step.path);
      if (existsSync(step.to)) rmdirSync(step.to);
      return undefined;
    case "thaw":
      return `${step.cgroup} was thawed`;
    case "remove-cgroup":
      return `${step.cgroup} was removed`;
    case "change-record": {
      const metadata = was.kind === "record" && isRecord(was.record) ? was.record.metadata : undefined;
      const now = recordIn(step.file, step.id, place);
      if (!isRecord(now) || isSame(now.metadata, metadata)) return undefined;
      if (now.metadata !== step.fields.metadata) return changedSince(step.file, step.id);
      changeRecord([step.file], place.touchOf(step.file), step.id, {
        metadata: typeof metadata === "string" ? metadata : "",
      });
      return undefined;
    }
    case "delete-layer":
      return `layer ${step.layer.slice(0, 13)} was deleted`;
    case "remove-lease":
      return changingLeases(dirname(step.path), () =>
        isAsMade(step)
          ? putBack(step, was, directory)
          : isAsBefore(step.path, was, directory)
            ? undefined
            : `${step.path} was given to another pod since`,
      );
  }
}

function recordIn(file: string, wanted: string, { logger }: MendPlace): unknown {
  return readRecords(file, logger).find(({ id }) => id === wanted);
}

/** As JSON has them: a field that is undefined is none. */
function isSame(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;
  return isDeepStrictEqual(plain(a), plain(b));
}

function changedSince(file: string, id: unknown): string {
  return `the record ${String(id).slice(0, 13)} in ${file} was changed since`;
}

type PathStep = Extract<MendStep, { do: "link" | "write" | "directory" | "remove" | "remove-lease" }>;

function isAsMade(step: PathStep): boolean {
  const stat = lstatSync(step.path, { throwIfNoEntry: false });
  switch (step.do) {
    case "link":
      return stat?.isSymbolicLink() === true && readlinkSync(step.path) === step.target;
    case "write":
      return stat?.isFile() === true && readFileSync(step.path, "utf8") === step.text;
    case "directory":
      return stat?.isDirectory() === true;
    case "remove":
    case "remove-lease":
      return stat === undefined;
  }
}

/** True where a step has not come to be done, or is rolled back already. */
function isAsBefore(path: string, was: Was, directory: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  switch (was.kind) {
    case "nothing":
      return stat === undefined;
    case "link":
      return stat?.isSymbolicLink() === true && readlinkSync(path) === was.target;
    case "file":
      return stat?.isFile() === true && readFileSync(path).equals(readFileSync(join(directory, was.copy)));
    case "directory":
      return stat?.isDirectory() === true;
    case "record":
      return false;
  }
}

function putBack({ path }: PathStep, was: Was, directory: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) {
    if (was.kind === "directory") return undefined;
    if (namesInDirectory(path).length > 0) return `${path} is not empty`;
    rmdirSync(path);
  }
  switch (was.kind) {
    case "nothing":
      removeIfThere(path);
      return undefined;
    case "link":
      placeLink(path, was.target);
      return undefined;
    case "file":
      writeFileAtomic(path, readFileSync(join(directory, was.copy)), was.mode);
      chownSync(path, was.uid, was.gid);
      return undefined;
    case "directory":
      removeIfThere(path);
      mkdirSync(path);
      chmodSync(path, was.mode);
      return undefined;
    case "record":
      return undefined;
  }
}
