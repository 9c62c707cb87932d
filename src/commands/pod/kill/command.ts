import type { CommandDescription } from "../../../shell/command";
import { signalFlags } from "../../shared/flags";

export const command = {
  group: "pods",
  order: 50,
  summary: "Send a signal to the containers of pods",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["ready-pod"] },
  flags: signalFlags,
  needsRoot: true,
  examples: [
    { command: "kpod pod kill shop", does: "End all containers of a pod at once" },
    { command: "kpod pod kill -s HUP shop", does: "Send them HUP" },
  ],
} as const satisfies CommandDescription;
