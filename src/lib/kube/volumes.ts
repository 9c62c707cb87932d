import { isDataKey, type DataObject } from "./data-objects";
import type { LateText } from "./facts";
import { labelName, type Fields } from "./fields";
import { readQuantity } from "../quantity";
import { fieldReference, referredObject, resourceReference, type ReferenceScope } from "./references";

/** What must be at a path of the host, or is made there. */
const hostPathTypes = [
  "DirectoryOrCreate",
  "Directory",
  "FileOrCreate",
  "File",
  "Socket",
  "CharDevice",
  "BlockDevice",
] as const;

/** Undefined where anything may be there, and a directory is made where nothing is. */
export type HostPathType = (typeof hostPathTypes)[number] | undefined;

/** A file of a volume. */
export interface VolumeFile {
  /** In the volume. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer | LateText;
}

/** What a volume is made of. */
export type VolumeSource =
  | { readonly kind: "hostPath"; readonly path: string; readonly type: HostPathType }
  | { readonly kind: "emptyDir"; readonly memory: boolean; readonly size: number | undefined }
  | { readonly kind: "files"; readonly files: readonly VolumeFile[] };

/** A volume of a pod. */
export interface KubeVolume {
  readonly name: string;
  readonly source: VolumeSource;
  /** As the file has it, for who asks for the pod as a file again. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** Reads the volumes of a pod. @throws KpodError BAD_ARGUMENT for a claim that nobody can meet */
export function readVolumes(spec: Fields, scope: ReferenceScope): KubeVolume[] {
  const volumes = spec.objects("volumes").map((fields): KubeVolume => {
    const name = labelName(fields);
    const definition = Object.fromEntries(fields.names().map((key) => [key, fields.raw(key)]));
    return { name, source: readSource(fields, name, scope), definition };
  });
  const names = volumes.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) throw spec.bad(["volumes", twice], `is the second of the name ${names[twice] ?? ""}`);
  return volumes;
}

function readSource(volume: Fields, name: string, scope: ReferenceScope): VolumeSource {
  const kinds = volume.names().filter((key) => key !== "name");
  const [kind = "emptyDir"] = kinds;
  if (kinds.length > 1) throw volume.bad([], `has several sources: ${kinds.join(", ")}`);
  const source = volume.object(kind);
  switch (kind) {
    case "hostPath":
      return readHostPath(source ?? volume);
    case "emptyDir":
      return readEmptyDir(source);
    case "configMap":
    case "secret":
    case "downwardAPI":
      return {
        kind: "files",
        files: readFiles(kind, source ?? volume, modeOf(source, "defaultMode"), scope),
      };
    case "projected":
      return { kind: "files", files: readProjected(source ?? volume, scope) };
    case "persistentVolumeClaim":
      throw volume.bad(
        [kind],
        `claims ${source?.text("claimName") ?? "storage of the cluster"}, which nobody can meet here`,
        "give a hostPath in its place",
      );
    default:
      throw volume.bad([kind], `is a kind of volume that nobody can mount here (volume ${name})`);
  }
}

function readHostPath(source: Fields): VolumeSource {
  const path = source.requiredText("path");
  if (!path.startsWith("/") || path.split("/").includes(".."))
    throw source.bad(["path"], `is ${JSON.stringify(path)}, and must be absolute, without ..`);
  return { kind: "hostPath", path, type: source.word("type", hostPathTypes) };
}

function readEmptyDir(source: Fields | undefined): VolumeSource {
  const medium = source?.text("medium") ?? "";
  if (source !== undefined && medium !== "" && medium !== "Memory")
    throw source.bad(["medium"], `is ${medium}, which nobody can give it here`);
  const memory = medium === "Memory";
  const limit = source?.raw("sizeLimit");
  const size = limit === undefined ? undefined : readQuantity(limit);
  if (source !== undefined && limit !== undefined && size === undefined)
    throw source.bad(["sizeLimit"], "is no quantity, as 64Mi");
  if (!memory) source?.leave("nobody measures it here", "sizeLimit");
  return {
    kind: "emptyDir",
    memory,
    size: memory && size !== undefined && size > 0 ? Math.ceil(size) : undefined,
  };
}

function modeOf(fields: Fields | undefined, name: "defaultMode" | "mode", fallback = 0o644): number {
  const mode = fields?.integer(name) ?? fallback;
  if (fields !== undefined && mode > 0o777)
    throw fields.bad([name], `is ${mode}, and no mode of a file: write it as 0644, or in decimal`);
  return mode;
}

function readProjected(projected: Fields, scope: ReferenceScope): VolumeFile[] {
  const mode = modeOf(projected, "defaultMode");
  return projected.objects("sources").flatMap((source) => {
    const kinds = source.names();
    return kinds.flatMap((kind) => {
      if (kind !== "configMap" && kind !== "secret" && kind !== "downwardAPI")
        throw source.bad(
          [kind],
          "is a claim that nobody can meet here, for it takes a cluster",
          "leave this volume out, and what mounts it",
        );
      return readFiles(kind, source.object(kind) ?? source, mode, scope, "name");
    });
  });
}

/** @param secretName the field with the name of a Secret, which has another one in a projected volume */
function readFiles(
  kind: "configMap" | "secret" | "downwardAPI",
  source: Fields,
  mode: number,
  scope: ReferenceScope,
  secretName = "secretName",
): VolumeFile[] {
  if (kind === "downwardAPI") return source.objects("items").map((item) => readDownward(item, mode, scope));
  const object =
    kind === "configMap"
      ? referredObject("ConfigMap", source, scope)
      : referredObject("Secret", source, scope, secretName);
  if (object === undefined) {
    source.passOver("items", "optional");
    return [];
  }
  if (source.raw("items") === undefined)
    return [...object.data].map(([path, content]) => ({ path, mode, content }));
  return source
    .objects("items")
    .flatMap((item) => readItem(item, object, mode, source.flag("optional") === true));
}

function readItem(
  item: Fields,
  { data, kind, name }: DataObject,
  mode: number,
  optional: boolean,
): VolumeFile[] {
  const key = item.requiredText("key");
  const path = pathOf(item);
  const content = isDataKey(key) ? data.get(key) : undefined;
  const own = modeOf(item, "mode", mode);
  if (content !== undefined) return [{ path, mode: own, content }];
  if (optional) return [];
  throw item.bad(["key"], `is ${JSON.stringify(key)}, which ${kind} ${name} does not have`);
}

function readDownward(item: Fields, mode: number, scope: ReferenceScope): VolumeFile {
  const path = pathOf(item);
  const own = modeOf(item, "mode", mode);
  const field = item.object("fieldRef");
  const resource = item.object("resourceFieldRef");
  if (field === undefined && resource === undefined) throw item.bad([], "refers to nothing");
  const content =
    field === undefined ? resourceReference(resource ?? item, scope, "") : fieldReference(field, scope);
  return { path, mode: own, content };
}

function pathOf(item: Fields): string {
  const path = item.requiredText("path");
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || path.includes("\0"))
    throw item.bad(["path"], `is ${JSON.stringify(path)}, and must be one below the volume`);
  return path;
}
