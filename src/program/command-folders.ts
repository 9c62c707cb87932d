// Made by `npm run docs` from the folders of src/commands: changes here get lost.
import { command, type Command } from "./command";
import { command as attachCommand } from "../commands/attach/command";
import { command as checkpointCommand } from "../commands/checkpoint/command";
import { command as completionCommand } from "../commands/completion/command";
import { command as configCommand } from "../commands/config/command";
import { command as cpCommand } from "../commands/cp/command";
import { command as createCommand } from "../commands/create/command";
import { command as debugCommand } from "../commands/debug/command";
import { command as diffCommand } from "../commands/diff/command";
import { command as doctorCommand } from "../commands/doctor/command";
import { command as doctorHistoryCommand } from "../commands/doctor/history/command";
import { command as doctorUndoCommand } from "../commands/doctor/undo/command";
import { command as eventsCommand } from "../commands/events/command";
import { command as execCommand } from "../commands/exec/command";
import { command as exportCommand } from "../commands/export/command";
import { command as helpCommand } from "../commands/help/command";
import { command as historyCommand } from "../commands/history/command";
import { command as imagesCommand } from "../commands/images/command";
import { command as infoCommand } from "../commands/info/command";
import { command as inspectCommand } from "../commands/inspect/command";
import { command as killCommand } from "../commands/kill/command";
import { command as kubeDownCommand } from "../commands/kube/down/command";
import { command as kubeGenerateCommand } from "../commands/kube/generate/command";
import { command as kubePlayCommand } from "../commands/kube/play/command";
import { command as loadCommand } from "../commands/load/command";
import { command as loginCommand } from "../commands/login/command";
import { command as logoutCommand } from "../commands/logout/command";
import { command as logsCommand } from "../commands/logs/command";
import { command as mountCommand } from "../commands/mount/command";
import { command as networkCheckCommand } from "../commands/network/check/command";
import { command as networkInspectCommand } from "../commands/network/inspect/command";
import { command as networkLsCommand } from "../commands/network/ls/command";
import { command as pauseCommand } from "../commands/pause/command";
import { command as podInspectCommand } from "../commands/pod/inspect/command";
import { command as podKillCommand } from "../commands/pod/kill/command";
import { command as podPauseCommand } from "../commands/pod/pause/command";
import { command as podPsCommand } from "../commands/pod/ps/command";
import { command as podReloadNetworkCommand } from "../commands/pod/reload-network/command";
import { command as podRmCommand } from "../commands/pod/rm/command";
import { command as podRunCommand } from "../commands/pod/run/command";
import { command as podStopCommand } from "../commands/pod/stop/command";
import { command as podUnpauseCommand } from "../commands/pod/unpause/command";
import { command as portForwardCommand } from "../commands/port-forward/command";
import { command as psCommand } from "../commands/ps/command";
import { command as pullCommand } from "../commands/pull/command";
import { command as pushCommand } from "../commands/push/command";
import { command as renameCommand } from "../commands/rename/command";
import { command as reportCommand } from "../commands/report/command";
import { command as restartCommand } from "../commands/restart/command";
import { command as restoreCommand } from "../commands/restore/command";
import { command as rmCommand } from "../commands/rm/command";
import { command as rmiCommand } from "../commands/rmi/command";
import { command as runCommand } from "../commands/run/command";
import { command as saveCommand } from "../commands/save/command";
import { command as startCommand } from "../commands/start/command";
import { command as stateDiffCommand } from "../commands/state/diff/command";
import { command as stateSaveCommand } from "../commands/state/save/command";
import { command as statsCommand } from "../commands/stats/command";
import { command as stopCommand } from "../commands/stop/command";
import { command as systemDfCommand } from "../commands/system/df/command";
import { command as systemPruneCommand } from "../commands/system/prune/command";
import { command as tagCommand } from "../commands/tag/command";
import { command as topCommand } from "../commands/top/command";
import { command as umountCommand } from "../commands/umount/command";
import { command as unpauseCommand } from "../commands/unpause/command";
import { command as untagCommand } from "../commands/untag/command";
import { command as updateCommand } from "../commands/update/command";
import { command as versionCommand } from "../commands/version/command";
import { command as waitCommand } from "../commands/wait/command";
import { command as whyCommand } from "../commands/why/command";

