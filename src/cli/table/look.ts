import { command } from "../command";
import type { FlagSpecs } from "../flags";
import { inspectCommand } from "./inspect";
import { listFlags } from "./list-flags";
import { logsCommand } from "./logs";
import { statsCommand } from "./stats";

export const psFlags = {
  all: { short: "a", help: "Show all containers, not only those that run" },
  last: {
    short: "n",
    argument: "N",
    type: "integer",
    minimum: 0,
    help: "Show the N containers made last, whatever their state",
  },
  latest: { short: "l", help: "Show the container made last, whatever its state" },
  pod: { help: "Add columns with the pod and its Kubernetes namespace" },
  ...listFlags,
} as const satisfies FlagSpecs;

/** Commands that look at containers and change nothing. */
export const lookCommands = [
  command({
    path: ["ps"],
    group: "look",
    summary: "List containers",
    usage: "[flags]",
    arguments: { min: 0, max: 0, name: "no arguments" },
    flags: psFlags,
    exclusive: [{ flags: ["last", "latest", "all"], message: "Last, latest and all are mutually exclusive" }],
    examples: [
      { command: "kpod ps", does: "List the containers that run, newest first" },
      { command: "kpod ps -a --pod", does: "List all containers with the pods they belong to" },
      { command: "kpod ps -q", does: "Print the ids alone, for scripts" },
      { command: "kpod ps -a --format json", does: "Everything about all containers as JSON" },
      {
        command: "kpod --root /mnt/node/var/lib/containers/storage ps -a",
        does: "List the containers of a store of another machine",
      },
    ],
    load: () => import("../../commands/ps"),
  }),
  inspectCommand,
  logsCommand,
  statsCommand,
];
