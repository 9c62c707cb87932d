import { isSince, type Config, type CrioVersion } from "../config";
import type { LaunchParts } from "../server-parts";
import { createdByKpod } from "../crio/kpod-mark";
import { imageNameToPersist } from "../images/names";
import { isImageName, splitName } from "../names/image-names";
import type { StorageId } from "../names/ids";
import { annotations, kubernetesLabels } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { IdMappings, SpecIdMapping } from "../oci/spec";
import type { CniResult } from "../network/result";
import { addressAnnotations, networkAnnotations } from "../operations/network-annotations";
import { persistedAddresses } from "../sandbox/addresses";
import type { Sandbox } from "../sandbox/sandbox";
import type { ImageConfigData } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import type { Confinement } from "./confinement";
import type { ContainerOptions, VolumeOption } from "./container-options";
import type { PodFiles, PodFilesOptions } from "./pod-files";
import type { MadeNamespaces } from "./pod-namespaces";
import type { NetworkPlan } from "./plan-network";

/** Since then a pod may have several addresses, which are numbered: `.IP.0`. */
const numberedAddresses: CrioVersion = [1, 17, 0];

/** The versions of CRI-O that know an annotation by its name. The others ignore it, or miss what it says. */
const forms: Readonly<Record<string, { since: CrioVersion; before?: CrioVersion }>> = {
  [annotations.trustedSandbox]: { since: [1, 0, 0], before: [1, 13, 0] },
  [annotations.imageRepoDigests]: { since: [1, 36, 1] },
  [annotations.cniResult]: { since: [1, 12, 0] },
  [annotations.ip]: { since: [1, 0, 0], before: numberedAddresses },
  [annotations.platformRuntimePathBefore]: { since: [1, 28, 0], before: [1, 35, 0] },
  [annotations.platformRuntimePath]: { since: [1, 35, 0] },
  [annotations.podLinuxOverheadBefore]: { since: [1, 28, 0], before: [1, 35, 0] },
  [annotations.podLinuxOverhead]: { since: [1, 35, 0] },
  [annotations.podLinuxResourcesBefore]: { since: [1, 28, 0], before: [1, 35, 0] },
  [annotations.podLinuxResources]: { since: [1, 35, 0] },
};

/** What the names of today were before. */
const before = {
  [annotations.platformRuntimePath]: annotations.platformRuntimePathBefore,
  [annotations.podLinuxOverhead]: annotations.podLinuxOverheadBefore,
  [annotations.podLinuxResources]: annotations.podLinuxResourcesBefore,
} as const;

/**
 * The annotations of a new pod or container by the names that the node's CRI-O knows. Where its version is not known
 * they keep those of today.
 */
export function annotationsInForm(
  { crio }: Pick<Config, "crio">,
  all: Readonly<Record<string, string>>,
): Record<string, string> {
  if (crio?.known !== true) return { ...all };
  const entries = Object.entries(all).flatMap(([name, value]): [string, string][] => {
    const old = Object.hasOwn(before, name) ? before[name as keyof typeof before] : undefined;
    return old === undefined
      ? [[name, value]]
      : [
          [name, value],
          [old, value],
        ];
  });
  return Object.fromEntries(entries.filter(([name]) => isKnown(name, crio.version)));
}

function isKnown(name: string, version: CrioVersion): boolean {
  if (name.startsWith(`${annotations.ip}.`)) return isSince(version, numberedAddresses);
  const form = forms[name];
  if (form === undefined) return true;
  return isSince(version, form.since) && (form.before === undefined || !isSince(version, form.before));
}

/** Of what the annotations of a new container are made. */
export interface AnnotationParts {
  container: Container;
  sandbox: Sandbox;
  options: ContainerOptions;
  image: ImageRecord;
  config: ImageConfigData;
  volumes: readonly VolumeOption[];
  rootPath: string;
  logPath: string;
}

