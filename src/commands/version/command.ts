import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";

export const versionFlags = {
  format: {
    argument: "FORMAT",
    help: "Print json, or what a template of Go makes of it: {{.Version}}",
    completes: { fields: ["Version", "Node", "OS", "Arch", "OsArch"] },
  },
} as const satisfies FlagSpecs;

export const helpCommand = command({
  path: ["help"],
  group: "system",
  summary: "Show the help of a command",
  usage: "[COMMAND...]",
  arguments: { min: 0, name: "COMMAND...", completes: ["command"] },
  flags: {},
  examples: [
    { command: "kpod help", does: "List all commands" },
    { command: "kpod help pod run", does: "Show the help of kpod pod run" },
  ],
  load: () => import("../help/run"),
});

export const versionCommand = command({
  path: ["version"],
  group: "system",
  summary: "Show the versions of kpod and of node",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: versionFlags,
  examples: [
    { command: "kpod version", does: "The versions of kpod and of the Node that runs it" },
    { command: "kpod version --format '{{.Version}}'", does: "The version of kpod alone" },
  ],
  load: () => import("./run"),
});
