import type { CommandDescription } from "../../shell/command";
import { ExitCode } from "../../shell/exit-code";
import { attachFlags } from "../shared/attach-flags";
import { containerFlags } from "../shared/container-flags";

export const command = {
  group: "change",
  order: 10,
  summary: "Run a command in a new container",
  usage: "[flags] IMAGE [COMMAND [ARG...]]",
  arguments: { min: 1, name: "IMAGE [COMMAND [ARG...]]", completes: ["image", "nothing"] },
  flags: {
    detach: { short: "d", help: "Print the id and return, while the container runs on" },
    rm: { help: "Remove the container, and a pod made for it, once it has ended" },
    attach: {
      short: "a",
      argument: "STREAM",
      repeatable: true,
      choices: ["stdin", "stdout", "stderr"],
      help: "Have only this stream of it here (repeatable)",
    },
    ...attachFlags,
    ...containerFlags,
  },
  exclusive: [
    {
      flags: ["detach", "attach"],
      message: "nothing of what runs in the background is here: leave out --detach or --attach",
    },
  ],
  passThrough: true,
  failed: ExitCode.launchFailed,
  readsInput: true,
  needsRoot: true,
  examples: [
    { command: "kpod run busybox echo hello", does: "Run a command and wait for its end" },
    { command: "kpod run -it --rm busybox sh", does: "Open a shell in a new container" },
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
