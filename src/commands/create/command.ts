import type { CommandDescription } from "../../shell/command";
import { containerFlags } from "../shared/container-flags";

export const command = {
  group: "change",
  order: 11,
  summary: "Create a container that is started later",
  usage: "[flags] IMAGE [COMMAND [ARG...]]",
  arguments: { min: 1, name: "IMAGE [COMMAND [ARG...]]", completes: ["image", "nothing"] },
  flags: containerFlags,
  passThrough: true,
  needsRoot: true,
  examples: [
    {
      command: "kpod create --name web --pod shop busybox httpd -f",
      does: "Create a container in the pod shop; kpod start web starts it",
    },
    { command: "kpod create -v /srv/data:/data:ro busybox ls /data", does: "In a pod of its own" },
  ],
} as const satisfies CommandDescription;
