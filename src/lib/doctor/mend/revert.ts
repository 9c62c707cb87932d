import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { changingLeases } from "../../network/leases";
import { changeRecord, editRecords, hasId, readRecords } from "../../storage/records";
import { isRecord, namesInDirectory, removeIfThere, writeFileAtomic } from "../../system/files";
import { isMountPoint } from "../../system/mount";
import type { MendStep } from "../step";
import type { Was } from "./journal";
import { makeLink, moveAside, removeRecord, type InsideStep, type MendParts } from "./steps";

/**
 * Rolls a step back.
 * @param was what was there before it
 * @returns why it stays as it is; undefined where it was rolled back
 */
export function revert(step: InsideStep, was: Was, parts: MendParts, directory: string): string | undefined {
  switch (step.do) {
    case "link":
    case "write":
    case "directory":
    case "remove":
      if (isAsMade(step)) return putBack(step, was, directory);
      return isAsBefore(step.path, was, directory) ? undefined : `${step.path} was changed since`;
    case "add-record": {
      const record = recordIn(step.file, String(step.record.id), parts);
      if (record !== undefined && !isSame(record, step.record))
        return changedSince(step.file, step.record.id);
      if (record !== undefined) removeRecord(step.file, String(step.record.id), parts);
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
        editRecords(step.file, parts.touchOf(step.file), (entries) =>
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
      const now = recordIn(step.file, step.id, parts);
      if (!isRecord(now) || isSame(now.metadata, metadata)) return undefined;
      if (now.metadata !== step.fields.metadata) return changedSince(step.file, step.id);
      changeRecord([step.file], parts.touchOf(step.file), step.id, {
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

function recordIn(file: string, wanted: string, { logger }: MendParts): unknown {
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
      makeLink(path, was.target);
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
