import { isRecord } from "../system/files";

/**
 * What CRI-O notes in the `metadata` of a container's record (RuntimeContainerMetadata). Keys stand as on
 * disk, in CRI-O's order; unknown ones are kept.
 */
export interface ContainerMetadata {
  /** Full name of the pod, `k8s_POD_NS_UID_ATTEMPT`. */
  "pod-name": string;
  "pod-id": string;
  "image-name": string;
  "image-id": string;
  /** Full name of the container. */
  name: string;
  /** The name in Kubernetes: of the container, or of the pod in its infra container. */
  "metadata-name": string;
  /** Uid and namespace of the pod; on infra containers only. */
  uid?: string;
  namespace?: string;
  mountlabel?: string;
  /** Unix seconds. */
  "created-at": number;
  /** Left out when 0. */
  attempt?: number;
  /** True on infra containers. */
  pod?: boolean;
  [unknown: string]: unknown;
}

/** Reads the metadata of a record; undefined when it is not CRI-O's: such records are somebody else's. */
export function parseContainerMetadata(text: string | undefined): ContainerMetadata | undefined {
  if (text === undefined || text === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Other users of the store note what they like there; CRI-O passes over it as well.
    return undefined;
  }
  if (!isContainerMetadata(value)) return undefined;
  return Number.isFinite(value["created-at"]) ? value : { ...value, "created-at": 0 };
}

function isContainerMetadata(value: unknown): value is ContainerMetadata {
  if (!isRecord(value)) return false;
  const text = (key: string): boolean => typeof value[key] === "string";
  const textOrNone = (key: string): boolean => value[key] === undefined || text(key);
  return (
    text("pod-name") &&
    text("pod-id") &&
    value["pod-name"] !== "" &&
    value["pod-id"] !== "" &&
    ["image-name", "image-id", "name", "metadata-name", "uid", "namespace", "mountlabel"].every(textOrNone)
  );
}
