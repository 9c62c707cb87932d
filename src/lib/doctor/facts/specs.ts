import { fstatSync, openSync, readSync } from "node:fs";
import { ifThere, tolerate } from "../../errors";
import { annotations } from "../../oci/annotations";
import type { StorageId } from "../../names/ids";
import { annotationInScratch } from "../../oci/spec-file";
import { closing } from "../../system/files";
import { readIntoScratch, scratch } from "../../system/scratch";
import type { Facts } from "../facts";
import { ownRecords } from "./store";

/** The uids of CRI-O's pods in Kubernetes, by the ids of the pods. */
export async function podUids(facts: Facts): Promise<ReadonlyMap<string, string>> {
  const own = await facts.get(ownRecords);
  return new Map(
    [...own.values()].flatMap(({ record: { id }, metadata }) =>
      typeof metadata.uid === "string" && metadata.uid !== "" ? [[id as string, metadata.uid]] : [],
    ),
  );
}

/** What a file of JSON tells without being parsed, as a thousand specs would take long. */
export interface Glance {
  /** What is wrong with it, as far as its end tells. */
  readonly fault: string | undefined;
  /** Of a spec where the log of the container is; undefined where only the whole of it tells. */
  readonly logPath: string | undefined;
  /** False for a spec that names no directory of the kubelet's pods. */
  readonly mayNamePods: boolean;
}

/** Looks at the spec of a container of CRI-O as it lives through a reboot, once for all who ask. */
export function specGlances({ server: { store }, options }: Facts): (id: StorageId) => Glance {
  const seen = new Map<StorageId, Glance>();
  return (id) => {
    const glance = seen.get(id) ?? glanceAt(`${store.userdataDirectory(id)}/config.json`, !options.quick);
    seen.set(id, glance);
    return glance;
  };
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
