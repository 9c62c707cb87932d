import { namePartsOf, type NameParts } from "../names/full-names";
import { KpodError } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import { annotations } from "../oci/annotations";
import { readSpec } from "../oci/spec-file";
import { readPersistedState } from "../oci/state/persisted";
import {
  isInfraContainer,
  parseContainerMetadata,
  type ContainerMetadata,
  type CrioRecord,
} from "../storage/container-metadata";
import { describeDamage, hasNameOfCrio, mayBeDamaged, textsLeftIn } from "../storage/damaged-metadata";
import type { ContainerRecord } from "../storage/records";
import { isRecord } from "../system/files";
import { readTime, textMap } from "../system/go-json";

/**
 * The records of CRI-O among those of a store. One whose metadata are damaged is among them, since its processes and
 * its files are there as before: what it is follows from its names, its spec and its state.json.
 * @param directoriesOf where the spec and the state.json of a container can lie
 */
export function crioRecords(
  records: readonly ContainerRecord[],
  directoriesOf: (id: StorageId) => readonly string[],
): CrioRecord[] {
  const found: CrioRecord[] = [];
  const podless: { metadata: ContainerMetadata; parts: NameParts }[] = [];
  for (const record of records) {
    const metadata = parseContainerMetadata(record.metadata);
    if (metadata !== undefined) found.push({ record, metadata, damage: undefined });
    else if (mayBeDamaged(record)) {
      const persisted = persistedAnnotations(directoriesOf(record.id));
      if (!hasNameOfCrio(record) && persisted[annotations.containerType] === undefined) continue;
      const parts = record.names?.map(namePartsOf).find((candidate) => candidate !== undefined);
      const rebuilt = rebuiltMetadata(record, parts, persisted);
      if (rebuilt["pod-id"] === "" && parts !== undefined) podless.push({ metadata: rebuilt, parts });
      found.push({ record, metadata: rebuilt, damage: `its metadata ${describeDamage(record.metadata)}` });
    }
  }
  for (const { metadata, parts } of podless) Object.assign(metadata, podOf(parts, found));
  return found;
}

/** What the spec of a container says beside its process, else its state.json, which repeats it. */
function persistedAnnotations(directories: readonly string[]): Record<string, string> {
  const reads = [
    () => textMap(readSpec(directories.map((directory) => `${directory}/config.json`)).annotations),
    ...directories.map((directory) => () => readPersistedState(`${directory}/state.json`)?.annotations ?? {}),
  ];
  for (const read of reads) {
    try {
      const persisted = read();
      if (Object.keys(persisted).length > 0) return persisted;
    } catch (error) {
      // Who asks for what is in it is told.
      if (!(error instanceof KpodError)) throw error;
    }
  }
  return {};
}

function rebuiltMetadata(
  { id, names, image, metadata }: ContainerRecord,
  parts: NameParts | undefined,
  persisted: Readonly<Record<string, string>>,
): ContainerMetadata {
  const left = textsLeftIn(metadata);
  const kube = kubernetesNames(persisted[annotations.metadata]);
  const [name, podName] = names ?? [];
  const type = persisted[annotations.containerType];
  const infra =
    type === undefined ? parts?.container === undefined && parts !== undefined : type === "sandbox";
  const created = readTime(persisted[annotations.created])?.getTime() ?? 0;
  const attempt = parts?.attempt ?? kube.attempt;
  const podId = infra ? id : [left["pod-id"], persisted[annotations.sandboxId]].find(isStorageId);
  return {
    "pod-name":
      left["pod-name"] ?? persisted[annotations.sandboxName] ?? (infra ? (podName ?? name ?? id) : ""),
    "pod-id": podId ?? "",
    "image-name": left["image-name"] ?? persisted[annotations.image] ?? "",
    "image-id": image ?? left["image-id"] ?? persisted[annotations.imageRef] ?? "",
    name: name ?? persisted[infra ? annotations.containerName : annotations.name] ?? "",
    "metadata-name":
      (infra ? parts?.pod : parts?.container) ?? left["metadata-name"] ?? kube.name ?? name ?? "",
    ...(infra
      ? {
          uid: parts?.uid ?? left.uid ?? kube.uid ?? "",
          namespace: parts?.namespace ?? left.namespace ?? persisted[annotations.namespace] ?? "",
        }
      : {}),
    "created-at": Math.floor(created / 1000),
    ...(attempt === undefined || attempt === 0 ? {} : { attempt }),
    ...(infra ? { pod: true } : {}),
  };
}

/** The names in Kubernetes as CRI-O writes them into an annotation. */
function kubernetesNames(text: string | undefined): { name?: string; uid?: string; attempt?: number } {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "null");
  } catch {
    // There is no other place that would tell.
    return {};
  }
  if (!isRecord(value)) return {};
  const { name, uid, attempt } = value;
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof attempt === "number" && Number.isInteger(attempt) ? { attempt } : {}),
  };
}

/** The pod that a container's name speaks of; of several attempts the last. */
function podOf(
  { pod, namespace, uid }: NameParts,
  all: readonly CrioRecord[],
): Pick<ContainerMetadata, "pod-name" | "pod-id"> | undefined {
  const [found] = all
    .filter(
      ({ record, metadata }) =>
        isInfraContainer(record, metadata) &&
        metadata["metadata-name"] === pod &&
        metadata.namespace === namespace &&
        metadata.uid === uid,
    )
    .sort((a, b) => (b.metadata.attempt ?? 0) - (a.metadata.attempt ?? 0));
  return found && { "pod-name": found.metadata["pod-name"], "pod-id": found.record.id };
}
