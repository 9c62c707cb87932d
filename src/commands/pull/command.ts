import type { CommandDescription } from "../../shell/command";
import { policyFlag, registryFlags } from "../shared/registry-flags";

export const command = {
  group: "images",
  order: 12,
  summary: "Pull images from a registry",
  usage: "[flags] IMAGE...",
  arguments: { min: 1, name: "IMAGE...", completes: ["image"] },
  flags: {
    "all-tags": { short: "a", help: "Pull every tag of the repository" },
    ...registryFlags,
    ...policyFlag,
    platform: { argument: "OS/ARCH", help: "Platform of the image; without it the node's" },
    policy: {
      argument: "WHEN",
      choices: ["always", "missing", "newer"],
      default: "always",
      help: "When to pull: always, missing (not in the store) or newer (keep the stored one on failure)",
    },
    quiet: { short: "q", help: "Show no progress" },
  },
  needsRoot: true,
  examples: [
    { command: "kpod pull docker.io/library/busybox", does: "Pull an image" },
    {
      command: "kpod pull -q --policy missing registry.local:5000/shop/app:v2",
      does: "Pull it only where it is not there yet",
    },
  ],
} as const satisfies CommandDescription;