/** The annotations of CRI-O 1.36, which hold all of 1.0's. */
export function containerAnnotations(parts: AnnotationParts): Record<string, string> {
  const { container, sandbox, options, image, config } = parts;
  const labels: Record<string, string> = {
    ...options.labels,
    [kubernetesLabels.containerName]: container.metadata.name,
    [kubernetesLabels.podName]: sandbox.kubeName,
    [kubernetesLabels.podNamespace]: sandbox.namespace,
    [kubernetesLabels.podUid]: sandbox.uid,
  };
  const own = { ...options.annotations };
  const stopSignal = options.stopSignal ?? config.StopSignal ?? "";
  const imageName = imageNameToPersist(image, options.image);
  return {
    ...sandbox.annotations,
    ...labels,
    ...own,
    [annotations.manager]: "cri-o",
    [annotations.annotations]: JSON.stringify(own),
    [annotations.labels]: JSON.stringify(labels),
    [annotations.metadata]: JSON.stringify({ name: container.metadata.name }),
    [annotations.name]: container.name,
    [annotations.containerId]: container.id,
    [annotations.containerType]: "container",
    [annotations.sandboxId]: sandbox.id,
    [annotations.sandboxName]: sandbox.name,
    [annotations.created]: container.createdAt.toISOString(),
    [annotations.image]: imageName.requested,
    [annotations.imageName]: imageName.own,
    [annotations.imageRef]: image.id,
    [annotations.imageRepoDigests]: repositoryDigests(image).join(","),
    [annotations.logPath]: parts.logPath,
    [annotations.mountPoint]: parts.rootPath,
    [annotations.resolvPath]: sandbox.resolvPath,
    [annotations.seccompProfilePath]: profileInWords(options.seccomp),
    [annotations.stdin]: String(options.stdin === true),
    [annotations.stdinOnce]: String(options.stdinOnce === true),
    [annotations.tty]: String(options.terminal === true),
    [annotations.volumes]: JSON.stringify(
      parts.volumes.map(({ hostPath, containerPath, readonly, propagation = "rprivate" }) => ({
        container_path: containerPath,
        host_path: hostPath,
        readonly,
        recursive_read_only: false,
        propagation: propagations[propagation],
        selinux_relabel: false,
      })),
    ),
    [annotations.platformRuntimePath]: "",
    [annotations.createdBy]: createdByKpod,
    ...podAddresses(sandbox),
    ...(stopSignal === "" ? {} : { [annotations.stopSignal]: stopSignal }),
    ...(options.stopTimeout === undefined ? {} : { [annotations.stopTimeout]: String(options.stopTimeout) }),
    ...(options.logSizeMax === undefined ? {} : { [annotations.logSizeMax]: String(options.logSizeMax) }),
  };
}

/** CRI's numbers for what of later mounts a volume shares. */
const propagations = { rprivate: 0, rslave: 1, rshared: 2 } as const;

/** As the kubelet words it. */
function profileInWords(seccomp: string | undefined): string {
  if (seccomp === undefined) return "";
  return seccomp === "unconfined" ? "Unconfined" : `localhost/${seccomp}`;
}

/** The addresses of its pod. */
function podAddresses(sandbox: Sandbox): Record<string, string> {
  if (sandbox.hostNetwork) return {};
  return addressAnnotations(persistedAddresses(sandbox.infraContainer.specAnnotations));
}

function repositoryDigests(image: ImageRecord): string[] {
  const { digest } = image;
  if (digest === undefined) return [];
  const repositories = (image.names ?? []).filter(isImageName).map((name) => splitName(name).repository);
  return [...new Set(repositories)].map((repository) => `${repository}@${digest}`);
}

/** Whose processes the containers of a pod see: each its own, those of the pod, or those of the node. */
export type PodPid = "container" | "pod" | "node";

/** CRI's numbers for whose namespace it is. */
const namespaceModes = { pod: 0, container: 1, node: 2 } as const;

