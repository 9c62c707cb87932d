import type { CommandDescription } from "../../shell/command";
import { ExitCode } from "../../shell/exit-code";
import { environmentFlags, selectionFlags, streamFlags, userFlag } from "../shared/flags";

export const command = {
  group: "change",
  order: 12,
  summary: "Run a command in a container that runs",
  usage: "[flags] CONTAINER COMMAND [ARG...]",
  arguments: {
    min: 1,
    name: "CONTAINER COMMAND [ARG...]",
    completes: ["newest-running-container", "nothing"],
  },
  flags: {
    ...streamFlags,
    detach: { short: "d", help: "Return at once, while the command runs on without streams" },
    ...environmentFlags,
    ...userFlag,
    workdir: { short: "w", argument: "DIR", help: "Run it in this directory of the container" },
    privileged: { help: "Give it all capabilities, and no AppArmor" },
    timeout: {
      argument: "SECONDS",
      type: "number",
      minimum: 0.001,
      help: "Kill it, and what it has started, when it has not ended by then, and end with 124",
    },
    "preserve-fds": {
      argument: "N",
      type: "integer",
      minimum: 0,
      default: 0,
      help: "Hand on N file descriptors from 3 on",
    },
    ...selectionFlags("that run", "ready-pod"),
    parallel: { short: "x", help: "With several containers: in all at the same time" },
  },
  exclusive: [
    {
      flags: ["detach", "interactive"],
      message: "a command that runs on by itself has no standard input: leave out --detach or --interactive",
    },
    {
      flags: ["detach", "tty"],
      message: "a command that runs on by itself has no terminal: leave out --detach or --tty",
    },
    {
      flags: ["detach", "timeout"],
      message: "nobody is there to end a command that runs on by itself: leave out --detach or --timeout",
    },
  ],
  passThrough: true,
  failed: ExitCode.launchFailed,
  readsInput: true,
  needsRoot: true,
  examples: [
    { command: "kpod exec web cat /etc/resolv.conf", does: "Run a command in a container" },
    { command: "kpod exec -it web sh", does: "Open a shell in it" },
    { command: "kpod exec -i db psql -f - < dump.sql", does: "Feed a command from a file" },
    { command: "kpod exec -u 0 -w /tmp web id", does: "Run it as root and in another directory" },
    { command: "kpod exec --timeout 5 web df", does: "Give it 5 seconds" },
    {
      command: "kpod exec --label app=web -x wget -qO- localhost/healthz",
      does: "Ask all containers of an app at once",
    },
    { command: "kpod exec --pod shop date", does: "Run a command in each container of a pod" },
  ],
} as const satisfies CommandDescription;
