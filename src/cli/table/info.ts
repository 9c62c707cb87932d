import { command } from "../command";
import type { FlagSpecs } from "../flags";

export const infoFlags = {
  format: { argument: "FORMAT", choices: ["json"], help: "Print json instead of text" },
} as const satisfies FlagSpecs;

export const infoCommand = command({
  path: ["info"],
  group: "system",
  summary: "Show what is in force on this node, and which file it comes from",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: infoFlags,
  examples: [
    { command: "kpod info", does: "Node, store, runtimes and configuration" },
    { command: "kpod info --format json | jq .store", does: "The store alone, for a script" },
  ],
  load: () => import("../../commands/info"),
});

export const configCommand = command({
  path: ["config"],
  group: "system",
  summary: "Print the configuration in force as TOML",
  usage: "",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {},
  examples: [{ command: "kpod config", does: "Defaults, files, environment and flags put together" }],
  load: () => import("../../commands/config"),
});
