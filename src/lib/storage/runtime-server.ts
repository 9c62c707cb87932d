import { KpodError } from "../errors";
import { parseContainerMetadata, type ContainerMetadata } from "./container-metadata";
import { isStorageId, newStorageId, type StorageId } from "../names/ids";
import { readImageConfig, type ImageConfigFile } from "./image-config";
import type { ContainerRecord, ImageRecord } from "./records";
import type { IdMaps, SelinuxLabels, Store } from "./store";

/** A container or pod as it was just made in the store (libkpod: storage.ContainerInfo). */
export interface ContainerInfo {
  id: StorageId;
  /** Its directory that lives through a reboot. */
  dir: string;
  /** Its directory that ends with a reboot: the OCI bundle. */
  runDir: string;
  /** The configuration of its image. */
  config: ImageConfigFile;
}

/** What the store is told of a new infra container as of any other. */
interface NewInStore {
  id?: StorageId;
  /** Full name of the pod, `k8s_POD_NS_UID_ATTEMPT`. */
  podName: string;
  /** Full name of the container; of an infra container `k8s_POD_POD_NS_UID_ATTEMPT`. */
  containerName: string;
  /** The name in Kubernetes: of an infra container that of its pod. */
  metadataName: string;
  attempt: number;
  /** Its image: as it was asked for, and found. */
  imageName: string;
  image: ImageRecord;
  labels?: SelinuxLabels;
  /** With the rights of the host. */
  privileged?: boolean;
  /** Of the pod's user namespace. */
  idMaps?: IdMaps | undefined;
}

/** What a new pod is called and made of. */
export interface NewPodSandbox extends NewInStore {
  uid: string;
  namespace: string;
}

/** What a new container is called and made of. */
export interface NewPodContainer extends NewInStore {
  podId: string;
}

/**
 * Pods and containers in the store, with the names and metadata that CRI-O gives them (libkpod:
 * storage.RuntimeServer). It knows nothing of processes.
 */
export class RuntimeServer {
  constructor(private readonly store: Store) {}

  /** Makes a pod's infra container. @throws KpodError CONFLICT when a name is taken */
  async createPodSandbox(pod: NewPodSandbox): Promise<ContainerInfo> {
    const id = pod.id ?? newStorageId();
    const metadata: ContainerMetadata = {
      "pod-name": pod.podName,
      "pod-id": id,
      "image-name": pod.imageName,
      "image-id": pod.image.id,
      name: pod.containerName,
      "metadata-name": pod.metadataName,
      uid: pod.uid,
      namespace: pod.namespace,
      ...mountLabelOf(pod),
      "created-at": unixSeconds(),
      ...(pod.attempt === 0 ? {} : { attempt: pod.attempt }),
      pod: true,
      ...(pod.privileged === true ? { privileged: true } : {}),
    };
    return this.create(id, [pod.containerName, pod.podName], pod, metadata);
  }

  /** Makes a container of a pod. @throws KpodError CONFLICT when the name is taken */
  async createContainer(container: NewPodContainer): Promise<ContainerInfo> {
    const metadata: ContainerMetadata = {
      "pod-name": container.podName,
      "pod-id": container.podId,
      "image-name": container.imageName,
      "image-id": container.image.id,
      name: container.containerName,
      "metadata-name": container.metadataName,
      ...mountLabelOf(container),
      "created-at": unixSeconds(),
      ...(container.attempt === 0 ? {} : { attempt: container.attempt }),
      ...(container.privileged === true ? { privileged: true } : {}),
    };
    return this.create(container.id ?? newStorageId(), [container.containerName], container, metadata);
  }

  private async create(
    id: StorageId,
    names: string[],
    { image, labels, idMaps }: Pick<NewInStore, "image" | "labels" | "idMaps">,
    metadata: ContainerMetadata,
  ): Promise<ContainerInfo> {
    const config = readImageConfig(this.store, image);
    await this.store.createContainer({
      id,
      names,
      image: image.id,
      layerName: `${metadata.name}-layer`,
      metadata: JSON.stringify(metadata),
      ...(labels === undefined ? {} : { labels }),
      idMaps,
    });
    return { id, dir: this.getWorkDir(id), runDir: this.getRunDir(id), config };
  }

  /** Deletes a pod's infra container, found by id or a name; its process must have ended. @throws KpodError NOT_FOUND, CORRUPT */
  async removePodSandbox(idOrName: string): Promise<void> {
    await this.deleteContainer(idOrName);
  }

  /** Deletes a container, found by id or a name; its process must have ended. @throws KpodError NOT_FOUND, CORRUPT */
  async deleteContainer(idOrName: string): Promise<void> {
    const problem = await this.store.deleteContainer((await this.find(idOrName)).id);
    if (problem !== undefined) throw problem;
  }

  /** What CRI-O persisted of a container. @throws KpodError NOT_FOUND, or CORRUPT when that is not CRI-O's */
  async getContainerMetadata(idOrName: string): Promise<ContainerMetadata> {
    const record = await this.find(idOrName);
    const metadata = parseContainerMetadata(record.metadata);
    if (metadata === undefined) {
      throw new KpodError("CORRUPT", `the record of container ${record.id} has no metadata of CRI-O`);
    }
    return metadata;
  }

  /** Replaces what CRI-O persisted of a container. @throws KpodError NOT_FOUND */
  async setContainerMetadata(idOrName: string, metadata: ContainerMetadata): Promise<void> {
    await this.store.setMetadata((await this.find(idOrName)).id, JSON.stringify(metadata));
  }

  /** Mounts a container's file system. @returns where. @throws KpodError NOT_FOUND, CORRUPT, IO */
  async startContainer(idOrName: string): Promise<string> {
    const record = await this.find(idOrName);
    const label = parseContainerMetadata(record.metadata)?.mountlabel ?? "";
    return this.store.mount(layerOf(record), label);
  }

  /** Unmounts a container's file system, whoever mounted it. @throws KpodError NOT_FOUND */
  async stopContainer(idOrName: string): Promise<void> {
    await this.store.unmount(layerOf(await this.find(idOrName)), true);
  }

  /** Directory of what is kept of a container beyond a reboot. */
  getWorkDir(id: StorageId): string {
    return this.store.userdataDirectory(id);
  }

  /** Directory of what is kept of a container until a reboot. */
  getRunDir(id: StorageId): string {
    return this.store.runUserdataDirectory(id);
  }

  private async find(idOrName: string): Promise<ContainerRecord> {
    const records = await this.store.containers();
    const record = records.find(({ id, names }) => id === idOrName || names?.includes(idOrName) === true);
    if (record === undefined) {
      throw new KpodError("NOT_FOUND", `container ${idOrName} is not in the store ${this.store.layout.root}`);
    }
    return record;
  }
}

/** With it the file system is mounted: what is in it belongs to the pod. */
function mountLabelOf({ labels }: Pick<NewPodContainer, "labels">): Pick<ContainerMetadata, "mountlabel"> {
  return labels === undefined || labels.mount === "" ? {} : { mountlabel: labels.mount };
}

function layerOf(record: ContainerRecord): StorageId {
  if (!isStorageId(record.layer)) {
    throw new KpodError("CORRUPT", `the record of container ${record.id} names no layer`);
  }
  return record.layer;
}

function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
