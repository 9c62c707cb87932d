import { inspectFormat } from "../../shared/flags";
import type { CommandDescription } from "../../../shell/command";
import type { NetworkData } from "../../../lib/operations/networks";

// Written as an object, for the compiler to find a field that is missing or gone.
const fields: Readonly<Record<keyof NetworkData, true>> = {
  Name: true,
  File: true,
  Default: true,
  CNIVersion: true,
  DisableCheck: true,
  Plugins: true,
  Subnets: true,
  LeaseDirectory: true,
  Pods: true,
  Leases: true,
  Leaks: true,
};

export const command = {
  group: "system",
  order: 62,
  summary: "Show everything of networks, with who is in them",
  usage: "[flags] NETWORK...",
  arguments: { min: 1, name: "NETWORK...", completes: ["network"] },
  flags: {
    format: { ...inspectFormat, completes: { fields: Object.keys(fields) } },
  },
  examples: [
    { command: "kpod network inspect crio", does: "Everything of a network as JSON" },
    {
      command: "kpod network inspect -f '{{range .Leases}}{{.IP}} {{.Holder}}; {{end}}' crio",
      does: "Who has which address",
    },
  ],
} as const satisfies CommandDescription;
