import { command } from "../../shell/command";

export const pauseCommand = command({
  path: ["pause"],
  group: "change",
  summary: "Freeze containers",
  usage: "CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["running-container"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod pause web", does: "Freeze all processes of a container" },
    { command: "kpod pause $(kpod ps -q)", does: "Freeze everything that runs" },
  ],
  load: () => import("./run"),
});

export const unpauseCommand = command({
  path: ["unpause"],
  group: "change",
  summary: "Thaw paused containers",
  usage: "CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["paused-container"] },
  flags: {},
  needsRoot: true,
  examples: [
    { command: "kpod unpause web", does: "Let a frozen container go on" },
    { command: "kpod unpause shop/web shop/cache", does: "Let two containers of a pod go on" },
  ],
  load: () => import("../unpause/run"),
});
