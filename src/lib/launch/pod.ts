import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupsPath } from "../cgroups/spec-path";
import type { LaunchParts } from "../server-parts";
import { KpodError } from "../errors";
import { imageNameToPersist } from "../images/names";
import { addressesOfResult, viewOfResult } from "../network/result";
import type { IdMappings, Spec } from "../oci/spec";
import { notePod } from "../operations/note-event";
import type { Sandbox } from "../sandbox/sandbox";
import type { SelinuxLabels } from "../storage/store";
import { setFileContext } from "../system/extended-attributes";
import { unmount } from "../system/mount";
import { annotationsInForm, infraAnnotations, type InfraParts, type PodPlan } from "./annotations";
import { createFromSpec } from "./create";
import { unlessOvertaken, type Launched } from "./overtaken";
import { newPodLabels, noLabels, processLabels } from "./selinux";
import { makePodFiles, podFileMounts, podFiles } from "./pod-files";
import {
  makePodNamespaces,
  ofNode,
  podNamespacePaths,
  removePodNamespaces,
  specNamespaces,
} from "./pod-namespaces";
import { connectPod, reserveNetwork } from "./connect-pod";
import { basicEnvironment, buildSpec, permittedOomScore } from "./spec";
import { startInfraContainer } from "./start-infra";
import { withRollback, type Rollback } from "./rollback";
import { giveToNamespace, mapsForStore, openWay } from "./user-namespace";
import { chooseMappings } from "./user-range";
import { planPod, type PodOptions } from "./plan-pod";
import { sysctlsOf } from "./pod-sysctls";

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
      // As in CRI-O: a privileged one has labels as well, for its containers that are not, and for what all of them share.
      const withNode = plan.hostIpc || plan.pid === "node";
      const chosen = withNode ? noLabels : newPodLabels(server.config, records, server.logger);
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
