import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "pods",
  order: 110,
  summary: "Stop and remove the pods made of a Kubernetes YAML file",
  usage: "[flags] FILE",
  arguments: { min: 1, max: 1, name: "FILE", completes: ["file"] },
  flags: {
    force: {
      short: "f",
      help: "Kill them at once, and remove them also where their network cannot be taken down",
    },
  },
  readsInput: true,
  needsRoot: true,
  examples: [
    { command: "kpod kube down shop.yaml", does: "Remove what was made of the file, with its emptyDirs" },
    { command: "kpod kube down --force shop.yaml", does: "Kill what runs of it at once" },
  ],
} as const satisfies CommandDescription;
