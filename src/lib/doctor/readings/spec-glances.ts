import { fstatSync, openSync, readSync } from "node:fs";
import { ifThere, tolerate } from "../../errors";
import { isStorageId } from "../../names/ids";
import { annotations } from "../../oci/annotations";
import { annotationInScratch } from "../../oci/spec-file";
import { closing, namesInDirectory } from "../../system/files";
import { readIntoScratch, scratch } from "../../system/scratch";

/** What a file of JSON tells without being parsed, as a thousand specs would take long. */
export interface Glance {
  /** What is wrong with it, as far as its end tells. */
  readonly fault: string | undefined;
  /** Of a spec where the log of the container is; undefined where only the whole of it tells. */
  readonly logPath: string | undefined;
  /** False for a spec that names no directory of the kubelet's pods. */
  readonly mayNamePods: boolean;
}

/**
 * Looks at the specs of all containers as they live through a reboot.
 * @param directory of the containers
 * @param wholly also for what specs say of logs, and of pods
 * @throws KpodError NOT_PERMITTED, IO
 */
export function readSpecGlances(directory: string, wholly: boolean): ReadonlyMap<string, Glance> {
  const ids = namesInDirectory(directory).filter(isStorageId);
  return new Map(ids.map((id) => [id, glanceAt(`${directory}/${id}/userdata/config.json`, wholly)]));
}

/** @param isSpec also looks for what a spec says of the log, and of pods */
export function glanceAt(path: string, isSpec = false): Glance {
  const length = tolerate(undefined, () => ifThere(() => readIntoScratch(path)) ?? "missing");
  const unread = { logPath: undefined, mayNamePods: true };
  if (length === undefined) return { ...unread, fault: "is no regular file" };
  if (length === "missing") return { ...unread, fault: "is missing" };
  const end =
    length < scratch.length ? scratch.toString("latin1", Math.max(0, length - 16), length) : endOf(path);
  const fault = length === 0 ? "is empty" : /\}\s*$/.test(end) ? undefined : "is cut";
  if (!isSpec || length === scratch.length) return { ...unread, fault };
  return {
    fault,
    logPath: annotationInScratch(length, annotations.logPath),
    mayNamePods: scratch.subarray(0, length).includes("/pods/"),
  };
}

/** The end of a file that is larger than what is read at once. */
function endOf(path: string): string {
  return closing(openSync(path, "r"), (fd) => {
    const end = Buffer.alloc(16);
    const length = readSync(fd, end, 0, end.length, Math.max(0, fstatSync(fd).size - end.length));
    return end.toString("latin1", 0, length);
  });
}
