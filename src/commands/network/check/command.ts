import type { CommandDescription } from "../../../shell/command";

export const command = {
  group: "system",
  order: 64,
  summary: "Find what is wrong with networks, and with pods in them",
  usage: "[flags] [NETWORK|POD...]",
  arguments: { min: 0, name: "[NETWORK|POD...]", completes: ["network-or-pod"] },
  flags: {
    format: {
      argument: "FORMAT",
      choices: ["text", "json"],
      help: "Print a line each, or JSON",
    },
  },
  needsRoot: true,
  examples: [
    { command: "kpod network check", does: "All networks, and all pods in them" },
    { command: "kpod network check crio", does: "One network, and the pods in it" },
    { command: "kpod network check shop", does: "A pod, by its plugins" },
  ],
} as const satisfies CommandDescription;
