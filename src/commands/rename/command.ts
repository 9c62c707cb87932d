import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 70,
  summary: "Rename a container",
  usage: "CONTAINER NEW-NAME",
  arguments: { min: 2, max: 2, name: "CONTAINER NEW-NAME", completes: ["container", "nothing"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod rename web web-old", does: "Set a container aside" },
    {
      command: "kpod rename 244275a7f0b12 k8s_web_shop_default_uid_1",
      does: "Give it a name in CRI-O's form",
    },
  ],
} as const satisfies CommandDescription;
