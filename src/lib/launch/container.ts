import { existsSync, lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasOnlyCgroup2 } from "../cgroups/mounts";
import { cgroupsPath } from "../cgroups/spec-path";
import type { LaunchParts } from "../server-parts";
import { ifThere, KpodError, orFileError } from "../errors";
import { hooksFor } from "../hooks/match-hooks";
import { imageNameToPersist } from "../images/names";
import type { Container } from "../oci/container";
import { mergeEnvironment } from "../oci/environment";
import { parseSignal } from "../oci/signals";
import type { SpecMount, SpecResources } from "../oci/spec";
import { lookUpUser, requireMapped, withOwnGroup, type ProcessUser } from "../oci/user";
import { noteContainer } from "../operations/note-event";
import type { Sandbox } from "../sandbox/sandbox";
import { absolutePath } from "../system/paths";
import { newStorageId } from "../names/ids";
import type { ImageConfigData } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import type { SelinuxLabels } from "../storage/store";
import { annotationsInForm, containerAnnotations } from "./annotations";
import { planConfinement, type Confinement } from "./confinement";
import type { ContainerOptions } from "./container-options";
import { createFromSpec } from "./create";
import { refuseWorkload } from "./launch-keys";
import { imageToLaunch } from "./image";
import { requireKnownDefaults } from "./known-defaults";
import { checkName, containerFullName } from "../names/full-names";
import { unlessOvertaken, type Launched } from "./overtaken";
import { findInit, type ContainerInit } from "./init";
import { newLimits } from "./limits";
import { planOwnMounts, type OwnMounts } from "./own-mounts";
import { podFileMounts, podFiles } from "./pod-files";
import { isWithNode, namespacesOf, specNamespaces, type ContainerNamespaces } from "./pod-namespaces";
import { newContainerLabels, processLabels, unconfinedLabels, wantedLabels } from "./selinux";
import { basicEnvironment, buildSpec, cgroupMount, permittedOomScore, writableMounts } from "./spec";
import { requireReadyPod } from "./ready-pod";
import { mountImageVolumes, timezoneMounts } from "./container-mounts";
import { withRollback, type Rollback } from "./rollback";
import { giveToNamespace, mapsForStore, openWay } from "./user-namespace";

/**
 * Creates a container in a pod, laid out as CRI-O lays out its own; its process waits to be started by
 * `startContainer`. When a step fails, what was made is removed.
 * @throws KpodError BAD_ARGUMENT, BAD_STATE when the pod is not ready or ceases to be, CONFLICT, NOT_FOUND without the
 * image, CONMON_FAILED, RUNTIME_FAILED (no such command in the image, for example)
 */
export async function createPodContainer(
  server: LaunchParts,
  sandbox: Sandbox,
  options: ContainerOptions,
): Promise<Container> {
  server.requireNode({ launching: true });
  await requireKnownDefaults(server);
  const { runtimeHandler, privileged } = sandbox;
  server.runtime.requirePrograms(runtimeHandler);
  const name = checkName("container", options.name);
  if (options.privileged === true && !privileged) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `pod ${sandbox.kubeName} is not privileged, and so no container in it`,
      {
        hint: "make a pod that is",
      },
    );
  }
  const ownMounts = planOwnMounts(options);
  const confinement = planConfinement(server.config, runtimeHandler, server.logger, options);
  const settings: ContainerSettings = {
    options,
    confinement,
    ownMounts,
    limits: newLimits(options.limits ?? {}),
    init: options.init === true ? findInit() : undefined,
  };
  checkSettings(options);
  refuseWorkload(server.config, sandbox.annotations);
  const { image } = await imageToLaunch(server, options.image);
  const record: NewRecord = {
    ...{ name, image, requestedName: options.image, privileged: confinement.privileged },
    check: (pod, namespaces) => {
      requireUsers(pod, namespaces, options);
    },
    labels: (usual) => wantedLabels(server.config, usual, options),
  };
  return createRecorded(server, sandbox, record, (rollback, made) =>
    launch(server, rollback, sandbox, { ...made, image, ...settings }),
  );
}

