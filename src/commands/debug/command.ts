import type { CommandDescription } from "../../shell/command";
import { ExitCode } from "../../shell/exit-code";
import { environmentFlags, streamFlags, userFlag } from "../shared/flags";
import { pullFlag } from "../shared/pull-flag";

export const command = {
  group: "change",
  order: 13,
  summary: "Look into a container with tools that it does not have",
  usage: "[flags] CONTAINER|POD [COMMAND [ARG...]]",
  arguments: {
    min: 1,
    name: "CONTAINER|POD [COMMAND [ARG...]]",
    completes: ["container", "nothing"],
  },
  flags: {
    image: { argument: "IMAGE", help: "Take the tools of this image", completes: "image" },
    "host-tools": { help: "Take the node's own tools, which can only be read; so it is without --image" },
    "target-root": {
      argument: "DIR",
      default: "/target",
      help: "Show the file system of the container at this directory",
      completes: "nothing",
    },
    copy: {
      help: "Do not join the container, which may have ended: run one like it, in its pod, with this command",
    },
    ...streamFlags,
    ...environmentFlags,
    ...userFlag,
    workdir: { short: "w", argument: "DIR", help: "Run it in this directory" },
    privileged: { help: "Give it all capabilities, and neither seccomp nor AppArmor" },
    ...pullFlag,
  },
  exclusive: [
    {
      flags: ["image", "host-tools"],
      message: "the tools come from one place: leave out --image or --host-tools",
    },
  ],
  passThrough: true,
  failed: ExitCode.launchFailed,
  readsInput: true,
  needsRoot: true,
  examples: [
    {
      command: "kpod debug -it web",
      does: "A shell of the node's in the namespaces of a container that has none",
    },
    { command: "kpod debug web ss -tnp", does: "The connections of a container, by the node's ss" },
    {
      command: "kpod debug -it --image alpine web",
      does: "The tools of an image; /target has the container's files",
    },
    {
      command: "kpod debug --privileged web strace -fp 1",
      does: "With the rights that looking at processes takes",
    },
    {
      command: "kpod debug -it --copy web",
      does: "A shell in a copy of a container that crashes at its start",
    },
    {
      command: "kpod debug -it --copy --host-tools web",
      does: "The same where the container has no shell either",
    },
  ],
} as const satisfies CommandDescription;
