import type { CommandDescription } from "../../shell/command";
import { networkFlags } from "../shared/network-flags";
import { pullFlag } from "../shared/pull-flag";

export const command = {
  group: "change",
  order: 53,
  summary: "Have checkpointed containers go on where they were",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["container"] },
  flags: {
    import: {
      short: "i",
      argument: "FILE",
      help: "Make a new container of an archive that kpod-checkpoint(1), the kubelet or crictl has made",
      completes: "file",
    },
    pod: {
      argument: "POD",
      help: "The pod that it is restored in; one of its own where left out",
      completes: "ready-pod",
    },
    name: { short: "n", argument: "NAME", help: "Its name, in the place of the one that it had" },
    pull: {
      ...{ argument: pullFlag.pull.argument, choices: pullFlag.pull.choices },
      help: "When to pull the image of an archive: always, missing (not in the store) or never; missing where left out",
    },
    ...networkFlags,
    "tcp-established": { help: "Restore its connections of TCP" },
    force: { help: "Restore also in a pod of a CRI-O that runs, which will not see that" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod restore web", does: "Have a container go on that was checkpointed" },
    {
      command: "kpod restore --import web.tar --pod shop --name again",
      does: "Have a copy of it go on in another pod",
    },
  ],
} as const satisfies CommandDescription;
