import { lazyCommand, type Command } from "./command";
import { completionCommand } from "./table/completion";
import { imagesCommand, loadCommand } from "./table/images";
import { configCommand, infoCommand } from "./table/info";
import { inspectCommand, podInspectCommand } from "./table/inspect";
import { killCommand } from "./table/kill";
import { logsCommand } from "./table/logs";
import { pauseCommand, unpauseCommand } from "./table/pause";
import {
  podKillCommand,
  podPauseCommand,
  podRmCommand,
  podStopCommand,
  podUnpauseCommand,
} from "./table/pod-change";
import { podPsCommand } from "./table/pod-ps";
import { podRunCommand } from "./table/pod-run";
import { psCommand } from "./table/ps";
import { renameCommand } from "./table/rename";
import { rmCommand } from "./table/rm";
import { rmiCommand } from "./table/rmi";
import { runCommand } from "./table/run";
import { statsCommand } from "./table/stats";
import { stopCommand } from "./table/stop";
import { helpCommand, versionCommand } from "./table/version";
import { waitCommand } from "./table/wait";

/** Every command of kpod: parser, help, completions and manual pages are made from this list. */
export const table: readonly Command[] = [
  lazyCommand("ps", () => psCommand),
  lazyCommand("inspect", () => inspectCommand),
  lazyCommand("logs", () => logsCommand),
  lazyCommand("stats", () => statsCommand),
  lazyCommand("run", () => runCommand),
  lazyCommand("stop", () => stopCommand),
  lazyCommand("kill", () => killCommand),
  lazyCommand("pause", () => pauseCommand),
  lazyCommand("unpause", () => unpauseCommand),
  lazyCommand("wait", () => waitCommand),
  lazyCommand("rename", () => renameCommand),
  lazyCommand("rm", () => rmCommand),
  lazyCommand("pod ps", () => podPsCommand),
  lazyCommand("pod run", () => podRunCommand),
  lazyCommand("pod inspect", () => podInspectCommand),
  lazyCommand("pod stop", () => podStopCommand),
  lazyCommand("pod kill", () => podKillCommand),
  lazyCommand("pod pause", () => podPauseCommand),
  lazyCommand("pod unpause", () => podUnpauseCommand),
  lazyCommand("pod rm", () => podRmCommand),
  lazyCommand("images", () => imagesCommand),
  lazyCommand("load", () => loadCommand),
  lazyCommand("rmi", () => rmiCommand),
  lazyCommand("info", () => infoCommand),
  lazyCommand("config", () => configCommand),
  lazyCommand("help", () => helpCommand),
  lazyCommand("version", () => versionCommand),
  lazyCommand("completion", () => completionCommand),
];
