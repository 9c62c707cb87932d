import type { CommandDescription } from "../../shell/command";
import { limitFlags } from "../shared/resource-flags";

export const command = {
  group: "change",
  order: 47,
  summary: "Change the limits of containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["container"] },
  flags: limitFlags,
  needsRoot: true,
  examples: [
    { command: "kpod update --memory 512m web", does: "Let a container have 512 MiB" },
    { command: "kpod update --cpus 1.5 --pids-limit 200 web", does: "Bound its processors and processes" },
    { command: "kpod update --memory=-1 web", does: "Lift its limit of memory" },
  ],
} as const satisfies CommandDescription;
