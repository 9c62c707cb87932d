import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "look",
  order: 14,
  summary: "Say why a pod or a container is as it is, and what to do",
  usage: "[flags] POD|CONTAINER",
  arguments: { min: 1, max: 1, name: "POD|CONTAINER", completes: ["container"] },
  flags: {
    lines: {
      short: "n",
      argument: "NUMBER",
      type: "integer",
      minimum: 0,
      default: 10,
      help: "Lines of the end of its log",
    },
    format: { argument: "FORMAT", choices: ["text", "json"], default: "text", help: "Print text or json" },
    live: { help: "Judge processes, mounts and cgroups also with --root" },
  },
  examples: [
    { command: "kpod why shop/web", does: "Why it ended, hangs, or does not start" },
    { command: "kpod why --format json shop | jq -r '.todo[]'", does: "What to do about a pod" },
  ],
} as const satisfies CommandDescription;
