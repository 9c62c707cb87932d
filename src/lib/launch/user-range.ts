import { KpodError } from "../errors";
import type { IdMappings, SpecIdMapping } from "../oci/spec";
import type { ContainerRecord } from "../storage/records";
import { isRecord, readTextIfThere } from "../system/files";

/** The user namespace that a new pod is to have: ranges that are chosen for it, or these. */
export type UserNamespaceRequest =
  { readonly size: number } | { readonly ranges: readonly Required<SpecIdMapping>[] };

/** How many users a pod has where nobody says: as many as the kubelet gives one. */
const usualSize = 65_536;

const largestId = 2 ** 32 - 2;

/** In /etc/subuid and /etc/subgid who has the users that pods get, as containers/storage calls him. */
const owner = "containers";

/**
 * Reads what a user namespace is to be: `auto`, `auto:size=SIZE` or `INSIDE:NODE:SIZE,…`; undefined for what is none of
 * these.
 * @throws KpodError BAD_ARGUMENT for ranges that cannot be
 */
export function parseUserNamespace(text: string): UserNamespaceRequest | undefined {
  const auto = /^auto(?::size=(\d{1,10}))?$/.exec(text);
  if (auto !== null) {
    const size = Number(auto[1] ?? usualSize);
    if (size > 0 && size <= largestId) return { size };
    throw new KpodError("BAD_ARGUMENT", `a user namespace of ${size} users cannot be`);
  }
  const parts = text.split(",").map((part) => /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/.exec(part));
  const ranges: Required<SpecIdMapping>[] = [];
  for (const part of parts) {
    if (part === null) return undefined;
    const [containerID = 0, hostID = 0, size = 0] = part.slice(1).map(Number);
    ranges.push({ containerID, hostID, size });
  }
  checkRanges(text, ranges);
  return { ranges };
}

function checkRanges(text: string, ranges: readonly Required<SpecIdMapping>[]): void {
  const refuse = (why: string): never => {
    throw new KpodError("BAD_ARGUMENT", `the user namespace ${text} cannot be: ${why}`);
  };
  for (const [index, { containerID, hostID, size }] of ranges.entries()) {
    if (size === 0) refuse("a range has no users");
    if (containerID + size - 1 > largestId || hostID + size - 1 > largestId)
      refuse(`there is no user above ${largestId}`);
    if (hostID === 0) refuse("its users would be root on the node");
    for (const other of ranges.slice(0, index)) {
      if (overlap(containerID, size, other.containerID, other.size)) refuse("two ranges are the same inside");
      if (overlap(hostID, size, other.hostID, other.size)) refuse("two ranges are the same on the node");
    }
  }
  if (!ranges.some(({ containerID }) => containerID === 0)) refuse("it has no root inside");
}

function overlap(one: number, size: number, other: number, otherSize: number): boolean {
  return one < other + otherSize && other < one + size;
}

/**
 * The ranges of a new user namespace. Such as are chosen are taken from those of the user `containers` in /etc/subuid and
 * /etc/subgid, beside those that containers of the store have: kept apart by them, pods cannot reach each other's files.
 * @throws KpodError UNSUPPORTED where the node has none to give
 */
export function chooseMappings(
  request: UserNamespaceRequest,
  records: readonly ContainerRecord[],
  files = { uids: "/etc/subuid", gids: "/etc/subgid" },
): IdMappings {
  if ("ranges" in request) return { uids: request.ranges, gids: request.ranges };
  const { size } = request;
  const range = (file: string, key: "uidmap" | "gidmap"): SpecIdMapping[] => [
    { containerID: 0, hostID: freeRange(size, file, [rootOfNode, ...takenIn(records, key)]), size },
  ];
  return { uids: range(files.uids, "uidmap"), gids: range(files.gids, "gidmap") };
}

interface Range {
  readonly first: number;
  readonly size: number;
}

/** No pod's, whoever is given it. */
const rootOfNode: Range = { first: 0, size: 1 };

function takenIn(records: readonly ContainerRecord[], key: "uidmap" | "gidmap"): Range[] {
  return records.flatMap((record) => {
    const maps = (record as Readonly<Record<string, unknown>>)[key];
    if (!Array.isArray(maps)) return [];
    return maps
      .filter(isRecord)
      .map(({ host_id: first, size }) => ({ first: Number(first), size: Number(size) }));
  });
}

function freeRange(size: number, file: string, taken: readonly Range[]): number {
  const given = rangesOfOwner(file);
  if (given.length === 0) {
    throw new KpodError("UNSUPPORTED", `${file} gives the user ${owner} no ids for user namespaces`, {
      hint: `add a line like ${owner}:2147483648:1073741824 to /etc/subuid and /etc/subgid, or name the users: --userns 0:200000:65536`,
    });
  }
  for (const { first, size: available } of given) {
    let start = first;
    for (;;) {
      const rival = taken.find((range) => overlap(start, size, range.first, range.size));
      if (rival === undefined) break;
      start = rival.first + rival.size;
    }
    if (start + size <= first + available) return start;
  }
  throw new KpodError("UNSUPPORTED", `${file} gives the user ${owner} no ${size} ids that nobody has yet`, {
    hint: `ask for fewer, auto:size=1024 for example, or give ${owner} more`,
  });
}

function rangesOfOwner(file: string): Range[] {
  return (readTextIfThere(file) ?? "").split("\n").flatMap((line) => {
    const [name, first = "", size = ""] = line.trim().split(":");
    if (name !== owner || !/^\d{1,10}$/.test(first) || !/^\d{1,10}$/.test(size)) return [];
    return [{ first: Number(first), size: Number(size) }];
  });
}
