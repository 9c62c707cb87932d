import { lazyCommand, type Command } from "../shell/command";
import { completionCommand } from "../commands/completion/command";
import { imagesCommand, loadCommand } from "../commands/images/command";
import { configCommand, infoCommand } from "../commands/info/command";
import { inspectCommand, podInspectCommand } from "../commands/inspect/command";
import { killCommand } from "../commands/kill/command";
import { logsCommand } from "../commands/logs/command";
import { pauseCommand, unpauseCommand } from "../commands/pause/command";
import {
  podKillCommand,
  podPauseCommand,
  podRmCommand,
  podStopCommand,
  podUnpauseCommand,
} from "../commands/pod/change";
import { podPsCommand } from "../commands/pod/ps/command";
import { podRunCommand } from "../commands/pod/run/command";
import { psCommand } from "../commands/ps/command";
import { renameCommand } from "../commands/rename/command";
import { rmCommand } from "../commands/rm/command";
import { rmiCommand } from "../commands/rmi/command";
import { runCommand } from "../commands/run/command";
import { statsCommand } from "../commands/stats/command";
import { stopCommand } from "../commands/stop/command";
import { helpCommand, versionCommand } from "../commands/version/command";
import { waitCommand } from "../commands/wait/command";

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
