import { KpodError } from "../errors";
import { mappingsIn, type Spec, type SpecIdMapping } from "../oci/spec";
import { isRecord } from "../system/files";
import { readProcessFile } from "../system/process";

/** A range of ids of the node that a user namespace has. */
export interface IdRange {
  readonly container: number;
  readonly host: number;
  readonly size: number;
}

/** Those of users and of groups; none for a container without a user namespace. */
export interface ContainerIds {
  readonly users: readonly IdRange[];
  readonly groups: readonly IdRange[];
}

/** The ids of the node that a user namespace has, as inspect shows them, in podman's form: `0:200000:65536` is `CONTAINER:NODE:SIZE`. */
export interface ShownIdMappings {
  UidMap: string[];
  GidMap: string[];
}

/** Those of a spec; none without a user namespace of its own. */
export function shownIdMappings({ linux }: Pick<Spec, "linux">): ShownIdMappings {
  const shown = (mappings: readonly SpecIdMapping[] | undefined): string[] =>
    readSpecMap(mappings)
      .map(({ container, host, size }) => [container, host, size])
      .filter((range) => range.every(Number.isSafeInteger))
      .map((range) => range.join(":"));
  return { UidMap: shown(linux?.uidMappings), GidMap: shown(linux?.gidMappings) };
}

/** Reads a map as the record of a layer has it (`uidmap`). */
export function readRecordMap(value: unknown): IdRange[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((range) => ({
    container: Number(range.container_id),
    host: Number(range.host_id),
    size: Number(range.size),
  }));
}

/** Reads a map as a spec has it (`uidMappings`). */
export function readSpecMap(mappings: readonly SpecIdMapping[] | undefined): IdRange[] {
  return mappingsIn(mappings).map(({ containerID, hostID, size }) => ({
    container: containerID,
    host: hostID,
    size,
  }));
}

/** Reads a map as the kernel shows that of a process; empty when it is gone. */
export function readProcessMap(pid: number, file: "uid_map" | "gid_map"): IdRange[] {
  return (readProcessFile(pid, file) ?? "").split("\n").flatMap((line) => {
    const [container, host, size] = line.trim().split(/\s+/).map(Number);
    return container === undefined || host === undefined || size === undefined
      ? []
      : { container, host, size };
  });
}

/** An id of the node as a container with a user namespace sees it; one that it does not have stays as it is. */
export function idInContainer(id: number, ranges: readonly IdRange[]): number {
  return mapped(id, ranges) ?? id;
}

/** The same as the kernel shows it: one that it does not have as that of nobody, see /proc/sys/kernel/overflowuid. */
export function idShownIn(id: number, ranges: readonly IdRange[]): number {
  return mapped(id, ranges) ?? 65534;
}

function mapped(id: number, ranges: readonly IdRange[]): number | undefined {
  const range = ranges.find(({ host, size }) => id >= host && id < host + size);
  return range === undefined ? undefined : id - range.host + range.container;
}

/** An id of a container as the node has it. @throws KpodError BAD_ARGUMENT for one that its user namespace does not have */
export function idOnNode(id: number, ranges: readonly IdRange[], kind: "group" | "user"): number {
  if (ranges.length === 0) return id;
  const range = ranges.find(({ container, size }) => id >= container && id < container + size);
  if (range !== undefined) return id - range.container + range.host;
  throw new KpodError("BAD_ARGUMENT", `the container's user namespace has no ${kind} ${id}`, {
    hint: "leave --archive out",
  });
}
