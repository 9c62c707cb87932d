/* Where a session of `kpod debug` runs: beside a container, or in its pod as one like it. */
import { posix } from "node:path";
import { frozenAbove, frozenCgroupOf } from "../cgroups/freezer";
import { cgroupFilesOf, hasOnlyCgroup2 } from "../cgroups/mounts";
import { specCgroupPath } from "../cgroups/spec-path";
import { KpodError } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import { containerInWords, type Container } from "../oci/container";
import type { Spec, SpecNamespace } from "../oci/spec";
import { firstProcess } from "../operations/first-process";
import type { Sandbox } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";
import { isAlive } from "../system/process";
import { openJoined, type Joined } from "./debug-join";
import type { DebugTarget } from "./debug-root";
import { namespacesOf, specNamespaces } from "./pod-namespaces";
import { requireReadyPod } from "./ready-pod";

/** Where a session runs. */
export interface Surroundings {
  readonly namespaces: readonly SpecNamespace[];
  readonly idMappings: Joined["idMappings"];
  /** Undefined for a pod that has no process, and so no file system. */
  readonly target: DebugTarget | undefined;
  readonly label: string;
  /** What of the container's spec holds for it, beside what the two kinds of sessions have in common. */
  readonly spec: Pick<Spec, "hooks" | "annotations" | "hostname">;
  readonly resources: NonNullable<Spec["linux"]>["resources"];
  /** The cgroup below which the runtime makes its own for it, as a path below the roots of the hierarchies. */
  readonly cgroupParent: string;
  /** True for one like the container, false beside it. */
  readonly copy: boolean;
  /** Tells whether the process that it has joined has ended; undefined where it has joined none. */
  readonly hasEnded: (() => boolean) | undefined;
  readonly close: () => void;
}

/** Beside the processes of a container that runs. @throws KpodError BAD_STATE, UNSUPPORTED, NOT_PERMITTED, IO */
export function besideContainer({ logger, lists }: LaunchParts, container: Container): Surroundings {
  const { spec, state, id } = container;
  const pod = container.infra ? lists.getSandbox(container.sandboxId) : undefined;
  const cgroup = cgroupOfSession({ logger }, container);
  if (pod?.spoofed === true && pod.state === "Ready")
    return { ...inPod(pod), cgroupParent: cgroup.parent, copy: false };
  const process = firstProcess(container, { created: true });
  const joined = process === undefined ? undefined : openJoined(process, id);
  if (process === undefined || joined === undefined) {
    throw new KpodError(
      "BAD_STATE",
      pod === undefined
        ? `cannot debug ${containerInWords(container)}: it does not run`
        : `cannot debug pod ${pod.kubeName}: it is not ready`,
      pod === undefined ? { hint: "with --copy one like it is run" } : {},
    );
  }
  const paused = state?.status === "paused" || frozenCgroupOf(process.pid) !== undefined;
  const frozen = paused || cgroup.frozen;
  if (paused && !cgroup.frozen) {
    logger.warn(
      `${containerInWords(container)} is paused: the tools are in a cgroup beside it, or they would be, too`,
    );
  }
  const { resources } = spec.linux ?? {};
  return {
    ...{ namespaces: joined.namespaces, idMappings: joined.idMappings, close: joined.close },
    target: { kind: "mounts", ...joined.mounts },
    label: spec.linux?.mountLabel ?? "",
    spec: frozen ? {} : { hooks: { prestart: [moveInto(cgroupFilesOf(process.pid))] } },
    // For the moment before it is moved, and while the container is paused.
    resources: resources?.devices === undefined ? {} : { devices: resources.devices },
    cgroupParent: cgroup.parent,
    copy: false,
    hasEnded: () => !isAlive(process),
  };
}

/** The cgroup for that of a session: that of the container's, or where all in that is frozen, one in which nothing is. */
function cgroupOfSession(
  { logger }: Pick<LaunchParts, "logger">,
  container: Container,
): { readonly parent: string; readonly frozen: boolean } {
  const path = posix.join("/", specCgroupPath(container.spec.linux?.cgroupsPath ?? "/kpod"));
  const above = frozenAbove(path);
  if (above !== undefined) {
    logger.warn(
      `the cgroup ${above} of ${containerInWords(container)} is frozen: the tools are in one beside it, or they would be, too`,
    );
  }
  return { parent: posix.dirname(above ?? path), frozen: above !== undefined };
}

/**
 * Moves the process that a runtime is making to other cgroups, before it runs anything: a runtime itself takes no cgroup in
 * which somebody is. It tells the hook the pid as JSON. A hierarchy that a runtime does not see has no cgroups of its own.
 */
function moveInto(files: readonly string[]): { path: string; args: string[] } {
  const script =
    'text=; while read -r line || [ -n "$line" ]; do text="$text$line"; done; pid="${text#*\\"pid\\"}"; pid="${pid#*:}"; ' +
    'pid="${pid%%[,\\}]*}"; for file; do [ ! -e "$file" ] || echo "$((pid))" > "$file" || exit 1; done';
  return { path: "/bin/sh", args: ["sh", "-c", script, "sh", ...files] };
}

/** In the pod of a container, as one like it. @throws KpodError BAD_STATE, CORRUPT, UNSUPPORTED */
export async function asCopyInPod(server: LaunchParts, container: Container): Promise<Surroundings> {
  const sandbox = server.lists.getSandbox(container.sandboxId);
  if (sandbox === undefined) {
    throw new KpodError(
      "BAD_STATE",
      `cannot copy ${containerInWords(container)}: the record of its pod is gone`,
    );
  }
  await server.runtime.updateStatus(sandbox.infraContainer);
  const { spec } = container;
  const { hooks, annotations, hostname } = spec;
  return {
    ...inPod(requireReadyPod(server, sandbox)),
    target: { kind: "layer", layer: layerOf(container) },
    label: spec.linux?.mountLabel ?? "",
    spec: {
      ...(hooks === undefined ? {} : { hooks }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(hostname === undefined ? {} : { hostname }),
    },
    resources: spec.linux?.resources ?? {},
    cgroupParent: cgroupOfSession(server, container).parent,
    copy: true,
  };
}

/** In the namespaces that a new container of a pod would have. @throws KpodError BAD_STATE, CORRUPT, UNSUPPORTED */
function inPod(pod: Sandbox): Omit<Surroundings, "copy" | "cgroupParent"> {
  const namespaces = namespacesOf(pod);
  return {
    namespaces: specNamespaces(namespaces, hasOnlyCgroup2()).filter(({ type }) => type !== "mount"),
    idMappings: namespaces.user?.mappings,
    target: undefined,
    label: pod.infraContainer.spec.linux?.mountLabel ?? "",
    spec: {},
    resources: {},
    hasEnded: undefined,
    close: () => {},
  };
}

/** The layer of a container. @throws KpodError CORRUPT */
export function layerOf(container: Container): StorageId {
  const { layerId } = container;
  if (isStorageId(layerId)) return layerId;
  throw new KpodError("CORRUPT", `the record of ${containerInWords(container)} names no layer`);
}
