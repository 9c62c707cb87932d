import { command } from "../../shell/command";

export const renameCommand = command({
  path: ["rename"],
  group: "change",
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
  load: () => import("./run"),
});
