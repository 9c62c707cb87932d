import { command } from "../command";
import { completionCommand } from "./completion";
import { configCommand, infoCommand } from "./info";

/** Commands about kpod itself. */
export const systemCommands = [
  infoCommand,
  configCommand,
  command({
    path: ["help"],
    group: "system",
    summary: "Show the help of a command",
    usage: "[COMMAND...]",
    arguments: { min: 0, name: "COMMAND...", completes: ["command"] },
    flags: {},
    examples: [{ command: "kpod help pod run", does: "Show the help of kpod pod run" }],
    load: () => import("../../commands/help"),
  }),
  command({
    path: ["version"],
    group: "system",
    summary: "Show the versions of kpod and of node",
    usage: "",
    arguments: { min: 0, max: 0, name: "no arguments" },
    flags: {},
    examples: [],
    load: () => import("../../commands/version"),
  }),
  completionCommand,
];
