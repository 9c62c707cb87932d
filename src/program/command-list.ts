import type { CommandGroup } from "../shell/command";
import type { Command } from "./command";
import { commandFolders } from "./command-folders";

const groups: readonly CommandGroup[] = ["look", "change", "pods", "images", "system"];

/** Every command of kpod, group by group: parser, help, completions and manual pages are made from this list. */
export const table: readonly Command[] = [...commandFolders].sort(
  (a, b) => groups.indexOf(a.group) - groups.indexOf(b.group) || a.order - b.order,
);
