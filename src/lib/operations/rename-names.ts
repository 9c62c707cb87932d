import { tolerate } from "../errors";
import { annotations, kubernetesLabels } from "../oci/annotations";
import { endOfJsonString, parseExactJson } from "../system/exact-json";
import { isRecord } from "../system/files";

/** What a container is called, in all the ways it is called. */
export interface ContainerNames {
  /** Full name. */
  name: string;
  /** Name in Kubernetes, and the how many-th of it. */
  metadata: { name: string; attempt: number };
}

/**
 * The names that follow from a new full name. One in CRI-O's form (`k8s_CTR_POD_NS_UID_ATTEMPT`) holds the
 * name in Kubernetes; any other is that name itself.
 */
export function namesFrom(fullName: string, attempt: number): ContainerNames {
  const parts = /^k8s_([^_]+)_[^_]+_[^_]+_[^_]+_(\d+)$/.exec(fullName);
  const name = parts?.[1] ?? fullName;
  return { name: fullName, metadata: { name, attempt: parts === null ? attempt : Number(parts[2]) } };
}

/** What becomes of the annotations that bear a container's name, in the order in which they are replaced. */
const changes: readonly (readonly [string, (value: string, names: ContainerNames) => string])[] = [
  [
    annotations.metadata,
    (value, { metadata }) =>
      changeJson(value, (object) => {
        const renamed: Record<string, unknown> = { ...object, name: metadata.name };
        if (metadata.attempt === 0) delete renamed.attempt;
        else renamed.attempt = metadata.attempt;
        return renamed;
      }),
  ],
  [
    annotations.labels,
    (value, { metadata }) =>
      changeJson(value, (object) => {
        const label = kubernetesLabels.containerName;
        return label in object ? { ...object, [label]: metadata.name } : object;
      }),
  ],
  [kubernetesLabels.containerName, (_, { metadata }) => metadata.name],
  [annotations.name, (_, { name }) => name],
];

/**
 * Puts names into the text of a config.json or state.json. Only the values of the annotations in question are
 * replaced, so that everything else stays to the letter: numbers too large for JavaScript among it.
 */
export function renameInText(text: string, names: ContainerNames): string {
  return changes.reduce(
    (changed, [key, change]) => replaceValue(changed, key, (value) => change(value, names)),
    text,
  );
}

/** The same for annotations that were read. */
export function renameInAnnotations(
  before: Readonly<Record<string, string>>,
  names: ContainerNames,
): Record<string, string> {
  const renamed: Record<string, string> = { ...before };
  for (const [key, change] of changes) {
    const value = before[key];
    if (value !== undefined) renamed[key] = change(value, names);
  }
  return renamed;
}

/**
 * Replaces the value of a key in JSON text. The same words inside of another value stand with escaped quotes
 * and are not taken for it.
 */
function replaceValue(text: string, key: string, change: (value: string) => string): string {
  const pattern = new RegExp(`"${key.replaceAll(".", "\\.")}"\\s*:\\s*(?=")`, "g");
  const parts: string[] = [];
  let kept = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const start = pattern.lastIndex;
    const end = endOfJsonString(text, start) + 1;
    if (end === 0) break;
    parts.push(text.slice(kept, start), JSON.stringify(change(JSON.parse(text.slice(start, end)) as string)));
    kept = end;
    pattern.lastIndex = end;
  }
  return parts.join("") + text.slice(kept);
}

function changeJson(
  text: string,
  change: (object: Record<string, unknown>) => Record<string, unknown>,
): string {
  // Not JSON: somebody else's words, which stay.
  return tolerate(text, () => {
    const { value, stringify } = parseExactJson("an annotation", text);
    return isRecord(value) ? stringify(change(value)) : text;
  });
}
