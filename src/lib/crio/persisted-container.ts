import { isStorageId } from "../names/ids";
import { Container } from "../oci/container";
import { Sandbox } from "../sandbox/sandbox";
import {
  createdAt,
  fullName,
  isInfraContainer,
  type ContainerMetadata,
  type CrioRecord,
} from "../storage/container-metadata";
import type { ContainerRecord } from "../storage/records";
import type { Store } from "../storage/store";

/** A container as the store has it on record; with its pod, where it is the infra container of one. */
export interface Persisted {
  readonly container: Container;
  readonly sandbox: Sandbox | undefined;
  /** What is wrong with the record, in words. */
  readonly damage: string | undefined;
}

/** What a record says. */
export function persistedOf(
  { record, metadata, damage }: CrioRecord,
  store: Pick<Store, "userdataDirectory" | "runUserdataDirectory">,
): Persisted {
  const container = containerOf(record, metadata, store);
  return { container, sandbox: container.infra ? sandboxOf(container, metadata) : undefined, damage };
}

/** True when two records say the same of what does not change by itself. */
export function isSamePersisted(one: Persisted, other: Persisted): boolean {
  return isSameContainer(one.container, other.container) && isSameSandbox(one.sandbox, other.sandbox);
}

function isSameContainer(one: Container, other: Container): boolean {
  return (
    one.name === other.name &&
    one.sandboxId === other.sandboxId &&
    one.metadata.name === other.metadata.name &&
    one.metadata.attempt === other.metadata.attempt &&
    one.imageName === other.imageName &&
    one.imageId === other.imageId &&
    one.layerId === other.layerId &&
    one.infra === other.infra &&
    one.createdAt.getTime() === other.createdAt.getTime()
  );
}

function isSameSandbox(one: Sandbox | undefined, other: Sandbox | undefined): boolean {
  return (
    one?.name === other?.name &&
    one?.kubeName === other?.kubeName &&
    one?.namespace === other?.namespace &&
    one?.uid === other?.uid &&
    one?.attempt === other?.attempt
  );
}

function containerOf(
  record: ContainerRecord,
  metadata: ContainerMetadata,
  store: Pick<Store, "userdataDirectory" | "runUserdataDirectory">,
): Container {
  const imageId = record.image ?? metadata["image-id"];
  return new Container({
    id: record.id,
    name: fullName(record, metadata),
    sandboxId: metadata["pod-id"],
    metadata: { name: metadata["metadata-name"], attempt: metadata.attempt ?? 0 },
    // Of an image without a name its maker can write none.
    imageName: metadata["image-name"] === "" ? imageId : metadata["image-name"],
    imageId,
    layerId: isStorageId(record.layer) ? record.layer : "",
    dir: store.userdataDirectory(record.id),
    bundlePath: store.runUserdataDirectory(record.id),
    createdAt: new Date(createdAt(record, metadata)),
    infra: isInfraContainer(record, metadata),
  });
}

function sandboxOf(infraContainer: Container, metadata: ContainerMetadata): Sandbox {
  return new Sandbox({
    id: infraContainer.id,
    name: metadata["pod-name"],
    kubeName: metadata["metadata-name"],
    namespace: metadata.namespace ?? "",
    uid: metadata.uid ?? "",
    attempt: metadata.attempt ?? 0,
    infraContainer,
  });
}
