import type { CommandDescription } from "../../shell/command";
import { selectionFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 50,
  summary: "Thaw paused containers",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["paused-container"] },
  flags: selectionFlags("that are paused", "pod"),
  needsRoot: true,
  examples: [
    { command: "kpod unpause web", does: "Let a frozen container go on" },
    { command: "kpod unpause shop/web shop/cache", does: "Let two containers of a pod go on" },
    { command: "kpod unpause --all", does: "Let all frozen containers go on" },
  ],
} as const satisfies CommandDescription;
