import { annotations, kubernetesLabels } from "../oci/annotations";
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

/**
 * Puts names into the text of a config.json or state.json. Only the values of the annotations in question are
 * replaced, so that everything else stays to the letter: numbers too large for JavaScript among it.
 */
export function renameInText(text: string, names: ContainerNames): string {
  const label = kubernetesLabels.containerName;
  const withMetadata = replaceValue(text, annotations.metadata, (value) =>
    changeJson(value, (object) => {
      const renamed: Record<string, unknown> = { ...object, name: names.metadata.name };
      if (names.metadata.attempt === 0) delete renamed.attempt;
      else renamed.attempt = names.metadata.attempt;
      return renamed;
    }),
  );
  const withLabels = replaceValue(withMetadata, annotations.labels, (value) =>
    changeJson(value, (object) => (label in object ? { ...object, [label]: names.metadata.name } : object)),
  );
  const withLabel = replaceValue(withLabels, label, () => names.metadata.name);
  return replaceValue(withLabel, annotations.name, () => names.name);
}

/**
 * Replaces the value of a key in JSON text. The same words inside of another value stand with escaped quotes
 * and are not taken for it.
 */
function replaceValue(text: string, key: string, change: (value: string) => string): string {
  const pattern = new RegExp(`("${key.replaceAll(".", "\\.")}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*")`, "g");
  return text.replace(pattern, (_, before: string, value: string) => {
    return before + JSON.stringify(change(JSON.parse(value) as string));
  });
}

function changeJson(
  text: string,
  change: (object: Record<string, unknown>) => Record<string, unknown>,
): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: somebody else's words, which stay.
    return text;
  }
  return isRecord(value) ? JSON.stringify(change(value)) : text;
}
