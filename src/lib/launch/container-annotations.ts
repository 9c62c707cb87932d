import { createdByKpod } from "../crio/kpod-mark";
import { isImageName, notedImageName, splitName } from "../images/names";
import { annotations, kubernetesLabels } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ImageConfigData } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import type { ContainerOptions, VolumeOption } from "./container-options";

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
  const stopSignal = config.StopSignal ?? "";
  const imageName = notedImageName(image, options.image);
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
    [annotations.seccompProfilePath]: "",
    [annotations.stdin]: "false",
    [annotations.stdinOnce]: "false",
    [annotations.tty]: "false",
    [annotations.volumes]: JSON.stringify(
      parts.volumes.map(({ hostPath, containerPath, readonly }) => ({
        container_path: containerPath,
        host_path: hostPath,
        readonly,
        recursive_read_only: false,
        propagation: 0,
        selinux_relabel: false,
      })),
    ),
    [annotations.platformRuntimePath]: "",
    [annotations.createdBy]: createdByKpod,
    ...(stopSignal === "" ? {} : { [annotations.stopSignal]: stopSignal }),
  };
}

function repositoryDigests(image: ImageRecord): string[] {
  const { digest } = image;
  if (digest === undefined) return [];
  const repositories = (image.names ?? []).filter(isImageName).map((name) => splitName(name).repository);
  return [...new Set(repositories)].map((repository) => `${repository}@${digest}`);
}
