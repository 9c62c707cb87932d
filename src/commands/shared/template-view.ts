import type { NodeInfo } from "../../lib/operations/info";
import type { Inspected } from "../../lib/operations/inspect";

/** What kpod 1.0's templates called the fields whose names in its JSON are others. */
const namesInGo: Readonly<Record<string, string>> = {
  id: "ID",
  ociVersion: "Version",
  oomKilled: "OOMKilled",
  hostIp: "HostIP",
  diff_ids: "DiffIDs",
  Image: "FromImage",
  ImageID: "FromImageID",
  Mountpoint: "MountPoint",
  CreatedBy: "ImageCreatedBy",
};

/** Fields whose objects are maps: a key that they lack is no error. */
const maps: ReadonlySet<string> = new Set([
  "Labels",
  "Annotations",
  "ImageAnnotations",
  "annotations",
  "ExposedPorts",
  "Volumes",
  "Data",
  "sources",
  "GraphStatus",
  "debug",
]);

/** Fields that the JSON leaves out when they are not set, by the field whose object they are of. */
const unset: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "": { SizeRw: 0, SizeRootFs: 0 },
  Config: { User: "" },
  store: { error: "" },
};

/**
 * What was inspected, or is in force on the node, for templates: every field has the name it has in JSON, and the one that kpod 1.0's
 * templates had, so that `.State.Status` and `.State.status` are the same. The second names are not enumerable:
 * `json` and `println` do not show them.
 */
export function templateView(data: Inspected["data"] | NodeInfo): unknown {
  return view("", data);
}

function view(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => view("", item));
  if (typeof value !== "object" || value === null) return value;
  if (maps.has(name)) return new Map(Object.entries(value));
  const entries = Object.entries(value).map(([key, entry]): [string, unknown] => [key, view(key, entry)]);
  const struct: Record<string, unknown> = Object.fromEntries(entries);
  for (const [key, entry] of entries) hide(struct, nameInGo(key), entry);
  for (const [key, entry] of Object.entries(unset[name] ?? {})) hide(struct, key, entry);
  return struct;
}

function nameInGo(key: string): string {
  return namesInGo[key] ?? key.charAt(0).toUpperCase() + key.slice(1);
}

function hide(struct: Record<string, unknown>, key: string, value: unknown): void {
  if (!Object.hasOwn(struct, key)) Object.defineProperty(struct, key, { value, enumerable: false });
}
