import type { CommandDescription } from "../../../shell/command";
import { stopFlags } from "../../shared/flags";

export const command = {
  group: "pods",
  order: 40,
  summary: "Stop the containers of pods together",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["ready-pod"] },
  flags: stopFlags,
  needsRoot: true,
  examples: [
    { command: "kpod pod stop shop", does: "Stop all containers of a pod, then the pod" },
    { command: "kpod pod stop -t 0 shop", does: "Kill them" },
  ],
} as const satisfies CommandDescription;
