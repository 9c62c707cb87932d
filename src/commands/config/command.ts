import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "system",
  order: 20,
  summary: "Print the configuration in force as TOML",
  usage: "",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {},
  examples: [
    { command: "kpod config", does: "Defaults, files, environment and flags put together" },
    { command: "kpod config | grep root", does: "Single keys of it" },
  ],
} as const satisfies CommandDescription;
