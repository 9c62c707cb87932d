import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { hostname as hostHostname } from "node:os";
import { join } from "node:path";
import { cgroupsPath, checkCgroupParent } from "../cgroups/spec-path";
import type { LaunchParts } from "../server-parts";
import { KpodError } from "../errors";
import { imageNameToPersist } from "../images/names";
import { kubernetesLabels } from "../oci/annotations";
import { addressesOfResult, viewOfResult } from "../network/result";
import type { Spec } from "../oci/spec";
import { notePod } from "../operations/note-event";
import type { Sandbox } from "../sandbox/sandbox";
import { newStorageId } from "../names/ids";
import type { ImageRecord } from "../storage/records";
import type { SelinuxLabels } from "../storage/store";
import { setFileContext } from "../system/extended-attributes";
import { unmount } from "../system/mount";
import {
  annotationsInForm,
  infraAnnotations,
  type InfraParts,
  type PodPid,
  type PodPlan,
} from "./annotations";
import { createFromSpec } from "./create";
import { imageToLaunch, type LaunchPull } from "./image";
import { requireKnownDefaults } from "./known-defaults";
import { checkName, containerFullName, infraContainerName, podFullName } from "../names/full-names";
import { unlessOvertaken, type Launched } from "./overtaken";
import { planConfinement } from "./confinement";
import { refuseWorkload } from "./launch-keys";
import { namespaceOf } from "./launch-settings";
import { newPodLabels, noLabels, processLabels } from "./selinux";
import {
  checkPodFiles,
  makePodFiles,
  podFileMounts,
  podFiles,
  type HostAlias,
  type PodDns,
} from "./pod-files";
import {
  makePodNamespaces,
  ofNode,
  podNamespacePaths,
  removePodNamespaces,
  specNamespaces,
} from "./pod-namespaces";
import { connectPod, reserveNetwork } from "./connect-pod";
import { planNetwork, type PodNetworkOptions } from "./plan-network";
import { basicEnvironment, buildSpec, permittedOomScore } from "./spec";
import { startInfraContainer } from "./start-infra";
import { withRollback, type Rollback } from "./rollback";
import { giveToNamespace, mapsForStore, openWay, type IdMappings } from "./user-namespace";
import { chooseMappings, type UserNamespaceRequest } from "./user-range";

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
 * Launches a pod without any daemon: its infra container runs, and its namespaces and files are ready for
 * containers. It is laid out as CRI-O lays out its own. When a step fails, what was made is removed.
 * @throws KpodError BAD_ARGUMENT, BAD_CONFIG when its infra container ends at once, CONFLICT when there is such a pod,
 * NOT_FOUND without the pause image or the network, NETWORK_FAILED, CONMON_FAILED, RUNTIME_FAILED
 */
export async function runPodSandbox(server: LaunchParts, options: PodOptions): Promise<Sandbox> {
  server.requireNode({ launching: true });
  const plan = await planPod(server, options);
  const since = Date.now();
  return withRollback(server.logger, async (rollback) => {
    const { labels, mappings } = await server.withStateLock(async () => {
      await server.updateRecords();
      refuseTakenPod(server, plan);
      const records = await server.store.containers();
      const chosen = plan.privileged ? noLabels : newPodLabels(server.config, records, server.logger);
      const users = options.userns && chooseMappings(options.userns, records);
      await server.storageRuntimeServer.createPodSandbox({
        id: plan.id,
        podName: plan.fullName,
        containerName: plan.infraName,
        metadataName: plan.name,
        uid: plan.uid,
        namespace: plan.namespace,
        attempt: 0,
        imageName: imageNameToPersist(plan.image, server.config.pauseImage).requested,
        image: plan.image,
        labels: chosen,
        privileged: plan.privileged,
        idMaps: mapsForStore(users),
      });
      rollback.add(`remove pod ${plan.name} from the store`, () =>
        server.store.uninterrupted(async () => {
          await server.store.deleteContainer(plan.id);
          await server.updateRecords();
        }),
      );
      const dir = server.storageRuntimeServer.getWorkDir(plan.id);
      reserveNetwork(server, plan, dir, podNamespacePaths(server.config.namespacesDir, plan.uid).network);
      return { labels: chosen, mappings: users };
    });
    const launched: Launched = { name: plan.name, id: plan.id, infra: true, since };
    const sandbox = await unlessOvertaken(server, launched, () =>
      launch(server, rollback, plan, launched, { labels, mappings }),
    );
    notePod(server, sandbox, ["create", "start"]);
    return sandbox;
  });
}

