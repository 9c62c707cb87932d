// Made by `npm run docs` from the folders of src/commands: changes here get lost.
import { command, type Command } from "./command";
import { command as completion } from "../commands/completion/command";
import { command as config } from "../commands/config/command";
import { command as help } from "../commands/help/command";
import { command as images } from "../commands/images/command";
import { command as info } from "../commands/info/command";
import { command as inspect } from "../commands/inspect/command";
import { command as kill } from "../commands/kill/command";
import { command as load } from "../commands/load/command";
import { command as logs } from "../commands/logs/command";
import { command as pause } from "../commands/pause/command";
import { command as podInspect } from "../commands/pod/inspect/command";
import { command as podKill } from "../commands/pod/kill/command";
import { command as podPause } from "../commands/pod/pause/command";
import { command as podPs } from "../commands/pod/ps/command";
import { command as podRm } from "../commands/pod/rm/command";
import { command as podRun } from "../commands/pod/run/command";
import { command as podStop } from "../commands/pod/stop/command";
import { command as podUnpause } from "../commands/pod/unpause/command";
import { command as ps } from "../commands/ps/command";
import { command as rename } from "../commands/rename/command";
import { command as rm } from "../commands/rm/command";
import { command as rmi } from "../commands/rmi/command";
import { command as run } from "../commands/run/command";
import { command as stats } from "../commands/stats/command";
import { command as stop } from "../commands/stop/command";
import { command as unpause } from "../commands/unpause/command";
import { command as version } from "../commands/version/command";
import { command as wait } from "../commands/wait/command";

/** The commands, a folder of src/commands each. */
export const commandFolders: readonly Command[] = [
  command("completion", completion, () => import("../commands/completion/run")),
  command("config", config, () => import("../commands/config/run")),
  command("help", help, () => import("../commands/help/run")),
  command("images", images, () => import("../commands/images/run")),
  command("info", info, () => import("../commands/info/run")),
  command("inspect", inspect, () => import("../commands/inspect/run")),
  command("kill", kill, () => import("../commands/kill/run")),
  command("load", load, () => import("../commands/load/run")),
  command("logs", logs, () => import("../commands/logs/run")),
  command("pause", pause, () => import("../commands/pause/run")),
  command("pod inspect", podInspect, () => import("../commands/pod/inspect/run")),
  command("pod kill", podKill, () => import("../commands/pod/kill/run")),
  command("pod pause", podPause, () => import("../commands/pod/pause/run")),
  command("pod ps", podPs, () => import("../commands/pod/ps/run")),
  command("pod rm", podRm, () => import("../commands/pod/rm/run")),
  command("pod run", podRun, () => import("../commands/pod/run/run")),
  command("pod stop", podStop, () => import("../commands/pod/stop/run")),
  command("pod unpause", podUnpause, () => import("../commands/pod/unpause/run")),
  command("ps", ps, () => import("../commands/ps/run")),
  command("rename", rename, () => import("../commands/rename/run")),
  command("rm", rm, () => import("../commands/rm/run")),
  command("rmi", rmi, () => import("../commands/rmi/run")),
  command("run", run, () => import("../commands/run/run")),
  command("stats", stats, () => import("../commands/stats/run")),
  command("stop", stop, () => import("../commands/stop/run")),
  command("unpause", unpause, () => import("../commands/unpause/run")),
  command("version", version, () => import("../commands/version/run")),
  command("wait", wait, () => import("../commands/wait/run")),
];
