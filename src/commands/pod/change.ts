import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";
import { killFlags } from "../kill/command";
import { stopFlags } from "../stop/command";

export const podRmFlags = {
  force: { short: "f", help: "Remove pods that run too" },
} as const satisfies FlagSpecs;

export const podStopCommand = command({
  path: ["pod", "stop"],
  group: "pods",
  summary: "Stop the containers of pods together",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["ready-pod"] },
  flags: stopFlags,
  needsRoot: true,
  examples: [
    { command: "kpod pod stop shop", does: "Stop all containers of a pod, then the pod" },
    { command: "kpod pod stop -t 0 shop", does: "Kill them" },
  ],
  load: () => import("./stop/run"),
});

export const podKillCommand = command({
  path: ["pod", "kill"],
  group: "pods",
  summary: "Send a signal to the containers of pods",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["ready-pod"] },
  flags: killFlags,
  needsRoot: true,
  examples: [
    { command: "kpod pod kill shop", does: "End all containers of a pod at once" },
    { command: "kpod pod kill -s HUP shop", does: "Send them HUP" },
  ],
  load: () => import("./kill/run"),
});

export const podPauseCommand = command({
  path: ["pod", "pause"],
  group: "pods",
  summary: "Freeze the containers of pods",
  usage: "POD...",
  arguments: { min: 1, name: "POD...", completes: ["ready-pod"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod pod pause shop", does: "Freeze all containers of a pod" },
    { command: "kpod pod pause sales/shop sales/batch", does: "Freeze those of several pods" },
  ],
  load: () => import("./pause/run"),
});

export const podUnpauseCommand = command({
  path: ["pod", "unpause"],
  group: "pods",
  summary: "Thaw the containers of pods",
  usage: "POD...",
  arguments: { min: 1, name: "POD...", completes: ["paused-pod"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod pod unpause shop", does: "Let the containers of a pod go on" },
    { command: "kpod pod unpause sales/shop sales/batch", does: "Let those of several pods go on" },
  ],
  load: () => import("./unpause/run"),
});

export const podRmCommand = command({
  path: ["pod", "rm"],
  group: "pods",
  summary: "Remove pods with all their containers",
  usage: "[flags] POD...",
  arguments: { min: 1, name: "POD...", completes: ["removable-pod"] },
  flags: podRmFlags,
  needsRoot: true,
  examples: [
    { command: "kpod pod rm shop", does: "Remove a stopped pod" },
    { command: "kpod pod rm -f shop", does: "Kill and remove a pod" },
  ],
  load: () => import("./rm/run"),
});
