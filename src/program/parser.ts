import { Command as Commander, CommanderError, Option } from "commander";
import { UnknownCommandError, UsageError } from "../shell/errors";
import type { FlagSpec, FlagSpecs } from "../shell/flags";
import { startsWith, type Command } from "./command";
import { addValue, type GivenValue, type ParsedFlags } from "./flag-values";
import { normalizeFlags } from "./normalize-flags";

/**
 * Takes flags and arguments apart and reads the values of the flags.
 *
 * @param words what follows `kpod` or the command's name
 * @param specs the flags that are known here
 * @param stopAtArgument the first argument ends the flags, and everything after it is an argument
 * @throws UsageError for an unknown flag, a missing or a bad value
 */
export function parseFlags(
  words: readonly string[],
  specs: FlagSpecs,
  { stopAtArgument }: { stopAtArgument: boolean },
): ParsedFlags {
  const normalized = normalizeFlags(words, specs, stopAtArgument);
  const given = new Map<string, GivenValue>();
  const parser = new Commander()
    .helpOption(false)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut() {}, writeErr() {}, outputError() {} })
    .argument("[words...]")
    .passThroughOptions(stopAtArgument)
    .action(() => {});
  for (const [long, spec] of Object.entries(specs)) parser.addOption(commanderOption(long, spec, given));
  try {
    parser.parse(normalized.words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(plainMessage(error));
    throw error;
  }
  for (const long of normalized.off) {
    if (specs[long]?.default === true) given.set(long, false);
    else given.delete(long);
  }
  return { given, args: parser.args };
}

/** The error for words that call no command, with the nearest one that there is. */
export function unknownCommand(commands: readonly Command[], path: readonly string[]): UnknownCommandError {
  const parent = path.slice(0, -1);
  const siblings = commands
    .filter((command) => startsWith(command.path, parent))
    .flatMap((command) => command.path[parent.length] ?? []);
  const parser = new Commander()
    .helpOption(false)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError() {} });
  for (const name of new Set(siblings)) parser.command(name);
  try {
    parser.parse(["--", ...path.slice(-1)], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return new UnknownCommandError(plainMessage(error), parent);
  }
  throw new Error(`${path.join(" ")} is a command`);
}

/** What commander says, in one line and without its own `error: `. */
function plainMessage(error: CommanderError): string {
  return error.message.replace(/^error: /, "").replace(/\n\(Did you mean /, " (did you mean ");
}

function commanderOption(long: string, spec: FlagSpec, given: Map<string, GivenValue>): Option {
  if (spec.argument === undefined) {
    return new Option(`--${long}`).argParser(() => {
      given.set(long, true);
    });
  }
  return new Option(`--${long} <${spec.argument}>`).argParser((text) => {
    addValue(given, long, spec, text);
  });
}
