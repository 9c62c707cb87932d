import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { hostname as hostHostname } from "node:os";
import { join } from "node:path";
import { cgroupsPath } from "../cgroups/parent";
import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import { kubernetesLabels } from "../oci/annotations";
import type { Sandbox } from "../sandbox/sandbox";
import { newStorageId } from "../storage/ids";
import type { ImageRecord } from "../storage/records";
import { unmount } from "../system/mount";
import { annotationsInForm } from "./annotation-forms";
import { createFromSpec, startContainer } from "./create";
import { requireKnownDefaults } from "./known-defaults";
import { checkName, containerFullName, infraContainerName, podFullName } from "./names";
import { unlessOvertaken } from "./overtaken";
import { infraAnnotations, type InfraParts, type PodPlan } from "./pod-annotations";
import { permittedOomScore } from "./oom-score";
import { makePodFiles, podFileMounts, podFiles } from "./pod-files";
import { makePodNamespaces, removePodNamespaces, specNamespaces } from "./pod-namespaces";
import { basicEnvironment, buildSpec } from "./spec";
import { withUndo } from "./undo";

/** What a new pod is to be. */
export interface PodOptions {
  /** Its name in Kubernetes. */
  name: string;
  /** Default `default`. */
  namespace?: string;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** Default: the pod's name; on the host's network always the host's. */
  hostname?: string;
  /** The host's network, or one of its own with nothing but loopback. */
  network: "host" | "none";
  /** The cgroup of the pod; "" for the default. */
  cgroupParent?: string;
}

/**
 * Launches a pod without any daemon: its infra container runs, and its namespaces and files are ready for
 * containers. It is laid out as CRI-O lays out its own. When a step fails, what was made is removed.
 * @throws KpodError BAD_ARGUMENT, CONFLICT when there is such a pod, NOT_FOUND without the pause image,
 * CONMON_FAILED, RUNTIME_FAILED
 */
export async function runPodSandbox(server: ContainerServer, options: PodOptions): Promise<Sandbox> {
  const plan = await planPod(server, options);
  return withUndo(server.logger, async (undo) => {
    await server.withStateLock(async () => {
      await server.update({ states: false });
      refuseTakenPod(server, plan);
      await server.storageRuntimeServer.createPodSandbox({
        id: plan.id,
        podName: plan.fullName,
        containerName: plan.infraName,
        metadataName: plan.name,
        uid: plan.uid,
        namespace: plan.namespace,
        attempt: 0,
        imageName: server.config.pauseImage,
        image: plan.image,
      });
      undo.add(`remove pod ${plan.name} from the store`, () =>
        server.store.uninterrupted(async () => {
          await server.store.deleteContainer(plan.id);
          await server.update({ states: false });
        }),
      );
    });
    const rootPath = await server.storageRuntimeServer.startContainer(plan.id);
    const files = podFiles(server.storageRuntimeServer.getRunDir(plan.id));
    undo.add(`unmount ${files.shm}`, () => unmount(files.shm));
    makePodFiles(files, plan.hostname, plan.hostNetwork);
    const namespaces = makePodNamespaces(server.config.namespacesDir, plan.uid, plan.hostNetwork);
    undo.add(`remove the namespaces of pod ${plan.name}`, () => {
      removePodNamespaces(namespaces);
    });
    await server.loadSandbox(plan.id);
    const sandbox = server.lookupSandbox(plan.id);
    const container = sandbox.infraContainer;
    writeFileSync(join(container.dir, ".containerenv"), "", { mode: 0o644 });
    const logPath = join(sandbox.logDirectory(server.config.logDir), `${plan.id}.log`);
    const spec = infraSpec(server, { plan, container, rootPath, files, namespaces, logPath });
    const request = { container, spec, logPath, cgroupParent: plan.cgroupParent };
    await unlessOvertaken(server, sandbox, "pod", () => createFromSpec(server, undo, request));
    await startContainer(server, container);
    return sandbox;
  });
}

async function planPod(server: ContainerServer, options: PodOptions): Promise<PodPlan> {
  const { config } = server;
  await requireKnownDefaults(server);
  server.runtime.requirePrograms();
  const name = checkName("pod", options.name);
  const namespace = checkName("namespace", options.namespace ?? "default");
  const hostNetwork = options.network === "host";
  const uid = randomUUID();
  const parts = { name, namespace, uid, attempt: 0 };
  return {
    id: newStorageId(),
    uid,
    name,
    namespace,
    fullName: podFullName(parts),
    infraName: containerFullName(infraContainerName, parts, 0),
    hostname: hostNetwork ? hostHostname() : checkName("host", options.hostname ?? name),
    hostNetwork,
    cgroupParent: options.cgroupParent ?? "",
    image: await findPauseImage(server, config.pauseImage),
    labels: {
      ...options.labels,
      [kubernetesLabels.containerName]: infraContainerName,
      [kubernetesLabels.podName]: name,
      [kubernetesLabels.podNamespace]: namespace,
      [kubernetesLabels.podUid]: uid,
    },
    annotations: { ...options.annotations },
  };
}

async function findPauseImage(server: ContainerServer, name: string): Promise<ImageRecord> {
  try {
    return await server.store.image(name);
  } catch (error) {
    if (!(error instanceof KpodError && error.code === "NOT_FOUND")) throw error;
    throw new KpodError(
      "NOT_FOUND",
      `the pause image ${name} is not in the store ${server.store.layout.root}`,
      {
        hint: "load one with kpod load, and name it as pause_image in [crio.image]",
        cause: error,
      },
    );
  }
}

/** Two pods of one name in one namespace differ by their uid in CRI-O, but a user could not tell them apart. */
function refuseTakenPod(server: ContainerServer, plan: PodPlan): void {
  const taken = server
    .listSandboxes()
    .find(({ kubeName, namespace }) => kubeName === plan.name && namespace === plan.namespace);
  if (taken !== undefined) {
    throw new KpodError("CONFLICT", `conflict, name "${plan.name}" already reserved for pod "${taken.id}"`, {
      hint: "choose another name or namespace",
    });
  }
}

function infraSpec(server: ContainerServer, parts: InfraParts): ReturnType<typeof buildSpec> {
  const { plan, rootPath, files, namespaces } = parts;
  return buildSpec(server.config, {
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
    namespaces: specNamespaces(namespaces),
    cpuShares: 2,
  });
}
