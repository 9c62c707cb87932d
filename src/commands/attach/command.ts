import type { CommandDescription } from "../../shell/command";
import { ExitCode } from "../../shell/exit-code";
import { attachFlags } from "../shared/attach-flags";

export const command = {
  group: "change",
  order: 13,
  summary: "Have the streams of a container here",
  usage: "[flags] CONTAINER",
  arguments: { min: 1, max: 1, name: "CONTAINER", completes: ["newest-running-container"] },
  flags: {
    "no-stdin": { help: "Hand on no standard input" },
    ...attachFlags,
  },
  failed: ExitCode.launchFailed,
  readsInput: true,
  needsRoot: true,
  examples: [
    {
      command: "kpod attach web",
      does: "See what a container writes, and type into it; Ctrl-P Ctrl-Q leaves",
    },
    { command: "kpod attach --no-stdin --sig-proxy=false web", does: "Only look on; Ctrl-C leaves" },
    { command: "kpod attach --detach-keys ctrl-] shell", does: "Leave by another key" },
  ],
} as const satisfies CommandDescription;
