import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";
import { containerFields, podFields } from "./fields";

const format = {
  short: "f",
  argument: "FORMAT",
  help: "Print json, or what a template makes of each: {{.Name}}",
} as const;

export const inspectFlags = {
  type: {
    short: "t",
    argument: "TYPE",
    choices: ["container", "image", "pod", "all"],
    default: "all",
    help: "What the names mean; all takes the first of container, pod and image that there is",
  },
  format: { ...format, completes: { fields: containerFields } },
  size: { help: "Measure containers as well" },
} as const satisfies FlagSpecs;

export const podInspectFlags = {
  format: { ...format, completes: { fields: podFields } },
} as const satisfies FlagSpecs;

export const inspectCommand = command({
  path: ["inspect"],
  group: "look",
  summary: "Show everything of containers, pods and images",
  usage: "[flags] NAME...",
  arguments: { min: 1, name: "NAME...", completes: ["any"] },
  flags: inspectFlags,
  examples: [
    { command: "kpod inspect web", does: "Everything of a container, pod or image as JSON" },
    { command: "kpod inspect --size -t container web", does: "With the bytes that it takes" },
    {
      command: "kpod inspect -f '{{.State.Status}} {{.State.ExitCode}}' web",
      does: "How a container is, or how it ended",
    },
    { command: "kpod inspect -t image busybox", does: "Everything of an image" },
  ],
  load: () => import("./run"),
});

export const podInspectCommand = command({
  path: ["pod", "inspect"],
  group: "pods",
  summary: "Show everything of pods",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["pod"] },
  flags: podInspectFlags,
  examples: [
    { command: "kpod pod inspect shop", does: "Everything of a pod as JSON" },
    { command: "kpod pod inspect -f '{{.State}} {{join .IPs \" \"}}' shop", does: "Its state and addresses" },
  ],
  load: () => import("../pod/inspect/run"),
});
