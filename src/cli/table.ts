import type { Command } from "./command";
import { imageCommands } from "./table/images";
import { lookCommands } from "./table/look";
import { changeCommands } from "./table/change";
import { podCommands } from "./table/pods";
import { systemCommands } from "./table/system";

/** Every command of kpod: parser, help, completions and manual pages are made from this list. */
export const table: readonly Command[] = [
  ...lookCommands,
  ...changeCommands,
  ...podCommands,
  ...imageCommands,
  ...systemCommands,
];
