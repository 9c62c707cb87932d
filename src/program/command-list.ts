import { commandGroups } from "../shell/command";
import type { Command } from "./command";
import { commandFolders } from "./command-folders";

const groups = Object.keys(commandGroups);

/** Every command of kpod, group by group: parser, help, completions and manual pages are made from this list. */
export const commands: readonly Command[] = [...commandFolders].sort(
  (a, b) => groups.indexOf(a.group) - groups.indexOf(b.group) || a.order - b.order,
);
