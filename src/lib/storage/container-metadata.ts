import { isRecord } from "../system/files";
import type { ContainerRecord } from "./records";

/**
 * What CRI-O persists in the `metadata` of a container's record (RuntimeContainerMetadata). Keys stand as on
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
  /** Since CRI-O 1.19; left out when false. */
  privileged?: boolean;
  [unknown: string]: unknown;
}

/** Reads the metadata of a record; undefined when it is not CRI-O's: such records are somebody else's. */
export function parseContainerMetadata(text: string | undefined): ContainerMetadata | undefined {
  if (text === undefined || text === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Other users of the store write what they like there; CRI-O passes over it as well.
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  if (typeof value["created-at"] === "number" && isContainerMetadata(value)) return value;
  const metadata = { ...value, ...gapsOf(value) };
  return isContainerMetadata(metadata) ? metadata : undefined;
}

/** True for the record of a pod's infra container, which stands for the pod. */
export function isInfraContainer({ id }: ContainerRecord, metadata: ContainerMetadata): boolean {
  return metadata.pod === true || metadata["pod-id"] === id;
}

/** The full name of a container: CRI-O's, else that of the record. */
export function fullName({ id, names }: ContainerRecord, metadata: ContainerMetadata): string {
  return metadata.name === "" ? (names?.[0] ?? id) : metadata.name;
}

/** The most milliseconds from 1970 that a Date can be away. */
const latestTime = 8.64e15;

/** When a container was made, in milliseconds since 1970; 0 for a time that cannot be. */
export function createdAt({ created }: ContainerRecord, metadata: ContainerMetadata): number {
  const time = Date.parse(created ?? "");
  if (!Number.isNaN(time)) return time;
  const persisted = metadata["created-at"] * 1000;
  return Math.abs(persisted) <= latestTime ? persisted : 0;
}

/** What CRI-O always writes, empty where somebody else left it out. */
function gapsOf(value: Record<string, unknown>): Record<string, unknown> {
  const texts = ["image-name", "image-id", "name", "metadata-name"].filter((key) => value[key] === undefined);
  return {
    ...Object.fromEntries(texts.map((key) => [key, ""])),
    ...(Number.isFinite(value["created-at"]) ? {} : { "created-at": 0 }),
  };
}

// Written out: a list of a thousand asks this a thousand times.
function isContainerMetadata(value: Record<string, unknown>): value is ContainerMetadata {
  const { attempt } = value;
  return (
    isText(value["pod-name"]) &&
    isText(value["pod-id"]) &&
    value["pod-name"] !== "" &&
    value["pod-id"] !== "" &&
    isText(value["image-name"]) &&
    isText(value["image-id"]) &&
    isText(value.name) &&
    isText(value["metadata-name"]) &&
    isTextOrNone(value.uid) &&
    isTextOrNone(value.namespace) &&
    isTextOrNone(value.mountlabel) &&
    (attempt === undefined || Number.isInteger(attempt))
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

/** A record of the store that is CRI-O's, with what CRI-O persisted in it. */
export interface CrioRecord {
  readonly record: ContainerRecord;
  readonly metadata: ContainerMetadata;
  /**
   * What is wrong with the metadata that stand in the record, in words; undefined when nothing is. Then those here are
   * put together from what else is known.
   */
  readonly damage: string | undefined;
}
