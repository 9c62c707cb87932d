import type { ContainerServer } from "../container-server";
import { createdByKpod } from "../crio/kpod-mark";
import { notedImageName } from "../images/names";
import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { StorageId } from "../names/ids";
import type { ImageRecord } from "../storage/records";
import type { Confinement } from "./confinement";
import type { PodFiles } from "./pod-files";
import type { PodNamespaces } from "./pod-namespaces";

/** Everything about a new pod that is decided before the first step. */
export interface PodPlan {
  id: StorageId;
  uid: string;
  name: string;
  namespace: string;
  fullName: string;
  infraName: string;
  hostname: string;
  hostNetwork: boolean;
  confinement: Confinement;
  cgroupParent: string;
  image: ImageRecord;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** Of what the spec of an infra container is made. */
export interface InfraParts {
  plan: PodPlan;
  container: Container;
  rootPath: string;
  files: PodFiles;
  namespaces: PodNamespaces;
  logPath: string;
}

/** The annotations of CRI-O 1.36, and those of 1.0 that it dropped. */
export function infraAnnotations(
  server: Pick<ContainerServer, "config">,
  parts: InfraParts,
): Record<string, string> {
  const { plan, container, rootPath, files, logPath } = parts;
  const imageName = notedImageName(plan.image, server.config.pauseImage);
  return {
    ...plan.labels,
    ...plan.annotations,
    [annotations.manager]: "cri-o",
    [annotations.annotations]: JSON.stringify(plan.annotations),
    [annotations.labels]: JSON.stringify(plan.labels),
    [annotations.metadata]: JSON.stringify({ name: plan.name, uid: plan.uid, namespace: plan.namespace }),
    [annotations.name]: plan.fullName,
    [annotations.sandboxName]: plan.fullName,
    [annotations.containerName]: plan.infraName,
    [annotations.containerId]: plan.id,
    [annotations.sandboxId]: plan.id,
    [annotations.containerType]: "sandbox",
    [annotations.created]: container.createdAt.toISOString(),
    [annotations.namespace]: plan.namespace,
    [annotations.kubeName]: plan.name,
    [annotations.hostName]: plan.hostname,
    [annotations.hostnamePath]: files.hostname,
    [annotations.resolvPath]: files.resolvConf,
    [annotations.shmPath]: files.shm,
    [annotations.hostNetwork]: String(plan.hostNetwork),
    // CRI's numbers: the network of the node is 2, pid namespaces of each container are 1.
    [annotations.namespaceOptions]: JSON.stringify(plan.hostNetwork ? { network: 2, pid: 1 } : { pid: 1 }),
    [annotations.portMappings]: "[]",
    [annotations.privilegedRuntime]: "false",
    [annotations.trustedSandbox]: "true",
    [annotations.runtimeHandler]: "",
    [annotations.cgroupParent]: plan.cgroupParent,
    [annotations.image]: imageName.requested,
    [annotations.imageName]: imageName.own,
    [annotations.logPath]: logPath,
    [annotations.mountPoint]: rootPath,
    [annotations.seccompProfilePath]: "",
    [annotations.podLinuxOverhead]: "null",
    [annotations.podLinuxResources]: "null",
    [annotations.createdBy]: createdByKpod,
  };
}
