import { Command, CommanderError, Option } from "commander";
import { UsageError } from "./errors";
import type { FlagSpec, FlagSpecs, GivenValue, ParsedFlags } from "./flags";
import { addValue, parsePlainFlags } from "./plain-flags";
import { prepareWords } from "./words";

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
  const parser = new Command()
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

/** What commander says, in one line and without its own `error: `. */
export function plainMessage(error: CommanderError): string {
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