/** What the record of a new container says. */
export interface NewRecord {
  /** Its name in Kubernetes. */
  readonly name: string;
  readonly image: ImageRecord;
  /** What the image was asked for by. */
  readonly requestedName: string;
  readonly privileged: boolean;
  /** Looks whether it can be in its pod. @throws KpodError */
  readonly check: (pod: Sandbox, namespaces: ContainerNamespaces) => void;
  /** @param usual the labels that a container of the pod has */
  readonly labels: (usual: SelinuxLabels) => SelinuxLabels;
}

/** A container that has a record and a layer, and nothing else yet. */
export interface RecordedContainer {
  readonly launched: Launched;
  /** The configuration of its image. */
  readonly config: ImageConfigData;
  readonly namespaces: ContainerNamespaces;
  readonly labels: SelinuxLabels;
}

/**
 * Makes the record of a new container in a pod, and has it launched. Where that fails, what was made is removed.
 * @param launchRecorded mounts its file system, writes its spec, and has its runtime make it
 * @throws KpodError BAD_STATE when the pod is not ready or ceases to be, CONFLICT; what the parts throw
 */
export async function createRecorded(
  server: LaunchParts,
  sandbox: Sandbox,
  { name, image, requestedName, privileged, check, labels: labelsOf }: NewRecord,
  launchRecorded: (rollback: Rollback, made: RecordedContainer) => Promise<Container>,
): Promise<Container> {
  const id = newStorageId();
  const since = Date.now();
  const { kubeName, namespace, uid, attempt } = sandbox;
  const fullName = containerFullName(name, { name: kubeName, namespace, uid, attempt }, 0);
  return withRollback(server.logger, async (rollback) => {
    await server.update();
    const made = await server.withStateLock(async () => {
      await server.updateRecords();
      const pod = requireReadyPod(server, sandbox);
      const namespaces = namespacesOf(pod);
      const records = await server.store.containers();
      check(pod, namespaces);
      const withNode = isWithNode(namespaces);
      const usual = newContainerLabels(server.config, pod, withNode, records, server.logger);
      const labels = labelsOf(privileged ? unconfinedLabels(usual) : usual);
      const info = await server.storageRuntimeServer.createContainer({
        id,
        podName: sandbox.name,
        podId: sandbox.id,
        containerName: fullName,
        metadataName: name,
        attempt: 0,
        imageName: imageNameToPersist(image, requestedName).requested,
        image,
        labels,
        privileged,
        idMaps: mapsForStore(namespaces.user?.mappings),
      });
      rollback.add(`remove container ${name} from the store`, () =>
        server.store.uninterrupted(async () => {
          await server.store.deleteContainer(id);
          await server.updateRecords();
        }),
      );
      return { config: info.config.config ?? {}, namespaces, labels };
    });
    const launched: Launched = { name, id, infra: false, sandbox, since };
    const container = await unlessOvertaken(server, launched, () =>
      launchRecorded(rollback, { launched, ...made }),
    );
    noteContainer(server, container, "create", { time: container.createdAt.getTime() });
    return container;
  });
}

/** What was asked for, checked before anything is made. */
interface ContainerSettings {
  readonly options: ContainerOptions;
  readonly confinement: Confinement;
  readonly ownMounts: OwnMounts;
  readonly limits: SpecResources;
  readonly init: ContainerInit | undefined;
}

/** What a container is made of that the store has already. */
interface ContainerParts extends ContainerSettings, RecordedContainer {
  readonly image: ImageRecord;
}