/** Everything about a new pod that is decided before the first step. */
export interface PodPlan {
  id: StorageId;
  uid: string;
  name: string;
  namespace: string;
  fullName: string;
  infraName: string;
  hostname: string;
  network: NetworkPlan;
  files: PodFilesOptions;
  pid: PodPid;
  /** In the node's ipc namespace. */
  hostIpc: boolean;
  sysctls: Readonly<Record<string, string>>;
  confinement: Confinement;
  cgroupParent: string;
  runtimeHandler: string;
  privileged: boolean;
  image: ImageRecord;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** Of what the spec of an infra container is made. */
export interface InfraParts {
  plan: PodPlan;
  container: Container;
  rootPath: string;
  files: PodFiles;
  namespaces: MadeNamespaces;
  logPath: string;
  /** What its networks gave it, each. */
  results: readonly CniResult[];
}

/** The annotations of CRI-O 1.36, and those of 1.0 that it dropped. */
export function infraAnnotations(
  server: Pick<LaunchParts, "config">,
  parts: InfraParts,
): Record<string, string> {
  const { plan, container, rootPath, files, logPath } = parts;
  const mappings = parts.namespaces.user?.mappings;
  const imageName = imageNameToPersist(plan.image, server.config.pauseImage);
  return {
    ...plan.labels,
    ...plan.annotations,
    [annotations.manager]: "cri-o",
    [annotations.annotations]: JSON.stringify(plan.annotations),
    [annotations.labels]: JSON.stringify(plan.labels),
    [annotations.metadata]: JSON.stringify({ name: plan.name, uid: plan.uid, namespace: plan.namespace }),
    [annotations.name]: plan.fullName,
    [annotations.sandboxName]: plan.fullName,
    [annotations.containerName]: plan.infraName,
    [annotations.containerId]: plan.id,
    [annotations.sandboxId]: plan.id,
    [annotations.containerType]: "sandbox",
    [annotations.created]: container.createdAt.toISOString(),
    [annotations.namespace]: plan.namespace,
    [annotations.kubeName]: plan.name,
    [annotations.hostName]: plan.hostname,
    [annotations.hostnamePath]: files.hostname,
    [annotations.resolvPath]: files.resolvConf,
    [annotations.shmPath]: files.shm,
    [annotations.hostNetwork]: String(plan.network.host),
    // As protobuf writes it, what is 0 is left out.
    [annotations.namespaceOptions]: JSON.stringify({
      ...(plan.network.host ? { network: namespaceModes.node } : {}),
      ...(plan.pid === "pod" ? {} : { pid: namespaceModes[plan.pid] }),
      ...(plan.hostIpc ? { ipc: namespaceModes.node } : {}),
      ...(mappings === undefined ? {} : { userns_options: usersInCri(mappings) }),
    }),
    ...(mappings === undefined ? {} : { [annotations.usernsMode]: usersInWords(mappings) }),
    [annotations.portMappings]: JSON.stringify(
      plan.network.portMappings.map(({ hostPort, containerPort, protocol, hostIp }) => ({
        HostPort: hostPort,
        ContainerPort: containerPort,
        Protocol: protocol.toUpperCase(),
        HostIP: hostIp,
      })),
    ),
    ...networkAnnotations(server.config, parts.results),
    [annotations.privilegedRuntime]: String(plan.privileged),
    [annotations.trustedSandbox]: "true",
    [annotations.runtimeHandler]: plan.runtimeHandler,
    [annotations.cgroupParent]: plan.cgroupParent,
    [annotations.image]: imageName.requested,
    [annotations.imageName]: imageName.own,
    [annotations.logPath]: logPath,
    [annotations.mountPoint]: rootPath,
    [annotations.seccompProfilePath]: "",
    [annotations.podLinuxOverhead]: "null",
    [annotations.podLinuxResources]: "null",
    [annotations.createdBy]: createdByKpod,
  };
}

/** CRI's message for the users of a pod. */
function usersInCri({ uids, gids }: IdMappings): object {
  const ranges = (mappings: readonly SpecIdMapping[]): object[] =>
    mappings.map(({ containerID = 0, hostID = 0, size }) => ({
      ...{ host_id: hostID, container_id: containerID, length: size },
    }));
  return { uids: ranges(uids), gids: ranges(gids) };
}

/** CRI-O's own words for them, before Kubernetes had any. */
function usersInWords({ uids, gids }: IdMappings): string {
  const ranges = (key: string, mappings: readonly SpecIdMapping[]): string[] =>
    mappings.map(({ containerID = 0, hostID = 0, size }) => `${key}=${containerID}:${hostID}:${size}`);
  return `private:${[...ranges("uidmapping", uids), ...ranges("gidmapping", gids)].join(";")}`;
}
