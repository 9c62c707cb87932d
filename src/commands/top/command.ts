import type { CommandDescription } from "../../shell/command";
import { watchFlag } from "../shared/flags";

export const command = {
  group: "look",
  order: 55,
  summary: "List the processes of a container",
  usage: "[flags] CONTAINER [DESCRIPTOR...]",
  arguments: {
    min: 0,
    name: "CONTAINER [DESCRIPTOR...]",
    completes: ["newest-running-container", "nothing"],
  },
  flags: {
    pod: {
      argument: "POD",
      help: "List those of all containers of a pod; what is named then are descriptors",
      completes: "pod",
    },
    ...watchFlag,
    format: { argument: "FORMAT", choices: ["table", "json"], help: "Print a table or JSON" },
    "list-descriptors": { help: "Print the descriptors and end" },
  },
  examples: [
    { command: "kpod top web", does: "List the processes of a container" },
    { command: "kpod top web pid hpid user args", does: "Show these columns" },
    { command: "kpod top --pod shop -w", does: "Watch those of a pod" },
  ],
} as const satisfies CommandDescription;
