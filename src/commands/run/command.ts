import type { CommandDescription } from "../../shell/command";
import { pullFlag } from "../shared/pull-flag";
import { networkFlags } from "../shared/network-flags";
import { environmentFlags } from "../shared/flags";

export const command = {
  group: "change",
  order: 10,
  summary: "Run a command in a new container",
  usage: "[flags] IMAGE [COMMAND [ARG...]]",
  arguments: { min: 1, name: "IMAGE [COMMAND [ARG...]]", completes: ["image", "nothing"] },
  flags: {
    detach: { short: "d", help: "Print the id and return, while the container runs on" },
    rm: { help: "Remove the container, and a pod made for it, once it has ended" },
    name: { argument: "NAME", help: "Name of the container in its pod" },
    pod: {
      argument: "POD",
      help: "Pod to run in; without it the container gets one of its own",
      completes: "ready-pod",
    },
    ...pullFlag,
    force: { help: "Run also in a pod of a CRI-O that runs, which will not see the container" },
    label: { argument: "KEY=VALUE", repeatable: true, help: "Label of the container (repeatable)" },
    ...environmentFlags,
    volume: {
      short: "v",
      argument: "HOST:CTR[:ro]",
      repeatable: true,
      help: "Mount a directory or file of the host (repeatable)",
      completes: "file",
    },
    ...networkFlags,
    hostname: { argument: "NAME", help: "Host name of the pod that is made" },
    "cgroup-parent": { argument: "CGROUP", help: "Cgroup of the pod that is made" },
  },
  passThrough: true,
  needsRoot: true,
  examples: [
    { command: "kpod run busybox echo hello", does: "Run a command and wait for its end" },
    {
      command: "kpod run -d --name web --pod shop -e PORT=80 busybox httpd -f",
      does: "Start a container in the pod shop and leave it running",
    },
    {
      command: "kpod run -v /srv/data:/data:ro busybox ls /data",
      does: "Show the container a directory of the host, read-only",
    },
    { command: "kpod run -d -p 8080:80 httpd", does: "Publish port 80 of a container as 8080 of the host" },
  ],
} as const satisfies CommandDescription;
