import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { hasOnlyCgroup2 } from "../cgroups/mounts";
import { cgroupsPath } from "../cgroups/spec-path";
import { members } from "../checkpoint/format";
import { checkpointImages } from "../checkpoint/kept";
import { openCheckpointArchive, writeFile, type OpenCheckpointArchive } from "../checkpoint/read-archive";
import { runtimeHandler } from "../config";
import { beforeLaunch } from "../crio/before-launch";
import { KpodError } from "../errors";
import { hooksFor } from "../hooks/match-hooks";
import { checkName, namePartsOf } from "../names/full-names";
import type { Container } from "../oci/container";
import type { SpecNamespace } from "../oci/spec";
import { criuError, removeCheckpoint, requireCriuWithLabels } from "../operations/checkpoint-files";
import { unlockNetwork } from "../operations/checkpoint-network";
import type { Sandbox } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";
import { annotationsInForm, containerAnnotations } from "./annotations";
import { createRecorded, type RecordedContainer } from "./container";
import { createFromSpec } from "./create";
import type { LaunchPull } from "./image";
import { requireKnownDefaults } from "./known-defaults";
import { runPodSandbox } from "./pod";
import type { PodOptions } from "./plan-pod";
import { specNamespaces, type ContainerNamespaces } from "./pod-namespaces";
import { noteRestored, restoreSource, type RestoreOptions } from "./restore";
import { restoreIntoCgroup } from "./restore-cgroup";
import { removeInRoot, writeRootDiff } from "./restore-files";
import { imageToRestore, type RestoreImage } from "./restore-image";
import {
  dumpedName,
  keptAnnotations,
  requireSameNamespaces,
  restoredMounts,
  restoredOptions,
  restoredSpec,
} from "./restore-spec";
import type { Rollback } from "./rollback";
import { removeLog, rollbackPod } from "./rollback-launched";

/** What container is made of an archive. */
export interface RestoreArchiveOptions extends RestoreOptions {
  /** The archive. */
  readonly path: string;
  /** The name or id of the pod to restore it in; left out, it gets one of its own. */
  readonly pod?: string | undefined;
  /** What a pod is to be that is made for it, beyond the kinds of namespaces that it had: how it is connected. */
  readonly newPod?: Omit<PodOptions, "name"> | undefined;
  /** Its name in Kubernetes, in the place of the one that it had. */
  readonly name?: string | undefined;
  /** How its image comes into the store, and for a pod that is made the pause image. */
  readonly pull?: LaunchPull;
}

/**
 * Makes a container of an archive of a checkpoint, whose processes go on from there: in a pod that is there, or in one of its
 * own. It is a container as `runContainer` makes them, with a log that begins with the old one. When a step fails, what was
 * made is removed.
 *
 * What is in an archive runs with the rights that it had: whoever made it has those of root on the node.
 * @throws KpodError BAD_ARGUMENT, CORRUPT for an archive that cannot be used; NOT_FOUND without its image or the pod; UNSUPPORTED;
 * as `runPodSandbox` and `restoreContainer`
 */
export async function restoreArchive(
  server: LaunchParts,
  options: RestoreArchiveOptions,
): Promise<Container> {
  server.requireNode({ launching: true });
  await requireKnownDefaults(server);
  const archive = await openCheckpointArchive(options.path, server.signal);
  try {
    return await restoreFrom(server, archive, options);
  } finally {
    archive.close();
  }
}

async function restoreFrom(
  server: LaunchParts,
  archive: OpenCheckpointArchive,
  options: RestoreArchiveOptions,
): Promise<Container> {
  if ((archive.spec.linux?.uidMappings ?? []).length > 0) {
    throw new KpodError(
      "UNSUPPORTED",
      `${archive.path}: the container had a user namespace, and would get other users here`,
    );
  }
  const name = nameOf(archive, options);
  requireSpace(archive, server.store.layout.root);
  await server.update();
  const present =
    options.pod === undefined ? undefined : server.lists.lookupSandbox(options.pod, "restore in");
  const { force = false } = options;
  const planned = present === undefined ? {} : { sandbox: present, force };
  for (const note of await beforeLaunch(server, planned)) server.logger.warn(note);
  const handler = present?.runtimeHandler ?? handlerOf(server, archive);
  await server.runtime.requireCheckpoints(handler);
  const image = await imageToRestore(server, archive, options.pull);
  const sandbox =
    present ??
    (await runPodSandbox(server, {
      ...podOptions(archive, options.pull),
      ...options.newPod,
      ...{ name, runtimeHandler: handler },
    }));
  try {
    const container = await makeIn(server, sandbox, archive, { ...options, name }, image);
    noteRestored(server, container);
    return container;
  } catch (error) {
    if (present === undefined) await rollbackPod(server, sandbox);
    throw error;
  }
}

/** @throws KpodError IO where the disk has no room for what is unpacked */
function requireSpace({ path, size }: OpenCheckpointArchive, root: string): void {
  const { bavail, bsize } = statfsSync(root);
  if (size <= bavail * bsize) return;
  throw new KpodError("IO", `${path} holds ${size} bytes, and ${root} has ${bavail * bsize} free`, {
    hint: "make room on the disk",
  });
}

/** @throws KpodError BAD_ARGUMENT */
function nameOf(archive: OpenCheckpointArchive, { name }: RestoreArchiveOptions): string {
  const own = dumpedName(archive) ?? namePartsOf(archive.config.name)?.container ?? archive.config.name;
  return checkName("container", name ?? own);
}

/** The handler that it had, where the node has one of that name; else the default one. */
function handlerOf({ config }: Pick<LaunchParts, "config">, archive: OpenCheckpointArchive): string {
  const { runtime } = archive.config;
  return runtime !== "" && runtimeHandler(config, runtime) !== undefined ? runtime : "";
}

