import { processCgroupPath } from "../cgroups/process-cgroups";
import { specCgroupPath } from "../cgroups/spec-path";
import { KpodError } from "../errors";
import { imageCreatedBy, shownImageConfig, type ShownImageConfig } from "../images/config-data";
import { textMap, textOf, textsOf } from "../system/go-json";
import { graphDriverOf, type ShownGraphDriver } from "../images/graph-driver";
import { shownImageName } from "../images/names";
import { logPathOf } from "../logs/log-path";
import type { Container } from "../oci/container";
import type { Spec } from "../oci/spec";
import { persistedAddresses } from "../sandbox/addresses";
import type { PortMapping } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { readImageConfig, readImageManifest, type ImageConfigFile } from "../storage/image-config";
import { readMountPoints } from "../storage/mount-points";
import type { ImageRecord } from "../storage/records";
import { readProcessCgroup } from "../system/process";
import { containerStateData, type ContainerStateData } from "./container-state-data";
import { shownIdMappings, type ShownIdMappings } from "./id-maps";
import { podNetworksData, type PodNetworkData } from "./network-data";
import { readableImages } from "./readable-images";
import { mountSource, mountsOf, type ShownMount } from "./spec-mounts";
import { tolerantRead, type TolerantRead } from "./tolerant";

/**
 * Everything of a container, as inspect shows it (libkpod: ContainerData). The keys are those of kpod 1.0's JSON
 * in its order, then newer ones.
 */
export interface ContainerData {
  ID: string;
  /** Full name, `k8s_CTR_POD_NS_UID_ATTEMPT`. */
  Name: string;
  LogPath: string;
  Labels: Record<string, string>;
  Annotations: Record<string, string>;
  State: ContainerStateData;
  Metadata: { name: string; attempt: number };
  BundlePath: string;
  /** Without SIG; TERM when the image names none. */
  StopSignal: string;
  /** The image as it was asked for; where that was by its id or digest, the name that it has. */
  Image: string;
  ImageID: string;
  /** Where its file system is mounted; "" when it is not. */
  Mountpoint: string;
  MountLabel: string;
  Mounts: ShownMount[];
  AppArmorProfile: string;
  ImageAnnotations: Record<string, string>;
  /** The last step of the building of its image. */
  CreatedBy: string;
  /** How its image wants to be run. */
  Config: ShownImageConfig;
  /** Bytes of its read-write layer; only where sizes are asked for. */
  SizeRw?: number;
  /** Bytes of its image's layers; likewise. */
  SizeRootFs?: number;
  /** What runs in it. */
  Args: string[];
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  GraphDriver: ShownGraphDriver;
  PodID: string;
  /** The pod's name in Kubernetes. */
  PodName: string;
  PodNamespace: string;
  /** Below the roots of the cgroup hierarchies; "" when nobody says. */
  CgroupPath: string;
  IPs: string[];
  /** 0 when it does not run. */
  Pid: number;
  /** What SELinux knows its processes by; "" for a container without a label. */
  ProcessLabel: string;
  /** Those of its pod. */
  Networks: PodNetworkData[];
  /** The ports of the host that lead to its pod. */
  PortMappings: PortMapping[];
  /** Of its user namespace; none with the users of the node. */
  IDMappings: ShownIdMappings;
}

