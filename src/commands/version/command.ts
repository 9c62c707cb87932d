import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "system",
  order: 40,
  summary: "Show the versions of kpod and of the engine that runs it",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of it: {{.Version}}",
      completes: { fields: ["Version", "Engine", "Node", "OS", "Arch", "OsArch"] },
    },
  },
  examples: [
    { command: "kpod version", does: "The versions of kpod and of the engine that runs it" },
    { command: "kpod version --format '{{.Version}}'", does: "The version of kpod alone" },
  ],
} as const satisfies CommandDescription;
