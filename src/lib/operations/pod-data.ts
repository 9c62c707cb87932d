import { dirname } from "node:path";
import { isConnecting } from "../network/intended";
import { annotations } from "../oci/annotations";
import type { Spec } from "../oci/spec";
import { persistedAddresses } from "../sandbox/addresses";
import type { PortMapping, Sandbox, SandboxState } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { shownIdMappings, type ShownIdMappings } from "./id-maps";
import { podNetworksData, type PodNetworkData } from "./network-data";
import { tolerantRead } from "./tolerant";

/** Everything of a pod, as inspect shows it. */
export interface PodData {
  ID: string;
  /** Full name, `k8s_POD_NS_UID_ATTEMPT`. */
  Name: string;
  KubeName: string;
  Namespace: string;
  UID: string;
  Attempt: number;
  State: SandboxState;
  /** RFC 3339. */
  Created: string;
  Labels: Record<string, string>;
  Annotations: Record<string, string>;
  Metadata: { name: string; uid: string; namespace: string; attempt: number };
  /** None with the host's network, and once its network is taken down. */
  IPs: string[];
  /** "" when the pod has none that is pinned. */
  NetNsPath: string;
  LogDir: string;
  ShmPath: string;
  ResolvPath: string;
  HostnamePath: string;
  Hostname: string;
  CgroupParent: string;
  Privileged: boolean;
  Trusted: boolean;
  /** "" for the default handler. */
  RuntimeHandler: string;
  PortMappings: PortMapping[];
  /** None with the host's network, and once its network is taken down. */
  Networks: PodNetworkData[];
  /** Of its user namespace; none with the users of the node. */
  IDMappings: ShownIdMappings;
  InfraContainerID: string;
  Containers: PodContainer[];
}

/** A container of a pod. */
export interface PodContainer {
  ID: string;
  Name: string;
  State: string;
}

/**
 * Collects everything of a pod, with the states of its containers as they are now. What cannot be read of it
 * is left open, with a warning. Nothing is written.
 * @param idOrName as for `lookupSandbox`
 * @throws KpodError NOT_FOUND, AMBIGUOUS
 */
export async function podData(
  server: Pick<ServerView, "config" | "store" | "runtime" | "lists" | "logger">,
  idOrName: string,
): Promise<PodData> {
  const sandbox = server.lists.lookupSandbox(idOrName);
  const { id, name, kubeName, namespace, uid, attempt, infraContainer } = sandbox;
  await server.runtime.updateStatuses([infraContainer, ...sandbox.containers()]);
  const read = tolerantRead(server, "pod", infraContainer);
  const text = (get: () => string): string => read("", get);
  const persisted = read<Record<string, string>>({}, () => infraContainer.specAnnotations);
  return {
    ID: id,
    Name: name,
    KubeName: kubeName,
    Namespace: namespace,
    UID: uid,
    Attempt: attempt,
    State: read<SandboxState>("NotReady", () => sandbox.state),
    Created: persisted[annotations.created] ?? infraContainer.createdAt.toISOString(),
    Labels: read({}, () => sandbox.labels),
    Annotations: read({}, () => sandbox.annotations),
    Metadata: { name: kubeName, uid, namespace, attempt },
    IPs: sandbox.isNetworkStopped || isConnecting(infraContainer) ? [] : persistedAddresses(persisted),
    NetNsPath: text(() => sandbox.namespacePath("network")),
    LogDir: logDirectory(server, sandbox, persisted),
    ShmPath: text(() => sandbox.shmPath),
    ResolvPath: text(() => sandbox.resolvPath),
    HostnamePath: text(() => sandbox.hostnamePath),
    Hostname: text(() => sandbox.hostname),
    CgroupParent: text(() => sandbox.cgroupParent),
    Privileged: read(false, () => sandbox.privileged),
    Trusted: isTrusted(
      server,
      read(undefined, () => sandbox.trusted),
    ),
    RuntimeHandler: text(() => sandbox.runtimeHandler),
    PortMappings: read([], () => sandbox.portMappings),
    Networks: read([], () => podNetworksData(sandbox, persisted)),
    IDMappings: shownIdMappings(read<Pick<Spec, "linux">>({}, () => infraContainer.spec)),
    InfraContainerID: infraContainer.id,
    Containers: sandbox
      .containers()
      .map(({ id, name, state }) => ({ ID: id, Name: name, State: state?.status ?? "unknown" })),
  };
}

/** The directory that the kubelet gave: the infra container's log lies in it, whether it is written or not. */
function logDirectory(
  { config }: Pick<ServerView, "config">,
  sandbox: Sandbox,
  persisted: Readonly<Record<string, string>>,
): string {
  const logPath = persisted[annotations.logPath] ?? "";
  return logPath === "" ? sandbox.logDirectory(config.logDir) : dirname(logPath);
}

/** The kubelet stopped telling after CRI-O 1.0; then the default of the node counts. */
function isTrusted({ config }: Pick<ServerView, "config">, said: boolean | undefined): boolean {
  return said ?? config.defaultWorkloadTrust !== "untrusted";
}
