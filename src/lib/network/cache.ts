import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { orFileError } from "../errors";
import { goJson } from "../system/go-json";
import {
  fileLimits,
  isRecord,
  namesInDirectory,
  readTextIfThere,
  removeIfThere,
  writeFileAtomic,
} from "../system/files";
import type { NetworkList } from "./network-list";
import { jsonOf } from "./plugin";
import { cachedResult, type CniResult } from "./result";

/** A container's place in a network. */
export interface Attachment {
  readonly network: NetworkList;
  /** Of a pod: the id of its infra container. */
  readonly containerId: string;
  /** Path of the network namespace; "" where it is gone. */
  readonly netns: string;
  /** The name that the interface gets in it. */
  readonly ifName: string;
  /** CNI_ARGS, in order. */
  readonly args: readonly (readonly [string, string])[];
  /** What a plugin is told that declares the capability. */
  readonly capabilityArgs: Readonly<Record<string, unknown>>;
}

/** The arguments by which CRI-O tells plugins of a pod. */
export function podArguments(pod: {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}): [string, string][] {
  return [
    ["IgnoreUnknown", "1"],
    ["K8S_POD_NAMESPACE", pod.namespace],
    ["K8S_POD_NAME", pod.name],
    ["K8S_POD_INFRA_CONTAINER_ID", pod.id],
    ["K8S_POD_UID", pod.uid],
  ];
}

/** Where libcni keeps what it has set up, for CRI-O and podman too; no configuration says otherwise. */
export const cniCacheDirectory = "/var/lib/cni/results";

/** An attachment of a container to a network as libcni's cache has it. */
export interface CachedAttachment {
  readonly path: string;
  readonly networkName: string;
  readonly containerId: string;
  readonly ifName: string;
  /** The text of the network's configuration when it was set up; undefined up to CNI 0.7. */
  readonly config: string | undefined;
  readonly netns: string;
  readonly args: readonly (readonly [string, string])[];
  readonly capabilityArgs: Readonly<Record<string, unknown>>;
  /** Undefined for a file that holds none. */
  readonly result: CniResult | undefined;
}

/**
 * True for the loopback device, where older versions of CRI-O have a plugin bring it up: no network is configured for it,
 * and it goes with its namespace.
 */
export function isLoopback({ ifName }: Pick<CachedAttachment, "ifName">): boolean {
  return ifName === "lo";
}

/**
 * The network namespace of a container that is gone; "" for one that is named by a pid: somebody else may have that by now, the
 * node itself among them, and would lose devices.
 */
export function namespaceOfGone({ netns }: Pick<CachedAttachment, "netns">): string {
  return /^\/proc\/\d+\//.test(netns) ? "" : netns;
}

const kind = "cniCacheV1";

/** A name of a file: `<network>-<id of the container>-<interface>`. */
const fileName = /^(.+)-([0-9a-f]{64})-([^/-][^/]*)$/;

/** Which attachments are cached, by the names of the files alone. @throws KpodError NOT_PERMITTED, IO */
export function listCachedAttachments(
  directory = cniCacheDirectory,
): Pick<CachedAttachment, "path" | "networkName" | "containerId" | "ifName">[] {
  return namesInDirectory(directory).flatMap((name) => {
    const [, networkName, containerId, ifName] = fileName.exec(name) ?? [];
    if (networkName === undefined || containerId === undefined || ifName === undefined) return [];
    return [{ path: join(directory, name), networkName, containerId, ifName }];
  });
}

/**
 * The cached attachments of a container, by their interfaces. Of one whose file is damaged, no more is known than its
 * name says.
 * @throws KpodError NOT_PERMITTED, IO
 */
export function readCachedAttachments(
  containerId: string,
  directory = cniCacheDirectory,
): CachedAttachment[] {
  return listCachedAttachments(directory)
    .filter((entry) => entry.containerId === containerId)
    .sort((a, b) => (a.ifName < b.ifName ? -1 : 1))
    .flatMap((entry) => {
      const text = readTextIfThere(entry.path, fileLimits.config);
      return text === undefined ? [] : [{ ...entry, ...readAttachment(text) }];
    });
}

/** What a file of the cache says beside its name. */
export function readAttachment(
  text: string,
): Pick<CachedAttachment, "config" | "netns" | "args" | "capabilityArgs" | "result"> {
  const value = jsonOf(text);
  const nothing = { config: undefined, netns: "", args: [], capabilityArgs: {} };
  if (!isRecord(value)) return { ...nothing, result: undefined };
  // Up to CNI 0.7 the file is the result.
  if (value.kind !== kind) return { ...nothing, result: cachedResult(value) };
  const { config, netns, cniArgs, capabilityArgs, result } = value;
  return {
    config: typeof config === "string" ? Buffer.from(config, "base64").toString("utf8") : undefined,
    netns: typeof netns === "string" ? netns : "",
    args: Array.isArray(cniArgs) ? cniArgs.filter(isPair) : [],
    capabilityArgs: isRecord(capabilityArgs) ? capabilityArgs : {},
    result: cachedResult(result),
  };
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((word) => typeof word === "string");
}

/** The text of an attachment's file; without a result for one that is only intended. */
export function attachmentText(attachment: Attachment, result?: CniResult): string {
  const { network, containerId, ifName, netns, args, capabilityArgs } = attachment;
  const fields: [string, unknown][] = [
    ["kind", kind],
    ["containerId", containerId],
    ["config", Buffer.from(network.text).toString("base64")],
    ["ifName", ifName],
    ["networkName", network.name],
    ...(netns === "" ? [] : [["netns", netns] satisfies [string, unknown]]),
    ["cniArgs", args],
    ...(Object.keys(capabilityArgs).length === 0
      ? []
      : [["capabilityArgs", capabilityArgs] satisfies [string, unknown]]),
    ...(result === undefined ? [] : [["result", result] satisfies [string, unknown]]),
  ];
  // The order of libcni's structure; within the fields that of Go's maps.
  return `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${goJson(value)}`).join(",")}}`;
}

/** Caches an attachment as libcni does. @throws KpodError NOT_PERMITTED, IO */
export function writeCachedAttachment(
  attachment: Attachment,
  result: CniResult,
  directory = cniCacheDirectory,
): void {
  orFileError(`cannot make ${directory}`, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  });
  writeFileAtomic(cachePath(attachment, directory), attachmentText(attachment, result), 0o600);
}

/** Takes an attachment out of the cache. */
export function removeCachedAttachment(attachment: Attachment, directory = cniCacheDirectory): void {
  removeIfThere(cachePath(attachment, directory));
}

function cachePath({ network, containerId, ifName }: Attachment, directory: string): string {
  return join(directory, `${network.name}-${containerId}-${ifName}`);
}
