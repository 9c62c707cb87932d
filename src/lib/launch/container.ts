import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasOnlyCgroup2 } from "../cgroups/mounts";
import { cgroupsPath } from "../cgroups/spec-path";
import type { LaunchParts } from "../server-parts";
import { describeErrno, KpodError } from "../errors";
import { hooksFor } from "../hooks/match-hooks";
import { imageNameToPersist } from "../images/names";
import type { Container } from "../oci/container";
import { mergeEnvironment } from "../oci/environment";
import type { SpecIdMapping, SpecMount } from "../oci/spec";
import { lookUpUser, withOwnGroup } from "../oci/user";
import type { Sandbox } from "../sandbox/sandbox";
import { absolutePath } from "../system/paths";
import { newStorageId } from "../names/ids";
import type { ImageConfigData } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import type { IdMap, IdMaps, SelinuxLabels } from "../storage/store";
import { annotationsInForm, containerAnnotations } from "./annotations";
import { planConfinement, type Confinement } from "./confinement";
import type { ContainerOptions, VolumeOption } from "./container-options";
import { createFromSpec } from "./create";
import { refuseWorkload } from "./launch-keys";
import { imageToLaunch } from "./image";
import { requireKnownDefaults } from "./known-defaults";
import { checkName, containerFullName } from "../names/full-names";
import { unlessOvertaken, type Launched } from "./overtaken";
import { podFileMounts, podFiles } from "./pod-files";
import { namespacesOf, specNamespaces, type ContainerNamespaces } from "./pod-namespaces";
import { newContainerLabels, processLabels } from "./selinux";
import { basicEnvironment, buildSpec, cgroupMount, permittedOomScore, writableMounts } from "./spec";
import { requireReadyPod } from "./ready-pod";
import { mountImageVolumes, timezoneMounts } from "./container-mounts";
import { withRollback, type Rollback } from "./rollback";
import { giveToNamespace, openWay, type IdMappings } from "./user-namespace";

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
  server.runtime.requirePrograms();
  const name = checkName("container", options.name);
  const volumes = (options.volumes ?? []).map(checkVolume);
  const confinement = planConfinement(server.config, sandbox.runtimeHandler, server.logger);
  refuseWorkload(server.config, sandbox.annotations);
  const { image } = await imageToLaunch(server, options.image);
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
      const hostIpc = namespaces.ipc === undefined;
      const records = await server.store.containers();
      const labels = newContainerLabels(server.config, pod, hostIpc, records, server.logger);
      const info = await server.storageRuntimeServer.createContainer({
        id,
        podName: sandbox.name,
        podId: sandbox.id,
        containerName: fullName,
        metadataName: name,
        attempt: 0,
        imageName: imageNameToPersist(image, options.image).requested,
        image,
        labels,
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
    const parts = { launched, image, ...made, volumes, options, confinement };
    return unlessOvertaken(server, launched, () => launch(server, rollback, sandbox, parts));
  });
}

/** What a container is made of that the store has already. */
interface ContainerParts {
  readonly launched: Launched;
  readonly image: ImageRecord;
  readonly config: ImageConfigData;
  readonly volumes: readonly VolumeOption[];
  readonly options: ContainerOptions;
  readonly confinement: Confinement;
  readonly namespaces: ContainerNamespaces;
  readonly labels: SelinuxLabels;
}