/**
 * Collects everything of a container, with its state as it is now (libkpod: GetContainerData). What cannot be
 * read of it, or of its image, is left open, with a warning. Nothing is written.
 * @param idOrName as for `lookupContainer`
 * @param size measures the container as well, which may have to look at every file in it
 * @throws KpodError NOT_FOUND, AMBIGUOUS; with size also CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function containerData(
  server: ServerView,
  idOrName: string,
  size: boolean,
  signal?: AbortSignal,
): Promise<ContainerData> {
  const container = server.lists.lookupContainer(idOrName, "inspect", { attempt: "newest" });
  const { id, layerId } = container;
  await server.runtime.updateStatus(container);
  const read = tolerantRead(server, "container", container);
  const spec = read<Spec>({ ociVersion: "" }, () => container.spec);
  const sandbox = server.lists.getSandbox(container.sandboxId);
  const mounts = mountsOf(spec);
  const nowhere = graphDriverOf(server.store, undefined);
  const { Image, ...ofImage } = await imageData(server, container, read);
  return {
    ID: id,
    Name: container.name,
    LogPath: read("", () => logPathOf(container, server.config.logDir)),
    Labels: read({}, () => container.labels),
    Annotations: read({}, () => container.annotations),
    State: containerStateData(container),
    Metadata: { name: container.metadata.name, attempt: container.metadata.attempt },
    BundlePath: container.bundlePath,
    StopSignal: shownStopSignal(read("", () => container.stopSignal)),
    Image,
    ImageID: container.imageId,
    Mountpoint: read("", () => mountpointOf(server, layerId)),
    MountLabel: textOf(spec.linux?.mountLabel),
    Mounts: mounts,
    AppArmorProfile: textOf(spec.process?.apparmorProfile),
    ...ofImage,
    ...(size ? await sizesOf(server, id, signal) : {}),
    Args: textsOf(spec.process?.args),
    ResolvConfPath: mountSource(mounts, "/etc/resolv.conf"),
    HostnamePath: mountSource(mounts, "/etc/hostname"),
    HostsPath: mountSource(mounts, "/etc/hosts"),
    GraphDriver: read(nowhere, () => graphDriverOf(server.store, layerId)),
    PodID: container.sandboxId,
    PodName: sandbox?.kubeName ?? "",
    PodNamespace: sandbox?.namespace ?? "",
    CgroupPath: cgroupPathOf(container, spec),
    IPs:
      sandbox?.isNetworkStopped === true
        ? []
        : addressesOf(
            read({}, () => container.specAnnotations),
            read({}, () => sandbox?.infraContainer.specAnnotations ?? {}),
          ),
    Pid: container.state?.pid ?? 0,
    ProcessLabel: textOf(spec.process?.selinuxLabel),
    Networks: read([], () =>
      sandbox === undefined ? [] : podNetworksData(sandbox, sandbox.infraContainer.specAnnotations),
    ),
    PortMappings: read([], () => sandbox?.portMappings ?? []),
    IDMappings: shownIdMappings(spec),
  };
}

async function sizesOf(
  server: ServerView,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Pick<ContainerData, "SizeRw" | "SizeRootFs">> {
  const { containerRootFsSize, containerRwSize } = await import("./sizes");
  return {
    SizeRw: await containerRwSize(server, id, signal),
    SizeRootFs: await containerRootFsSize(server, id, signal),
  };
}

function mountpointOf({ store }: Pick<ServerView, "store">, layerId: string): string {
  return readMountPoints(store.layout).find(({ id }) => id === layerId)?.path ?? "";
}

/**
 * Reads what a container's image says; all but its name is empty when the image is gone or damaged, or nobody can read
 * which images there are.
 */
async function imageData(
  server: Pick<ServerView, "store" | "logger">,
  container: Container,
  read: TolerantRead,
): Promise<Pick<ContainerData, "Image" | "ImageAnnotations" | "CreatedBy" | "Config">> {
  const { store } = server;
  const images = await readableImages(server);
  const record = images?.find(({ id }) => id === container.imageId);
  const nothing: { manifest: Record<string, unknown>; file: ImageConfigFile } = { manifest: {}, file: {} };
  const { manifest, file } = read(nothing, () => {
    if (images === undefined) return nothing;
    const image = present(record, container);
    const found = readImageManifest(store, image);
    return { manifest: found, file: readImageConfig(store, image, found) };
  });
  const names = new Map([[container.imageId, record?.names ?? []]]);
  return {
    Image: read(container.imageName, () => shownImageName(container, names)),
    ImageAnnotations: textMap(manifest.annotations),
    CreatedBy: imageCreatedBy(file),
    Config: shownImageConfig(file),
  };
}

function present(record: ImageRecord | undefined, { imageId }: Container): ImageRecord {
  if (record !== undefined) return record;
  throw new KpodError("NOT_FOUND", `its image ${imageId.slice(0, 13)} is not in the store`);
}

/** The signal that asks a container to stop, as kpod 1.0 wrote it: without SIG, and TERM for none. */
function shownStopSignal(stopSignal: string): string {
  return stopSignal === "" ? "TERM" : stopSignal.toUpperCase().replace(/^SIG/, "");
}

/**
 * The cgroup of a container, as a path below the hierarchies' roots: where its process is, else where its spec
 * wants it; "" when the spec does not say.
 */
function cgroupPathOf({ id, state }: Container, spec: Spec): string {
  const pid = state?.pid ?? 0;
  const text = pid === 0 ? undefined : readProcessCgroup(pid);
  const actual = text === undefined ? undefined : processCgroupPath(text, id);
  return actual ?? specCgroupPath(textOf(spec.linux?.cgroupsPath));
}

/**
 * The IP addresses of a container: those that CRI-O persisted with it, else those of its pod.
 * @param own annotations of the container's spec
 * @param pod annotations of the spec of the pod's infra container
 */
function addressesOf(own: Readonly<Record<string, string>>, pod: Readonly<Record<string, string>>): string[] {
  const persisted = persistedAddresses(own);
  return persisted.length > 0 ? persisted : persistedAddresses(pod);
}