/** A pod with the namespaces that it had. */
function podOptions({ spec }: OpenCheckpointArchive, pull: LaunchPull | undefined): Omit<PodOptions, "name"> {
  const namespaces = spec.linux?.namespaces ?? [];
  const find = (wanted: SpecNamespace["type"]) => namespaces.find(({ type }) => type === wanted);
  const pid = find("pid");
  const ofPause: LaunchPull =
    pull === undefined || pull.when === "never" ? { when: "never" } : { ...pull, when: "missing" };
  return {
    pull: ofPause,
    ...(find("network") === undefined ? { network: "host" } : {}),
    ...(find("ipc") === undefined ? { ipc: "node" } : {}),
    pid: pid === undefined ? "node" : pid.path === undefined || pid.path === "" ? "container" : "pod",
    privileged: isPrivileged({ spec }),
  };
}

/** Who may use all devices of the node. */
function isPrivileged({ spec }: Pick<OpenCheckpointArchive, "spec">): boolean {
  const devices = spec.linux?.resources?.devices ?? [];
  return devices.some(({ allow, type = "a" }) => allow && type === "a");
}

function makeIn(
  server: LaunchParts,
  sandbox: Sandbox,
  archive: OpenCheckpointArchive,
  options: RestoreArchiveOptions & { readonly name: string },
  image: RestoreImage,
): Promise<Container> {
  const privileged = isPrivileged(archive);
  if (privileged && !sandbox.privileged) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `pod ${sandbox.kubeName} is not privileged, and the container in ${archive.path} is`,
      { hint: "name a pod that is, or none" },
    );
  }
  const namespacesIn = (namespaces: ContainerNamespaces): SpecNamespace[] =>
    specNamespaces(namespaces, hasOnlyCgroup2());
  const { name } = options;
  const record = {
    ...{ name, image: image.image, requestedName: image.requestedName, privileged },
    labels: <T>(usual: T) => usual,
    check: (pod: Sandbox, namespaces: ContainerNamespaces) => {
      if (namespaces.user !== undefined) {
        throw new KpodError(
          "UNSUPPORTED",
          `pod ${pod.kubeName} has a user namespace, in which no container is restored`,
        );
      }
      requireSameNamespaces(archive, namespacesIn(namespaces), pod);
    },
  };
  return createRecorded(server, sandbox, record, (rollback, made) =>
    launch(server, rollback, {
      sandbox,
      archive,
      options,
      image,
      made,
      namespaces: namespacesIn(made.namespaces),
    }),
  );
}

interface LaunchedArchive {
  readonly sandbox: Sandbox;
  readonly archive: OpenCheckpointArchive;
  readonly options: RestoreArchiveOptions & { readonly name: string };
  readonly image: RestoreImage;
  readonly made: RecordedContainer;
  readonly namespaces: readonly SpecNamespace[];
}

/** Puts its files back, and has its processes go on. */
async function launch(
  server: LaunchParts,
  rollback: Rollback,
  { sandbox, archive, options, image: { image, requestedName }, made, namespaces }: LaunchedArchive,
): Promise<Container> {
  const { config, logger } = server;
  const { launched, labels } = made;
  const { id } = launched;
  const rootPath = await server.storageRuntimeServer.startContainer(id);
  launched.rootPath = rootPath;
  await server.loadContainer(id);
  const container = server.lists.lookupContainer(id);
  const logDirectory = sandbox.logDirectory(config.logDir);
  const logPath = join(logDirectory, `${id}.log`);
  rollback.add(`remove the log file of ${container.name}`, () => {
    removeLog(logPath);
  });
  const images = checkpointImages(container);
  mkdirSync(images, { mode: 0o700 });
  mkdirSync(logDirectory, { recursive: true });
  await archive.unpack({
    images,
    rootDiff: (bytes) => writeRootDiff(rootPath, bytes, server.signal),
    log: (bytes) => writeFile(logPath, bytes),
  });
  for (const path of archive.deletedFiles) removeInRoot(rootPath, path);
  const { mounts, missing, hasVolumes } = restoredMounts(archive, { container, sandbox, labels });
  for (const path of missing)
    logger.warn(`${path}, which was mounted in the container, is not on this node: it is empty in it`);
  const asked = { ...restoredOptions(archive), name: options.name, image: requestedName };
  const ownCgroup = cgroupsPath(config, sandbox.cgroupParent, id);
  const spec = restoredSpec(archive, {
    ...{ container, sandbox, rootPath, namespaces, labels, mounts },
    cgroupsPath: ownCgroup,
    hooks: hooksFor(server.hooks(), {
      command: archive.spec.process?.args[0] ?? "",
      annotations: sandbox.annotations,
      hasBindMounts: hasVolumes,
    }),
    annotations: annotationsInForm(config, {
      ...containerAnnotations({
        ...{ container, sandbox, options: asked, image, config: {}, rootPath, logPath },
        volumes: [],
      }),
      ...keptAnnotations(archive),
      ...restoreIntoCgroup(container, ownCgroup),
    }),
  });
  const { cgroupParent } = sandbox;
  const cannot = `cannot restore container ${options.name}`;
  requireCriuWithLabels(spec.process?.selinuxLabel, cannot);
  try {
    await createFromSpec(server, rollback, {
      ...{ container, spec, logPath, cgroupParent },
      restore: restoreSource(container, spec, options),
    });
  } catch (error) {
    const log = join(container.bundlePath, members.restoreLog);
    throw criuError(cannot, log, error, false);
  }
  await unlockNetwork(server, container);
  removeCheckpoint(container);
  return container;
}
