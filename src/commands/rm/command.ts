import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";

export const rmFlags = {
  force: { short: "f", help: "Remove running containers too, and what is only half there" },
} as const satisfies FlagSpecs;

export const rmCommand = command({
  path: ["rm"],
  group: "change",
  summary: "Remove containers",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["removable-container"] },
  flags: rmFlags,
  needsRoot: true,
  examples: [
    { command: "kpod rm web", does: "Remove a stopped container" },
    { command: "kpod rm -f 244275a7f0b12", does: "Kill and remove a container, whatever is left of it" },
  ],
  load: () => import("./run"),
});