/** The commands, a folder of src/commands each. */
export const commandFolders: readonly Command[] = [
  command("attach", attachCommand, () => import("../commands/attach/run")),
  command("checkpoint", checkpointCommand, () => import("../commands/checkpoint/run")),
  command("completion", completionCommand, () => import("../commands/completion/run")),
  command("config", configCommand, () => import("../commands/config/run")),
  command("cp", cpCommand, () => import("../commands/cp/run")),
  command("create", createCommand, () => import("../commands/create/run")),
  command("debug", debugCommand, () => import("../commands/debug/run")),
  command("diff", diffCommand, () => import("../commands/diff/run")),
  command("doctor", doctorCommand, () => import("../commands/doctor/run")),
  command("doctor history", doctorHistoryCommand, () => import("../commands/doctor/history/run")),
  command("doctor undo", doctorUndoCommand, () => import("../commands/doctor/undo/run")),
  command("events", eventsCommand, () => import("../commands/events/run")),
  command("exec", execCommand, () => import("../commands/exec/run")),
  command("export", exportCommand, () => import("../commands/export/run")),
  command("help", helpCommand, () => import("../commands/help/run")),
  command("history", historyCommand, () => import("../commands/history/run")),
  command("images", imagesCommand, () => import("../commands/images/run")),
  command("info", infoCommand, () => import("../commands/info/run")),
  command("inspect", inspectCommand, () => import("../commands/inspect/run")),
  command("kill", killCommand, () => import("../commands/kill/run")),
  command("kube down", kubeDownCommand, () => import("../commands/kube/down/run")),
  command("kube generate", kubeGenerateCommand, () => import("../commands/kube/generate/run")),
  command("kube play", kubePlayCommand, () => import("../commands/kube/play/run")),
  command("load", loadCommand, () => import("../commands/load/run")),
  command("login", loginCommand, () => import("../commands/login/run")),
  command("logout", logoutCommand, () => import("../commands/logout/run")),
  command("logs", logsCommand, () => import("../commands/logs/run")),
  command("mount", mountCommand, () => import("../commands/mount/run")),
  command("network check", networkCheckCommand, () => import("../commands/network/check/run")),
  command("network inspect", networkInspectCommand, () => import("../commands/network/inspect/run")),
  command("network ls", networkLsCommand, () => import("../commands/network/ls/run")),
  command("pause", pauseCommand, () => import("../commands/pause/run")),
  command("pod inspect", podInspectCommand, () => import("../commands/pod/inspect/run")),
  command("pod kill", podKillCommand, () => import("../commands/pod/kill/run")),
  command("pod pause", podPauseCommand, () => import("../commands/pod/pause/run")),
  command("pod ps", podPsCommand, () => import("../commands/pod/ps/run")),
  command("pod reload-network", podReloadNetworkCommand, () => import("../commands/pod/reload-network/run")),
  command("pod rm", podRmCommand, () => import("../commands/pod/rm/run")),
  command("pod run", podRunCommand, () => import("../commands/pod/run/run")),
  command("pod stop", podStopCommand, () => import("../commands/pod/stop/run")),
  command("pod unpause", podUnpauseCommand, () => import("../commands/pod/unpause/run")),
  command("port-forward", portForwardCommand, () => import("../commands/port-forward/run")),
  command("ps", psCommand, () => import("../commands/ps/run")),
  command("pull", pullCommand, () => import("../commands/pull/run")),
  command("push", pushCommand, () => import("../commands/push/run")),
  command("rename", renameCommand, () => import("../commands/rename/run")),
  command("report", reportCommand, () => import("../commands/report/run")),
  command("restart", restartCommand, () => import("../commands/restart/run")),
  command("restore", restoreCommand, () => import("../commands/restore/run")),
  command("rm", rmCommand, () => import("../commands/rm/run")),
  command("rmi", rmiCommand, () => import("../commands/rmi/run")),
  command("run", runCommand, () => import("../commands/run/run")),
  command("save", saveCommand, () => import("../commands/save/run")),
  command("start", startCommand, () => import("../commands/start/run")),
  command("state diff", stateDiffCommand, () => import("../commands/state/diff/run")),
  command("state save", stateSaveCommand, () => import("../commands/state/save/run")),
  command("stats", statsCommand, () => import("../commands/stats/run")),
  command("stop", stopCommand, () => import("../commands/stop/run")),
  command("system df", systemDfCommand, () => import("../commands/system/df/run")),
  command("system prune", systemPruneCommand, () => import("../commands/system/prune/run")),
  command("tag", tagCommand, () => import("../commands/tag/run")),
  command("top", topCommand, () => import("../commands/top/run")),
  command("umount", umountCommand, () => import("../commands/umount/run")),
  command("unpause", unpauseCommand, () => import("../commands/unpause/run")),
  command("untag", untagCommand, () => import("../commands/untag/run")),
  command("update", updateCommand, () => import("../commands/update/run")),
  command("version", versionCommand, () => import("../commands/version/run")),
  command("wait", waitCommand, () => import("../commands/wait/run")),
  command("why", whyCommand, () => import("../commands/why/run")),
];