/** Mounts its file system, writes its spec, and has its runtime create it. */
async function launch(
  server: LaunchParts,
  rollback: Rollback,
  sandbox: Sandbox,
  { launched, image, config, volumes, options, confinement, namespaces, labels }: ContainerParts,
): Promise<Container> {
  const { id } = launched;
  const rootPath = await server.storageRuntimeServer.startContainer(id);
  launched.rootPath = rootPath;
  await server.loadContainer(id);
  const container = server.lists.lookupContainer(id);
  const logPath = join(sandbox.logDirectory(server.config.logDir), `${id}.log`);
  const args = commandOf(config, options);
  const imageVolumes = mountImageVolumes(server.config, config, rootPath, container.bundlePath, labels.mount);
  const ownMounts = [...imageVolumes, ...volumes.map(volumeMount)];
  const idMappings = namespaces.user?.mappings;
  if (idMappings !== undefined) {
    const trees = [rootPath, ...imageVolumes.flatMap(({ source }) => source ?? [])];
    await openWay(rootPath, container.layerId);
    await giveToNamespace(trees, idMappings, server.signal);
  }
  const access = confinement.readOnly ? "ro" : "rw";
  const spec = buildSpec(confinement, {
    process: {
      user: withOwnGroup(lookUpUser(rootPath, config.User ?? "", "the image runs as")),
      args,
      env: mergeEnvironment([
        ...basicEnvironment,
        ...confinement.env,
        `HOSTNAME=${sandbox.hostname}`,
        ...(config.Env ?? []),
        ...(options.env ?? []),
      ]),
      cwd: config.WorkingDir === undefined || config.WorkingDir === "" ? "/" : config.WorkingDir,
      // Else it would have that of kpod, or of an old conmon, which the kernel is to spare.
      oomScoreAdj: permittedOomScore(0),
    },
    rootPath,
    rootReadonly: confinement.readOnly,
    hostname: sandbox.hostname,
    mounts: [
      cgroupMount,
      ...(confinement.readOnly ? writableMounts : []).filter(
        ({ destination }) => !ownMounts.some((mount) => mount.destination === destination),
      ),
      ...podFileMounts(
        {
          hostname: sandbox.hostnamePath,
          resolvConf: sandbox.resolvPath,
          hosts: podFiles(dirname(sandbox.hostnamePath)).hosts,
          shm: sandbox.shmPath,
        },
        access,
      ),
      ...containerenvMount(sandbox, access),
      ...timezoneMounts(confinement.timezone, container.bundlePath, access, labels.mount),
      ...ownMounts,
    ],
    hooks: hooksFor(server.hooks(), {
      command: args[0] ?? "",
      annotations: sandbox.annotations,
      hasBindMounts: ownMounts.length > 0,
    }),
    annotations: annotationsInForm(
      server.config,
      containerAnnotations({ container, sandbox, options, image, config, volumes, rootPath, logPath }),
    ),
    cgroupsPath: cgroupsPath(server.config, sandbox.cgroupParent, id),
    namespaces: specNamespaces(namespaces, hasOnlyCgroup2()),
    idMappings,
    labels: processLabels(labels, sandbox.hostNetwork, confinement),
    devices: confinement.devices,
    pidsLimit: server.config.pidsLimit,
  });
  await createFromSpec(server, rollback, { container, spec, logPath, cgroupParent: sandbox.cgroupParent });
  return container;
}

function mapsForStore(mappings: IdMappings | undefined): IdMaps | undefined {
  if (mappings === undefined) return undefined;
  const inStore = ({ containerID = 0, hostID = 0, size }: SpecIdMapping): IdMap => ({
    container_id: containerID,
    host_id: hostID,
    size,
  });
  return { uidmap: mappings.uids.map(inStore), gidmap: mappings.gids.map(inStore) };
}

function commandOf(config: ImageConfigData, options: ContainerOptions): string[] {
  const command =
    options.command !== undefined && options.command.length > 0 ? options.command : (config.Cmd ?? []);
  const args = [...(config.Entrypoint ?? []), ...command];
  if (args.length > 0) return args;
  throw new KpodError("BAD_ARGUMENT", `image ${options.image} names no command to run`, {
    hint: "give one after the image",
  });
}

function checkVolume(volume: VolumeOption): VolumeOption {
  if (!volume.containerPath.startsWith("/")) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `volume path ${volume.containerPath} in the container is not absolute`,
    );
  }
  try {
    return { ...volume, hostPath: realpathSync(absolutePath("the volume", volume.hostPath)) };
  } catch (error) {
    if (error instanceof KpodError) throw error;
    throw new KpodError("BAD_ARGUMENT", `cannot mount ${volume.hostPath}: ${describeErrno(error)}`, {
      cause: error,
    });
  }
}

function volumeMount({ hostPath, containerPath, readonly }: VolumeOption): SpecMount {
  return {
    destination: containerPath,
    type: "bind",
    source: hostPath,
    options: ["rbind", "rprivate", readonly ? "ro" : "rw", "bind"],
  };
}

/** The empty file by which programs see that they are in a container; it lies with the infra container. */
function containerenvMount(sandbox: Sandbox, access: "ro" | "rw"): SpecMount[] {
  const directory = sandbox.spoofed ? sandbox.infraContainer.bundlePath : sandbox.infraContainer.dir;
  const source = join(directory, ".containerenv");
  // Pods of CRI-O before 1.23 have none.
  if (!existsSync(source)) return [];
  return [{ destination: "/run/.containerenv", type: "bind", source, options: [access, "bind"] }];
}