/** Mounts its file system, writes its spec, and has its runtime create it. */
async function launch(
  server: LaunchParts,
  rollback: Rollback,
  sandbox: Sandbox,
  parts: ContainerParts,
): Promise<Container> {
  const { launched, image, config, options, confinement, namespaces, labels, ownMounts, init } = parts;
  const { id } = launched;
  const rootPath = await server.storageRuntimeServer.startContainer(id);
  launched.rootPath = rootPath;
  await server.loadContainer(id);
  const container = server.lists.lookupContainer(id);
  const logPath = options.logPath ?? join(sandbox.logDirectory(server.config.logDir), `${id}.log`);
  const args = commandOf(config, options);
  const imageVolumes = mountImageVolumes(server.config, config, rootPath, container.bundlePath, labels.mount);
  const volumeMounts = [
    ...imageVolumes.filter(({ destination }) => !isMountedIn(ownMounts.mounts, destination)),
    ...ownMounts.mounts,
  ];
  const idMappings = namespaces.user?.mappings;
  const user = userOf(rootPath, config, options);
  if (idMappings !== undefined) {
    requireMapped(user, idMappings, "the container is to run as");
    const trees = [rootPath, ...imageVolumes.flatMap(({ source }) => source ?? [])];
    await openWay(rootPath, container.layerId);
    await giveToNamespace(trees, idMappings, server.signal);
  }
  const access = confinement.readOnly ? "ro" : "rw";
  const spec = buildSpec(confinement, {
    process: {
      user,
      args: [...(init?.args ?? []), ...args],
      env: mergeEnvironment([
        ...basicEnvironment,
        ...confinement.env,
        `HOSTNAME=${sandbox.hostname}`,
        ...(config.Env ?? []),
        ...(options.env ?? []),
      ]),
      cwd: [options.cwd, config.WorkingDir].find((cwd) => cwd !== undefined && cwd !== "") ?? "/",
      ...(options.terminal === true ? { terminal: true } : {}),
      // Else it would have that of kpod, or of an old conmon, which the kernel is to spare.
      oomScoreAdj: permittedOomScore(options.oomScoreAdj ?? 0),
    },
    rootPath,
    rootReadonly: confinement.readOnly,
    hostname: sandbox.hostname,
    mounts: [
      cgroupMount(confinement.privileged ? "rw" : "ro"),
      ...(confinement.readOnly ? writableMounts : []).filter(
        ({ destination }) => !isMountedIn(volumeMounts, destination),
      ),
      ...mountsOfPod(sandbox, access),
      ...timezoneMounts(confinement.timezone, container.bundlePath, access, labels.mount),
      ...(init === undefined ? [] : [init.mount]),
      ...volumeMounts,
    ],
    hooks: hooksFor(server.hooks(), {
      command: args[0] ?? "",
      annotations: sandbox.annotations,
      hasBindMounts: volumeMounts.some(({ type }) => type === "bind"),
    }),
    annotations: annotationsInForm(
      server.config,
      containerAnnotations({
        ...{ container, sandbox, options, image, config, rootPath, logPath },
        volumes: ownMounts.volumes,
      }),
    ),
    cgroupsPath: cgroupsPath(server.config, sandbox.cgroupParent, id),
    namespaces: specNamespaces(namespaces, hasOnlyCgroup2()),
    idMappings,
    labels: processLabels(labels, sandbox.hostNetwork, confinement),
    devices: confinement.devices,
    pidsLimit: server.config.pidsLimit,
    limits: parts.limits,
    rootPropagation: ownMounts.rootPropagation,
  });
  await createFromSpec(server, rollback, { container, spec, logPath, cgroupParent: sandbox.cgroupParent });
  return container;
}

function isMountedIn(mounts: readonly SpecMount[], place: string): boolean {
  return mounts.some(({ destination }) => destination === place);
}

