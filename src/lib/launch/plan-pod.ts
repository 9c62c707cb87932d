import { randomUUID } from "node:crypto";
import { hostname as hostHostname } from "node:os";
import { checkCgroupParent } from "../cgroups/spec-path";
import type { LaunchParts } from "../server-parts";
import { KpodError } from "../errors";
import { kubernetesLabels } from "../oci/annotations";
import { newStorageId } from "../names/ids";
import type { ImageRecord } from "../storage/records";
import type { PodPid, PodPlan } from "./annotations";
import { imageToLaunch, type LaunchPull } from "./image";
import { requireKnownDefaults } from "./known-defaults";
import { checkName, containerFullName, infraContainerName, podFullName } from "../names/full-names";
import { planConfinement } from "./confinement";
import { refuseWorkload } from "./launch-keys";
import { checkPodFiles, type HostAlias, type PodDns } from "./pod-files";
import { planNetwork, type PodNetworkOptions } from "./plan-network";
import type { UserNamespaceRequest } from "./user-range";
import { checkSysctls } from "./pod-sysctls";

/** What a new pod is to be. */
export interface PodOptions extends PodNetworkOptions {
  /** Its name in Kubernetes. */
  name: string;
  /** Default `default`. */
  namespace?: string;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** Default: the pod's name; on the host's network always the host's. */
  hostname?: string;
  /** The cgroup of the pod; "" for the default. */
  cgroupParent?: string;
  /** Name of the runtime's handler in the configuration; "" for the default one. */
  runtimeHandler?: string;
  /** May have containers with the rights of the host. */
  privileged?: boolean;
  /** How the pause image comes into the store; left out, it has to be there. */
  pull?: LaunchPull;
  /** How its resolver is set up; what is left out is as on the host. */
  dns?: Partial<PodDns>;
  /** Names for its /etc/hosts. */
  hostAliases?: readonly HostAlias[];
  /** Gives it a user namespace: its root is nobody on the node. */
  userns?: UserNamespaceRequest;
  /** Whose processes its containers see: each its own, which is the default, those of the pod, or those of the node. */
  pid?: PodPid;
  /** Whose System V IPC, message queues and /dev/shm they have; the pod's own by default. */
  ipc?: "pod" | "node";
  /** Settings of the kernel for its namespaces, over those of the configuration. */
  sysctls?: Readonly<Record<string, string>>;
}

/**
 * What a pod becomes, checked; nothing has been made yet.
 * @throws KpodError BAD_ARGUMENT, BAD_CONFIG, NOT_FOUND without the pause image or the network
 */
export async function planPod(server: LaunchParts, options: PodOptions): Promise<PodPlan> {
  const { config } = server;
  await requireKnownDefaults(server);
  const { runtimeHandler = "", privileged = false } = options;
  server.runtime.requirePrograms(runtimeHandler);
  const name = checkName("pod", options.name);
  const namespace = checkName("namespace", options.namespace ?? "default");
  const confinement = planConfinement(config, runtimeHandler, server.logger);
  const annotations = { ...options.annotations };
  refuseWorkload(config, annotations);
  const { servers = [], searches = [], options: resolver = [], apart = false } = options.dns ?? {};
  const dns = { servers, searches, options: resolver, apart };
  const files = checkPodFiles({ dns, hostAliases: options.hostAliases ?? [] });
  const network = await planNetwork(server, options, annotations);
  if (options.userns !== undefined) refuseUsers(options, network.host);
  const uid = randomUUID();
  const parts = { name, namespace, uid, attempt: 0 };
  return {
    id: newStorageId(),
    uid,
    name,
    namespace,
    fullName: podFullName(parts),
    infraName: containerFullName(infraContainerName, parts, 0),
    hostname: network.host ? hostHostname() : checkName("host", options.hostname ?? name),
    network,
    files,
    pid: options.pid ?? "container",
    hostIpc: options.ipc === "node",
    sysctls: checkSysctls(options.sysctls ?? {}, { network: network.host, ipc: options.ipc === "node" }),
    confinement,
    runtimeHandler,
    privileged,
    cgroupParent: checkCgroupParent(config, options.cgroupParent ?? ""),
    image: await findPauseImage(server, config.pauseImage, options.pull),
    labels: {
      ...options.labels,
      [kubernetesLabels.containerName]: infraContainerName,
      [kubernetesLabels.podName]: name,
      [kubernetesLabels.podNamespace]: namespace,
      [kubernetesLabels.podUid]: uid,
    },
    annotations,
  };
}

/** @throws KpodError BAD_ARGUMENT for a pod that cannot have users of its own */
function refuseUsers({ name, privileged = false, ipc }: PodOptions, hostNetwork: boolean): void {
  const why = privileged
    ? "it is to have the rights of the host"
    : hostNetwork
      ? "it is to be on the host's network, which belongs to the host's root"
      : ipc === "node"
        ? "it is to have the host's /dev/shm, which belongs to the host's users"
        : undefined;
  if (why === undefined) return;
  throw new KpodError("BAD_ARGUMENT", `pod ${name} cannot have a user namespace of its own: ${why}`);
}

async function findPauseImage(
  server: LaunchParts,
  name: string,
  pull: LaunchPull | undefined,
): Promise<ImageRecord> {
  try {
    return (await imageToLaunch(server, name, pull)).image;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    // Why it could not be pulled, where that was tried.
    const { cause } = error;
    if (!(cause instanceof KpodError) && error.code !== "NOT_FOUND") throw error;
    const missing = `the pause image ${name} is not in the store ${server.store.layout.root}`;
    const load = "load one with kpod load, and name it as pause_image in [crio.image]";
    throw cause instanceof KpodError
      ? new KpodError(error.code, `${missing}: ${cause.message}`, { hint: cause.hint ?? load, cause })
      : new KpodError(error.code, missing, { hint: load, cause: error });
  }
}
