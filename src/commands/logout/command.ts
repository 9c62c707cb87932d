import type { CommandDescription } from "../../shell/command";
import { registryFlags } from "../shared/registry-flags";

export const command = {
  group: "images",
  order: 71,
  summary: "Remove the credentials for a registry",
  usage: "[flags] REGISTRY",
  arguments: { min: 0, max: 1, name: "REGISTRY" },
  flags: {
    all: { short: "a", help: "Remove those for all registries" },
    authfile: registryFlags.authfile,
  },
  needsRoot: true,
  examples: [
    { command: "kpod logout registry.local:5000", does: "Forget the credentials for a registry" },
    { command: "kpod logout --all", does: "Forget all of them" },
  ],
} as const satisfies CommandDescription;