/** @throws KpodError BAD_ARGUMENT */
function checkSettings({ cwd, stopSignal, logPath, oomScoreAdj = 0 }: ContainerOptions): void {
  if (cwd?.startsWith("/") === false) {
    throw new KpodError("BAD_ARGUMENT", `the working directory ${JSON.stringify(cwd)} is not absolute`);
  }
  if (stopSignal !== undefined) parseSignal(stopSignal);
  if (!Number.isInteger(oomScoreAdj) || Math.abs(oomScoreAdj) > 1000) {
    throw new KpodError("BAD_ARGUMENT", `oom_score_adj ${oomScoreAdj} is not within -1000 to 1000`);
  }
  // A launch that fails removes its log.
  if (logPath !== undefined && isThere(logPath)) {
    throw new KpodError("BAD_ARGUMENT", `the log ${logPath} is there already`, { hint: "name another" });
  }
}

/** A symbolic link is there, wherever it leads. @throws KpodError IO, NOT_PERMITTED */
function isThere(logPath: string): boolean {
  const path = absolutePath("the log", logPath);
  return orFileError(`cannot write the log ${logPath}`, () => ifThere(() => lstatSync(path))) !== undefined;
}

/** @throws KpodError BAD_ARGUMENT where a container would have other users than was asked for */
function requireUsers(
  { kubeName }: Pick<Sandbox, "kubeName">,
  { user }: ContainerNamespaces,
  { userns }: ContainerOptions,
): void {
  if (userns === "host" && user !== undefined)
    throw new KpodError("BAD_ARGUMENT", `pod ${kubeName} has a user namespace, in which its containers are`);
  if (userns === "pod" && user === undefined)
    throw new KpodError("BAD_ARGUMENT", `pod ${kubeName} has no user namespace that a container could join`);
}

/** Whom its process runs as, with all groups. @throws KpodError BAD_ARGUMENT for root where that is not to be */
function userOf(
  rootPath: string,
  { User: ofImage = "" }: ImageConfigData,
  { user: wanted, group, groups = [], nonRoot = false }: ContainerOptions,
): ProcessUser {
  const named =
    wanted === undefined
      ? lookUpUser(rootPath, ofImage, "the image runs as")
      : lookUpUser(rootPath, wanted, "the container is to run as");
  if (nonRoot && named.uid === 0) {
    throw new KpodError("BAD_ARGUMENT", "the container is not to run as root, and its image does", {
      hint: "name a user by runAsUser",
    });
  }
  const { uid, gid, additionalGids } = withOwnGroup(group === undefined ? named : { ...named, gid: group });
  return { uid, gid, additionalGids: [...new Set([...(additionalGids ?? []), ...groups])] };
}

function commandOf(config: ImageConfigData, options: ContainerOptions): string[] {
  const { command: given = [], entrypoint } = options;
  // With another entry point the command of the image has no meaning.
  const command = given.length > 0 || entrypoint !== undefined ? given : (config.Cmd ?? []);
  const args = [...(entrypoint ?? config.Entrypoint ?? []), ...command];
  if (args.length > 0) return args;
  throw new KpodError("BAD_ARGUMENT", `image ${options.image} names no command to run`, {
    hint: "give one after the image",
  });
}

/** What a container has of its pod: the files of its network and names, its /dev/shm, and that which tells of a container. */
export function mountsOfPod(sandbox: Sandbox, access: "ro" | "rw"): SpecMount[] {
  const { hosts } = podFiles(dirname(sandbox.hostnamePath));
  const { hostnamePath: hostname, resolvPath: resolvConf, shmPath: shm } = sandbox;
  return [
    ...podFileMounts({ hostname, resolvConf, hosts, shm }, access),
    ...containerenvMount(sandbox, access),
  ];
}

/** The empty file by which programs see that they are in a container; it lies with the infra container. */
function containerenvMount(sandbox: Sandbox, access: "ro" | "rw"): SpecMount[] {
  const directory = sandbox.spoofed ? sandbox.infraContainer.bundlePath : sandbox.infraContainer.dir;
  const source = join(directory, ".containerenv");
  // Pods of CRI-O before 1.23 have none.
  if (!existsSync(source)) return [];
  return [{ destination: "/run/.containerenv", type: "bind", source, options: [access, "bind"] }];
}
