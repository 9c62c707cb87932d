import type { CommandDescription } from "../../shell/command";
import type { NodeInfo } from "../../lib/operations/info";

// Written as an object, for the compiler to find a field that is missing or gone.
const ofInfo: Readonly<Record<Capitalize<keyof NodeInfo>, true>> = {
  Host: true,
  Store: true,
  Runtimes: true,
  CrioVersion: true,
  CrioVersionSource: true,
  Config: true,
};
const infoFields: readonly string[] = Object.keys(ofInfo);

export const command = {
  group: "system",
  order: 10,
  summary: "Show what is in force on this node, and which file it comes from",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    debug: { short: "D", help: "Show what made and runs this program, too" },
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of it: {{.Store.Root}}; YAML without it",
      completes: { fields: infoFields },
    },
  },
  examples: [
    { command: "kpod info", does: "Node, store, runtimes and configuration" },
    { command: "kpod info --format json | jq .store", does: "The store alone, for a script" },
    {
      command: "kpod info --format '{{.store.GraphDriverName}} {{.store.GraphRoot}}'",
      does: "Single values of it",
    },
  ],
} as const satisfies CommandDescription;
