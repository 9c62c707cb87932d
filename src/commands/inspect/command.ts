import type { CommandDescription } from "../../shell/command";
import { attemptFlag, inspectFormat } from "../shared/flags";
import type { ContainerData } from "../../lib/operations/container-data";

// Written as an object, for the compiler to find a field that is missing or gone.
const fields: Readonly<Record<keyof ContainerData, true>> = {
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
  ProcessLabel: true,
  Networks: true,
  PortMappings: true,
  IDMappings: true,
};

export const command = {
  group: "look",
  order: 20,
  summary: "Show everything of containers, pods and images",
  usage: "[flags] NAME...",
  arguments: { min: 1, name: "NAME...", completes: ["any"] },
  flags: {
    type: {
      short: "t",
      argument: "TYPE",
      choices: ["container", "image", "pod", "all"],
      default: "all",
      help: "What the names mean; all takes the first of container, pod and image that there is",
    },
    format: { ...inspectFormat, completes: { fields: Object.keys(fields) } },
    size: { help: "Measure containers as well" },
    ...attemptFlag,
  },
  examples: [
    { command: "kpod inspect web", does: "Everything of a container, pod or image as JSON" },
    { command: "kpod inspect --size -t container web", does: "With the bytes that it takes" },
    {
      command: "kpod inspect -f '{{.State.Status}} {{.State.ExitCode}}' web",
      does: "How a container is, or how it ended",
    },
    { command: "kpod inspect -t image busybox", does: "Everything of an image" },
  ],
} as const satisfies CommandDescription;
