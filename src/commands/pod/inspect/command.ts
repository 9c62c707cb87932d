import type { CommandDescription } from "../../../shell/command";
import { inspectFormat } from "../../shared/flags";
import type { PodData } from "../../../lib/operations/pod-data";

// Written as an object, for the compiler to find a field that is missing or gone.
const fields: Readonly<Record<keyof PodData, true>> = {
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
  Networks: true,
  IDMappings: true,
  InfraContainerID: true,
  Containers: true,
};

export const command = {
  group: "pods",
  order: 30,
  summary: "Show everything of pods",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["pod"] },
  flags: {
    format: { ...inspectFormat, completes: { fields: Object.keys(fields) } },
  },
  examples: [
    { command: "kpod pod inspect shop", does: "Everything of a pod as JSON" },
    { command: "kpod pod inspect -f '{{.State}} {{join .IPs \" \"}}' shop", does: "Its state and addresses" },
  ],
} as const satisfies CommandDescription;
