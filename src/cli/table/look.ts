import { inspectCommand } from "./inspect";
import { logsCommand } from "./logs";
import { psCommand } from "./ps";
import { statsCommand } from "./stats";

/** Commands that look at containers and change nothing. */
export const lookCommands = [psCommand, inspectCommand, logsCommand, statsCommand];
