import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupsPath } from "../cgroups/parent";
import type { ContainerServer } from "../container-server";
import { describeErrno, KpodError } from "../errors";
import { hooksFor } from "../hooks/match-hooks";
import type { Container } from "../oci/container";
import type { SpecMount } from "../oci/spec";
import type { Sandbox } from "../sandbox/sandbox";
import { newStorageId, type StorageId } from "../storage/ids";
import type { ImageConfigData } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import { annotationsInForm } from "./annotation-forms";
import { containerAnnotations } from "./container-annotations";
import type { ContainerOptions, VolumeOption } from "./container-options";
import { createFromSpec } from "./create";
import { mountImageVolumes } from "./image-volumes";
import { requireKnownDefaults } from "./known-defaults";
import { checkName, containerFullName } from "./names";
import { unlessOvertaken } from "./overtaken";
import { podFileMounts, podFiles } from "./pod-files";
import { specNamespaces } from "./pod-namespaces";
import { basicEnvironment, buildSpec } from "./spec";
import { withUndo, type Undo } from "./undo";
import { lookUpUser } from "./user";

/**
 * Creates a container in a pod, laid out as CRI-O lays out its own; its process waits to be started by
 * `startContainer`. When a step fails, what was made is removed.
 * @throws KpodError BAD_ARGUMENT, BAD_STATE when the pod is not ready or ceases to be, CONFLICT, NOT_FOUND without the
 * image, CONMON_FAILED, RUNTIME_FAILED (no such command in the image, for example)
 */
export async function createPodContainer(
  server: ContainerServer,
  sandbox: Sandbox,
  options: ContainerOptions,
): Promise<Container> {
  await requireKnownDefaults(server);
  server.runtime.requirePrograms();
  const name = checkName("container", options.name);
  const volumes = (options.volumes ?? []).map(checkVolume);
  const image = await server.store.image(options.image);
  const id = newStorageId();
  const { kubeName, namespace, uid, attempt } = sandbox;
  const fullName = containerFullName(name, { name: kubeName, namespace, uid, attempt }, 0);
  return withUndo(server.logger, async (undo) => {
    await server.update();
    const config = await server.withStateLock(async () => {
      await server.update({ states: false });
      if (server.getSandbox(sandbox.id)?.state !== "Ready") {
        throw new KpodError(
          "BAD_STATE",
          `pod ${sandbox.kubeName} is not ready: its infra container does not run`,
          {
            hint: "make another pod",
          },
        );
      }
      const info = await server.storageRuntimeServer.createContainer({
        id,
        podName: sandbox.name,
        podId: sandbox.id,
        containerName: fullName,
        metadataName: name,
        attempt: 0,
        imageName: options.image,
        image,
      });
      undo.add(`remove container ${name} from the store`, () =>
        server.store.uninterrupted(async () => {
          await server.store.deleteContainer(id);
          await server.update({ states: false });
        }),
      );
      return info.config.config ?? {};
    });
    const parts = { id, image, config, volumes, options };
    return unlessOvertaken(server, sandbox, { container: name }, () => launch(server, undo, sandbox, parts));
  });
}

/** What a container is made of that the store has already. */
interface ContainerParts {
  readonly id: StorageId;
  readonly image: ImageRecord;
  readonly config: ImageConfigData;
  readonly volumes: readonly VolumeOption[];
  readonly options: ContainerOptions;
}

/** Mounts its file system, writes its spec, and has its runtime create it. */
async function launch(
  server: ContainerServer,
  undo: Undo,
  sandbox: Sandbox,
  { id, image, config, volumes, options }: ContainerParts,
): Promise<Container> {
  const rootPath = await server.storageRuntimeServer.startContainer(id);
  await server.loadContainer(id);
  const container = server.lookupContainer(id);
  const logPath = join(sandbox.logDirectory(server.config.logDir), `${id}.log`);
  const args = commandOf(config, options);
  const ownMounts = [
    ...mountImageVolumes(server.config, config, rootPath, container.bundlePath),
    ...volumes.map(volumeMount),
  ];
  const spec = buildSpec(server.config, {
    process: {
      user: lookUpUser(rootPath, config.User ?? ""),
      args,
      env: mergeEnvironment([
        ...basicEnvironment,
        `HOSTNAME=${sandbox.hostname}`,
        ...(config.Env ?? []),
        ...(options.env ?? []),
      ]),
      cwd: config.WorkingDir === undefined || config.WorkingDir === "" ? "/" : config.WorkingDir,
    },
    rootPath,
    rootReadonly: false,
    hostname: sandbox.hostname,
    mounts: [
      ...podFileMounts(
        {
          hostname: sandbox.hostnamePath,
          resolvConf: sandbox.resolvPath,
          hosts: podFiles(dirname(sandbox.hostnamePath)).hosts,
          shm: sandbox.shmPath,
        },
        "rw",
      ),
      ...containerenvMount(sandbox),
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
    namespaces: specNamespaces({
      ...sharedNamespace("network", sandbox),
      ...sharedNamespace("ipc", sandbox),
      ...sharedNamespace("uts", sandbox),
    }),
  });
  await createFromSpec(server, undo, { container, spec, logPath, cgroupParent: sandbox.cgroupParent });
  return container;
}

function sharedNamespace(type: "network" | "ipc" | "uts", sandbox: Sandbox): Record<string, string> {
  const path = sandbox.namespacePath(type);
  return path === "" ? {} : { [type]: path };
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

/** A later value of a variable replaces an earlier one, in its place. */
function mergeEnvironment(entries: readonly string[]): string[] {
  const merged = new Map(entries.map((entry) => [entry.split("=")[0], entry]));
  return [...merged.values()];
}

function checkVolume(volume: VolumeOption): VolumeOption {
  if (!volume.containerPath.startsWith("/")) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `volume path ${volume.containerPath} in the container is not absolute`,
    );
  }
  try {
    return { ...volume, hostPath: realpathSync(volume.hostPath) };
  } catch (error) {
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
function containerenvMount(sandbox: Sandbox): SpecMount[] {
  const directory = sandbox.spoofed ? sandbox.infraContainer.bundlePath : sandbox.infraContainer.dir;
  const source = join(directory, ".containerenv");
  // Pods of CRI-O before 1.23 have none.
  if (!existsSync(source)) return [];
  return [{ destination: "/run/.containerenv", type: "bind", source, options: ["rw", "bind"] }];
}
