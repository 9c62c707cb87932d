import type { FlagSpecs } from "../../shell/flags";
import { environmentFlags, handlerFlag } from "./flags";
import { networkFlags } from "./network-flags";
import { pullFlag } from "./pull-flag";
import { limitFlags } from "./resource-flags";

/** The flags that say what a new container is, and in which pod. */
export const containerFlags = {
  interactive: { short: "i", help: "Give it an input, to which those who attach write" },
  tty: { short: "t", help: "Give it a terminal" },
  "stdin-once": { help: "Close its input when the first who is attached leaves or has no more" },
  name: { argument: "NAME", help: "Name of the container in its pod" },
  pod: {
    argument: "POD",
    help: "Pod to run in; without it the container gets one of its own",
    completes: "ready-pod",
  },
  ...pullFlag,
  force: { help: "Run also in a pod of a CRI-O that runs, which will not see the container" },
  label: { short: "l", argument: "KEY=VALUE", repeatable: true, help: "Label of the container (repeatable)" },
  annotation: { argument: "KEY=VALUE", repeatable: true, help: "Annotation of the container (repeatable)" },
  ...environmentFlags,
  entrypoint: {
    argument: "COMMAND",
    empty: true,
    help: 'In the place of the image\'s entry point and command; several words as a list of JSON, "" for none',
  },
  user: {
    short: "u",
    argument: "USER[:GROUP]",
    help: "Run as this user, by the names of the image or by numbers",
  },
  workdir: { short: "w", argument: "DIR", help: "Working directory in the container" },
  volume: {
    short: "v",
    argument: "HOST:CTR[:ro]",
    repeatable: true,
    help: "Mount a directory or file of the host (repeatable)",
    completes: "file",
  },
  mount: {
    argument: "type=TYPE,dst=PATH,...",
    repeatable: true,
    help: "Mount a path of the host (type=bind,src=PATH) or memory (type=tmpfs); with ro, bind-propagation, tmpfs-size, tmpfs-mode (repeatable)",
  },
  tmpfs: {
    argument: "PATH[:OPTIONS]",
    repeatable: true,
    help: "Mount memory there, as /run:size=64m,exec (repeatable)",
  },
  "read-only": { help: "The root cannot be written, but for /run, /tmp and /var/tmp in memory" },
  ...limitFlags,
  ulimit: {
    argument: "NAME=SOFT[:HARD]",
    repeatable: true,
    help: "Limit of each process, as nofile=1024:2048; -1 for none (repeatable)",
  },
  "oom-score-adj": {
    argument: "NUMBER",
    type: "integer",
    minimum: -1000,
    help: "From -1000 (spared) to 1000 (taken first) when memory runs out; 0 by default",
  },
  "cap-add": {
    argument: "CAPABILITY",
    repeatable: true,
    help: "Add a capability, as NET_ADMIN, or ALL (repeatable)",
  },
  "cap-drop": { argument: "CAPABILITY", repeatable: true, help: "Drop one, or ALL (repeatable)" },
  privileged: { help: "With the rights of the host: all capabilities and devices, no confinement" },
  device: {
    argument: "HOST[:CTR][:rwm]",
    repeatable: true,
    help: "Let it have a device of the host (repeatable)",
    completes: "file",
  },
  "security-opt": {
    argument: "OPTION",
    repeatable: true,
    help: "seccomp=FILE or unconfined; apparmor=PROFILE or unconfined; label=disable, or user:, role:, type:, level: with a value; no-new-privileges (repeatable)",
    completes: {
      words: ["seccomp=unconfined", "apparmor=unconfined", "label=disable", "no-new-privileges"],
    },
  },
  init: { help: "Run a small init first, which hands on signals and reaps" },
  "stop-signal": {
    argument: "SIGNAL",
    help: "Signal that asks it to end, in the place of the image's",
    completes: "signal",
  },
  "stop-timeout": {
    argument: "SECONDS",
    type: "integer",
    minimum: 0,
    help: "How long it may take to end before kpod-stop(1) kills it; 10 by default",
  },
  "log-opt": {
    argument: "max-size=SIZE|path=FILE",
    repeatable: true,
    help: "Size after which its log begins anew, or where that is (repeatable)",
  },
  restart: {
    argument: "POLICY",
    help: "Only no: nobody is there to restart it",
    completes: { words: ["no"] },
  },
  userns: {
    argument: "MODE",
    help: "Users: host, those of the node; with --pod pod, those of the pod; for a pod that is made auto[:size=N] or INSIDE:NODE:SIZE,…",
    completes: { words: ["auto", "host", "pod"] },
  },
  ...networkFlags,
  ...handlerFlag,
  hostname: { argument: "NAME", help: "Host name of the pod that is made" },
  "cgroup-parent": { argument: "CGROUP", help: "Cgroup of the pod that is made" },
} as const satisfies FlagSpecs;
