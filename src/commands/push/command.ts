import type { CommandDescription } from "../../shell/command";
import { policyFlag, registryFlags } from "../shared/registry-flags";

export const command = {
  group: "images",
  order: 14,
  summary: "Copy an image to a registry, a directory or an archive",
  usage: "[flags] IMAGE [DESTINATION]",
  arguments: { min: 1, max: 2, name: "IMAGE [DESTINATION]", completes: ["image", "nothing"] },
  flags: {
    ...registryFlags,
    ...policyFlag,
    "remove-signatures": { help: "Leave out the signatures of the image" },
    "sign-by": { argument: "KEY", help: "Fingerprint of the GPG key that signs the image" },
    quiet: { short: "q", help: "Show no progress" },
  },
  needsRoot: true,
  examples: [
    {
      command: "kpod push app:1 docker://registry.local:5000/shop/app:1",
      does: "Push an image under another name",
    },
    { command: "kpod push busybox dir:/tmp/busybox", does: "Write its parts into a directory" },
  ],
} as const satisfies CommandDescription;
