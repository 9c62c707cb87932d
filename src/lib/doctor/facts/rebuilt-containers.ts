import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { crioRecords } from "../../crio/persisted-records";
import { ifThere, tolerate } from "../../errors";
import { silentLogger } from "../../logger";
import { isStorageId } from "../../names/ids";
import { annotations } from "../../oci/annotations";
import { readImages } from "../../storage/images";
import { isUsableRecord } from "../../storage/records";
import type { Store } from "../../storage/store";
import { isRecord, namesInDirectory } from "../../system/files";
import { specOnDisk } from "./spec-on-disk";

/** The records at the beginning of a list that was cut. */
export function wholeRecordsIn(text: string): readonly unknown[] {
  const found: unknown[] = [];
  let [depth, start, inText] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (inText) {
      if (letter === "\\") at++;
      else if (letter === '"') inText = false;
    } else if (letter === '"') inText = true;
    else if (letter === "{" && depth++ === 0) start = at;
    else if (letter === "}" && --depth === 0) {
      const record = parsed(text.slice(start, at + 1));
      if (record === undefined) return found;
      found.push(record);
    }
  }
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What follows it cannot be told apart any more.
    return undefined;
  }
}

/**
 * The records of containers that a torn file has lost, made anew from what CRI-O keeps of each in its directory: of those
 * whose spec tells that they are CRI-O's, and which layer is theirs.
 */
export function rebuiltContainers(
  store: Store,
  { path, whole }: { readonly path: string; readonly whole: readonly unknown[] },
): readonly unknown[] {
  const { containersFiles } = store.layout;
  const other = containersFiles.find((file) => file !== path) ?? path;
  const text = ifThere(() => readFileSync(other, "utf8")) ?? "";
  const known = new Set(
    [...whole, ...wholeRecordsIn(text)].map((record) => (isRecord(record) ? record.id : "")),
  );
  const images = tolerate([], () => readImages(store.layout, silentLogger));
  return namesInDirectory(dirname(containersFiles[0])).flatMap((id) => {
    if (!isStorageId(id) || known.has(id)) return [];
    const { directories, told: persisted, layer } = specOnDisk(store, id);
    const isInfra = persisted[annotations.containerType] === "sandbox";
    const names = (
      isInfra
        ? [persisted[annotations.containerName], persisted[annotations.name]]
        : [persisted[annotations.name]]
    ).filter((name) => name !== undefined);
    if (!isStorageId(layer) || names.length === 0) return [];
    const wanted = persisted[annotations.imageRef] ?? persisted[annotations.image] ?? "";
    const image =
      images.find((each) => each.id === wanted) ?? images.find((each) => each.names?.includes(wanted));
    const record = { id, names, image: image?.id, layer, created: persisted[annotations.created] };
    const [crio] = crioRecords(
      [{ id, names, layer, image: image?.id ?? "", metadata: "" }],
      () => directories,
    );
    if (crio === undefined) return [];
    const isVolatile = path === containersFiles[1];
    return [
      {
        ...record,
        metadata: JSON.stringify(crio.metadata),
        flags: isVolatile ? { MountLabel: "", ProcessLabel: "", Volatile: true } : undefined,
      },
    ].filter((each) => isUsableRecord(JSON.parse(JSON.stringify(each))));
  });
}
