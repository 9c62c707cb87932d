import type { CommandDescription } from "../../shell/command";
import { selectionFilter, selectionFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 80,
  summary: "Remove containers",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["removable-container"] },
  flags: {
    force: { short: "f", help: "Remove running containers too, and what is only half there" },
    ...selectionFlags("that have ended or were never started, with --force all", "pod"),
    // Its letter is that of --force.
    filter: selectionFilter,
  },
  needsRoot: true,
  examples: [
    { command: "kpod rm web", does: "Remove a stopped container" },
    { command: "kpod rm -f 244275a7f0b12", does: "Kill and remove a container, whatever is left of it" },
    { command: "kpod rm --all", does: "Remove all that have ended" },
    { command: "kpod rm --filter exited!=0 --pod shop", does: "Remove those of a pod that failed" },
  ],
} as const satisfies CommandDescription;
