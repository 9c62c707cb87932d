import type { ContainerData } from "../../lib/operations/container-data";
import type { PodData } from "../../lib/operations/pod-data";

// Written as objects, for the compiler to find a field that is missing or gone.
const ofContainer: Readonly<Record<keyof ContainerData, true>> = {
  ID: true,
  Name: true,
  LogPath: true,
  Labels: true,
  Annotations: true,
  State: true,
  Metadata: true,
  BundlePath: true,
  StopSignal: true,
  Image: true,
  ImageID: true,
  Mountpoint: true,
  MountLabel: true,
  Mounts: true,
  AppArmorProfile: true,
  ImageAnnotations: true,
  CreatedBy: true,
  Config: true,
  SizeRw: true,
  SizeRootFs: true,
  Args: true,
  ResolvConfPath: true,
  HostnamePath: true,
  HostsPath: true,
  GraphDriver: true,
  PodID: true,
  PodName: true,
  PodNamespace: true,
  CgroupPath: true,
  IPs: true,
  Pid: true,
};
const ofPod: Readonly<Record<keyof PodData, true>> = {
  ID: true,
  Name: true,
  KubeName: true,
  Namespace: true,
  UID: true,
  Attempt: true,
  State: true,
  Created: true,
  Labels: true,
  Annotations: true,
  Metadata: true,
  IPs: true,
  NetNsPath: true,
  LogDir: true,
  ShmPath: true,
  ResolvPath: true,
  HostnamePath: true,
  Hostname: true,
  CgroupParent: true,
  Privileged: true,
  Trusted: true,
  RuntimeHandler: true,
  PortMappings: true,
  InfraContainerID: true,
  Containers: true,
};

/** The fields of a container that templates can name. */
export const containerFields: readonly string[] = Object.keys(ofContainer);

/** The fields of a pod that templates can name. */
export const podFields: readonly string[] = Object.keys(ofPod);
