import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "change",
  order: 47,
  summary: "Change the limits of containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["container"] },
  flags: {
    memory: {
      short: "m",
      argument: "SIZE",
      minimum: -1,
      help: "Memory: bytes, or with k, m, g; -1 for no limit",
    },
    "memory-swap": { argument: "SIZE", minimum: -1, help: "Memory and swap together, likewise" },
    cpus: {
      argument: "NUMBER",
      type: "number",
      minimum: 0,
      help: "Processors, as 1.5; 0 for no limit",
    },
    "cpu-shares": {
      short: "c",
      argument: "NUMBER",
      type: "integer",
      minimum: 1,
      help: "Weight beside others, 1024 being the usual one",
    },
    "cpuset-cpus": { argument: "LIST", help: "Processors to run on, as 0-3,7" },
    "pids-limit": {
      argument: "NUMBER",
      type: "integer",
      minimum: -1,
      help: "Processes and threads; -1 for no limit",
    },
  },
  needsRoot: true,
  examples: [
    { command: "kpod update --memory 512m web", does: "Let a container have 512 MiB" },
    { command: "kpod update --cpus 1.5 --pids-limit 200 web", does: "Bound its processors and processes" },
    { command: "kpod update --memory=-1 web", does: "Lift its limit of memory" },
  ],
} as const satisfies CommandDescription;
