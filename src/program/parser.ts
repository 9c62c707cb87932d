import { Command as Commander, CommanderError, Option } from "commander";
import type { Command } from "./command";
import { UnknownCommandError, UsageError } from "../shell/errors";
import type { FlagSpec, FlagSpecs, GivenValue, ParsedFlags } from "../shell/flags";
import { addValue, parsePlainFlags } from "./plain-flags";
import { readCommandLine, startsWith, type Request } from "./command-line";
import { prepareWords } from "./prepared-words";

/**
 * Reads any command line, and says what is wrong with it.
 *
 * @param argv the words after `kpod`
 * @param commands the commands there are
 * @throws UsageError for wrong usage
 * @throws UnknownCommandError when no command is called so
 */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Request {
  return readCommandLine(argv, commands, {
    flags: parseFlags,
    unknown: (path) => unknownCommand(commands, path),
  });
}

/**
 * Takes flags and arguments apart and reads the values of the flags.
 *
 * @param words what follows `kpod` or the command's name
 * @param specs the flags that are known here
 * @param options.stopAtArgument the first argument ends the flags, and everything after it is an argument
 * @throws UsageError for an unknown flag, a missing or a bad value
 */
export function parseFlags(
  words: readonly string[],
  specs: FlagSpecs,
  options: { stopAtArgument: boolean },
): ParsedFlags {
  return parsePlainFlags(words, specs, options) ?? parseByCommander(words, specs, options);
}

/** The same for words of all forms, and mistakes. */
export function parseByCommander(
  words: readonly string[],
  specs: FlagSpecs,
  options: { stopAtArgument: boolean },
): ParsedFlags {
  const prepared = prepareWords(words, specs, options.stopAtArgument);
  const given = new Map<string, GivenValue>();
  const parser = new Commander()
    .helpOption(false)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut() {}, writeErr() {}, outputError() {} })
    .argument("[words...]")
    .passThroughOptions(options.stopAtArgument)
    .action(() => {});
  for (const [long, spec] of Object.entries(specs)) parser.addOption(commanderOption(long, spec, given));
  try {
    parser.parse(prepared.words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(plainMessage(error));
    throw error;
  }
  for (const long of prepared.off) given.delete(long);
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