/** Mounts the file system of a pod in the store, makes its files and namespaces, and starts its infra container. */
async function launch(
  server: LaunchParts,
  rollback: Rollback,
  plan: PodPlan,
  launched: Launched,
  { labels, mappings }: { labels: SelinuxLabels; mappings: IdMappings | undefined },
): Promise<Sandbox> {
  const rootPath = await server.storageRuntimeServer.startContainer(plan.id);
  launched.rootPath = rootPath;
  const namespaces = await makePodNamespaces(server.config.namespacesDir, {
    ...{ uid: plan.uid, hostNetwork: plan.network.host, hostIpc: plan.hostIpc, mappings },
  });
  rollback.add(`remove the namespaces of pod ${plan.name}`, () => {
    removePodNamespaces(namespaces);
  });
  await server.loadSandbox(plan.id);
  const sandbox = server.lists.lookupSandbox(plan.id);
  launched.sandbox = sandbox;
  const container = sandbox.infraContainer;
  const { network: netns = "" } = namespaces;
  const results = await connectPod(server, rollback, plan, { dir: container.dir, netns });
  const files = podFiles(container.bundlePath, plan.hostIpc);
  if (!plan.hostIpc) rollback.add(`unmount ${files.shm}`, () => unmount(files.shm));
  makePodFiles(files, {
    ...plan.files,
    hostname: plan.hostname,
    hostNetwork: plan.network.host,
    hostIpc: plan.hostIpc,
    mountLabel: labels.mount,
    addresses: results.flatMap(addressesOfResult),
    networkDns: results.map((result) => viewOfResult(result).dns),
  });
  const containerenv = join(container.dir, ".containerenv");
  writeFileSync(containerenv, "", { mode: 0o644 });
  setFileContext(containerenv, labels.mount);
  if (mappings !== undefined) {
    const own = [files.hostname, files.resolvConf, files.hosts, files.shm, containerenv];
    await openWay(rootPath, container.layerId);
    await giveToNamespace([rootPath, ...own], mappings, server.signal);
  }
  const logPath = join(sandbox.logDirectory(server.config.logDir), `${plan.id}.log`);
  const spec = infraSpec(server, { plan, container, rootPath, files, namespaces, logPath, results }, labels);
  const request = { container, spec, logPath, cgroupParent: plan.cgroupParent };
  await createFromSpec(server, rollback, request);
  await startInfraContainer(server, sandbox);
  return sandbox;
}

async function planPod(server: LaunchParts, options: PodOptions): Promise<PodPlan> {
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

/** Two pods of one name in one namespace differ by their uid in CRI-O, but a user could not tell them apart. */
function refuseTakenPod(server: Pick<LaunchParts, "lists">, plan: PodPlan): void {
  const taken = server.lists
    .listSandboxes()
    .find(({ kubeName, namespace }) => kubeName === plan.name && namespace === plan.namespace);
  if (taken !== undefined) {
    throw new KpodError("CONFLICT", `conflict, name "${plan.name}" already reserved for pod "${taken.id}"`, {
      hint: "choose another name or namespace",
    });
  }
}

function infraSpec(
  server: Pick<LaunchParts, "config" | "logger">,
  parts: InfraParts,
  labels: SelinuxLabels,
): Spec {
  const { plan, rootPath, files, namespaces } = parts;
  const { confinement } = plan;
  const { infraCpuset } = confinement;
  return buildSpec(confinement, {
    process: {
      user: { uid: 0, gid: 0 },
      args: [server.config.pauseCommand],
      env: basicEnvironment,
      cwd: "/",
      // The kernel is to take every other process of the node before this one.
      oomScoreAdj: permittedOomScore(-998),
    },
    rootPath,
    rootReadonly: true,
    hostname: plan.hostname,
    mounts: podFileMounts(files, "ro"),
    annotations: annotationsInForm(server.config, infraAnnotations(server, parts)),
    cgroupsPath: cgroupsPath(server.config, plan.cgroupParent, plan.id),
    namespaces: specNamespaces({ ...namespaces, ...(plan.pid === "node" ? { pid: ofNode } : {}) }, false),
    idMappings: namespaces.user?.mappings,
    labels: processLabels(labels, plan.network.host, confinement),
    cpu: { shares: 2, ...(infraCpuset === "" ? {} : { cpus: infraCpuset }) },
    sysctls: sysctlsOf(server, plan),
  });
}

/** In a namespace of the node they would be settings of the node. */
function sysctlsOf(
  { logger }: Pick<LaunchParts, "logger">,
  { confinement, network, hostIpc, sysctls }: PodPlan,
): Record<string, string> {
  const settings = Object.entries(confinement.sysctls);
  const host = { network: network.host, ipc: hostIpc };
  const fitting = settings.filter(([name]) => !host[namespaceOf(name) ?? "network"]);
  for (const [name] of settings.filter((setting) => !fitting.includes(setting))) {
    logger.warn(`${name} of default_sysctls is not set: the pod is ${inWords(namespaceOf(name), "node")}`);
  }
  return { ...Object.fromEntries(fitting), ...sysctls };
}

/** A setting that is not of the pod's own namespaces would be one of the node. */
function checkSysctls(
  sysctls: Readonly<Record<string, string>>,
  host: { readonly network: boolean; readonly ipc: boolean },
): Readonly<Record<string, string>> {
  for (const name of Object.keys(sysctls)) {
    const namespace = /^[a-z0-9_./-]+$/i.test(name) ? namespaceOf(name) : undefined;
    if (namespace !== undefined && !host[namespace]) continue;
    const why =
      namespace === undefined
        ? "it is no setting of a pod's own namespaces"
        : `the pod is ${inWords(namespace, "host")}`;
    throw new KpodError("BAD_ARGUMENT", `sysctl ${JSON.stringify(name)} cannot be set: ${why}`);
  }
  return sysctls;
}

function inWords(namespace: "network" | "ipc" | undefined, whose: "node" | "host"): string {
  return namespace === "ipc" ? `in the ${whose}'s ipc namespace` : `on the ${whose}'s network`;
}
