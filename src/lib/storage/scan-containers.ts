import type { StorageId } from "../names/ids";
import type { ContainerMetadata } from "./container-metadata";
import type { ContainerRecord } from "./records";

/** A record of a container that CRI-O made, with its metadata, as the parser of JSON would tell them. */
export interface ScannedContainer {
  /** Without its metadata and its flags. */
  readonly record: ContainerRecord;
  readonly metadata: ContainerMetadata;
}

/** Characters that stand for themselves in JSON, and in a text of JSON within it. */
const plain = "[ !#-\\[\\]-~]";
const bareText = `"${plain}*"`;
const text = `"(${plain}*)"`;
const inner = `\\\\"(${plain}*)\\\\"`;
const innerFilled = `\\\\"(${plain}+)\\\\"`;
const key = (name: string): string => `\\\\"${name}\\\\":`;
const bareNumber = "(?:0|[1-9][0-9]{0,14})";
const number = `(${bareNumber})`;
const member = `${bareText}:(?:${bareText}|${bareNumber}|true|false)`;
const listOf = (open: string, item: string, close: string): string =>
  `${open}(?:${item}(?:,${item})*)?${close}`;
const optional = (name: string, value: string): string => `(?:,${key(name)}${value})?`;

const listsBehind = `(?:${listOf("\\[", bareText, "\\]")}|${listOf("\\{", member, "\\}")})`;

/**
 * A record as CRI-O of all versions has it written: each key once and in its place, and behind them lists of texts, and objects
 * of texts or numbers, which nobody needs here. Quotes within texts are escaped: what looks like the end of a record is it.
 */
const recordForm = new RegExp(
  [
    `\\{"id":"([0-9a-f]{64})","names":\\[(${bareText}(?:,${bareText})*)\\],"image":${text},"layer":${text}`,
    `,"metadata":"\\{(?:${key("pod")}(true|false),)?`,
    `${key("pod-name")}${innerFilled},${key("pod-id")}${innerFilled}`,
    `,${key("image-name")}${inner},${key("image-id")}${inner},${key("name")}${inner},${key("metadata-name")}${inner}`,
    optional("uid", inner) + optional("namespace", inner) + optional("mountlabel", inner),
    `${optional("attempt", number)},${key("created-at")}${number}${optional("attempt", number)}`,
    `${optional("pod", "(true|false)")}\\}","created":${text}`,
    `(?:,"(?:big-data-names|big-data-sizes|big-data-digests|flags)":${listsBehind})*\\}`,
  ].join(""),
  "y",
);

/**
 * Reads the records of a file without the parser, in half of its time.
 * @param content what the file holds
 * @returns undefined unless all of them are CRI-O's and written as CRI-O does it: then they have to be parsed
 */
export function scanContainers(content: string): ScannedContainer[] | undefined {
  const end = content.trimEnd().length;
  if (end === 0 || content.slice(0, end) === "[]") return [];
  const found: ScannedContainer[] = [];
  for (let at = 1; at < end; at = recordForm.lastIndex + 1) {
    if (content[at - 1] !== (at === 1 ? "[" : ",")) return undefined;
    recordForm.lastIndex = at;
    const parts = recordForm.exec(content);
    if (parts === null) return undefined;
    found.push(scanned(parts));
  }
  return content[end - 1] === "]" && recordForm.lastIndex === end - 1 ? found : undefined;
}

function scanned(parts: readonly (string | undefined)[]): ScannedContainer {
  const [, id = "", names = "", image = "", layer = "", podFirst, ...others] = parts;
  const [podName = "", podId = "", imageName = "", imageId = "", name = "", kubeName = "", ...more] = others;
  const [uid, namespace, mountlabel, attemptFirst, createdAt, attemptLast, podLast, created = ""] = more;
  const metadata: ContainerMetadata = {
    "pod-name": podName,
    "pod-id": podId,
    "image-name": imageName,
    "image-id": imageId,
    name,
    "metadata-name": kubeName,
    "created-at": Number(createdAt),
  };
  if (uid !== undefined) metadata.uid = uid;
  if (namespace !== undefined) metadata.namespace = namespace;
  if (mountlabel !== undefined) metadata.mountlabel = mountlabel;
  // Of a key that stands twice the last one counts.
  const attempt = attemptLast ?? attemptFirst;
  if (attempt !== undefined) metadata.attempt = Number(attempt);
  const pod = podLast ?? podFirst;
  if (pod !== undefined) metadata.pod = pod === "true";
  return {
    record: { id: id as StorageId, names: names.slice(1, -1).split('","'), image, layer, created },
    metadata,
  };
}
