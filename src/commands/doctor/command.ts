import { checkIds } from "./check-ids";
import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "system",
  order: 16,
  summary: "Find what is at odds on the node, and say why",
  usage: "[flags] [CHECK|FINDING...]",
  arguments: { min: 0, name: "CHECK...", completes: [{ words: checkIds }] },
  flags: {
    quick: { help: "Look once, and leave out what takes more than a second" },
    format: {
      argument: "FORMAT",
      choices: ["table", "json", "npd", "prom"],
      default: "table",
      help: "Print table, json, npd (a line for node-problem-detector) or prom (metrics for Prometheus)",
    },
    output: {
      short: "o",
      argument: "FILE",
      help: "Write to a file, which is replaced as a whole",
      completes: "file",
    },
    since: {
      argument: "TIME",
      help: "Leave out what is known to have come about before a time (2006-01-02T15:04) or longer ago (24h)",
    },
    "min-age": {
      argument: "DURATION",
      help: "Tell only what has been so for this time: 10m (default: 5m, and 24h of layers)",
    },
    mend: { help: "Mend what was found, or what is named of it" },
    "dry-run": { short: "n", help: "With --mend: show what would be done, and do nothing" },
    yes: { short: "y", help: "With --mend: do not ask" },
    live: { help: "Judge processes, mounts and cgroups also with --root" },
  },
  exclusive: [{ flags: ["dry-run", "yes"], message: "dry-run and yes are mutually exclusive" }],
  needsRoot: { flag: "mend" },
  failed: 2,
  examples: [
    { command: "kpod doctor", does: "Look at the whole node" },
    { command: "kpod doctor storage.link-lost storage.layer-unknown", does: "Make two checks alone" },
    {
      command: "kpod doctor --root /mnt/var/lib/containers/storage",
      does: "Look at the disk of another node",
    },
  ],
} as const satisfies CommandDescription;
