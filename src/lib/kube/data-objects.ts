import { KpodError } from "../errors";
import type { Fields } from "./fields";

/** A ConfigMap or a Secret. */
export interface DataObject {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  /** As the file has it; undefined where it says none. */
  readonly namespace: string | undefined;
  /** The contents by their keys. */
  readonly data: ReadonlyMap<string, Buffer>;
}

/** What a pod may refer to. */
export interface DataObjects {
  /**
   * A ConfigMap or Secret as a pod of a namespace sees it: one of that namespace, else one whose file says none.
   * @returns undefined where there is none
   */
  find(kind: DataObject["kind"], name: string, namespace: string): DataObject | undefined;
}

/** Reads what a ConfigMap or Secret holds. @throws KpodError BAD_ARGUMENT */
export function readDataObject(
  kind: DataObject["kind"],
  fields: Fields,
  { name, namespace }: Pick<DataObject, "name" | "namespace">,
): DataObject {
  const [plain, encoded] = kind === "ConfigMap" ? ["data", "binaryData"] : ["stringData", "data"];
  const texts = Object.entries(fields.textMap(plain)).map(([key, text]) => [key, Buffer.from(text)] as const);
  const bytes = Object.entries(fields.textMap(encoded)).map(([key, text]) => {
    // White space is of one part alone, or a text of nothing else would be tried at each of its places.
    if (!/^[A-Za-z0-9+/\s]*(?:={1,2}\s*)?$/.test(text)) throw fields.bad([encoded, key], "is no base64");
    return [key, Buffer.from(text, "base64")] as const;
  });
  fields.passOver("type", "immutable");
  const entries = [...bytes, ...texts];
  const odd = entries.find(([key]) => !isDataKey(key));
  if (odd !== undefined) throw fields.bad([], `has the key ${JSON.stringify(odd[0])}, which cannot be one`);
  return { kind, name, namespace, data: new Map(entries) };
}

/** True for what can be the key of a ConfigMap, and so the name of a file. */
export function isDataKey(key: string): boolean {
  return /^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== "." && !key.startsWith("..");
}

/** Makes objects to be found. @throws KpodError BAD_ARGUMENT for two of one name */
export function dataObjects(objects: readonly DataObject[]): DataObjects {
  const keyOf = ({
    kind,
    name,
    namespace = "",
  }: Pick<DataObject, "kind" | "name"> & { namespace?: string | undefined }): string =>
    `${kind} ${namespace}/${name}`;
  const found = new Map<string, DataObject>();
  for (const object of objects) {
    const key = keyOf(object);
    if (found.has(key)) throw new KpodError("BAD_ARGUMENT", `${object.kind} ${object.name} is there twice`);
    found.set(key, object);
  }
  return {
    find: (kind, name, namespace) =>
      found.get(keyOf({ kind, name, namespace })) ?? found.get(keyOf({ kind, name })),
  };
}
