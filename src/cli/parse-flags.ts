import { Command, CommanderError, Option } from "commander";
import { UsageError } from "./errors";
import { joinValues, type FlagSpec, type FlagSpecs, type GivenFlags, type GivenValue } from "./flags";
import { prepareWords } from "./words";

/** A command line taken apart. */
export interface ParsedFlags {
  readonly given: GivenFlags;
  /** What is neither a flag nor the value of one. */
  readonly args: readonly string[];
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
  // Loading and building a parser takes as long as the rest of a short command; the usual call needs none before
  // the command, and often none after it.
  const plain = options.stopAtArgument ? words.slice(0, 1) : words;
  if (!plain.some((word) => word.startsWith("-"))) return { given: new Map(), args: words };
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
    const value = readValue(long, spec, text);
    given.set(long, spec.repeatable ? joinValues(given.get(long), [value]) : value);
  });
}

function readValue(long: string, spec: FlagSpec, text: string): string | number {
  const refuse = (rule: string) =>
    new UsageError(`invalid value "${text}" for --${long}: it must be ${rule}`);
  if (spec.choices !== undefined && !spec.choices.includes(text)) throw refuse(oneOf(spec.choices));
  if (spec.type === undefined || spec.type === "string") return text;
  const kind = spec.type === "integer" ? "an integer" : "a number";
  const rule = spec.minimum === undefined ? kind : `${kind} of at least ${spec.minimum}`;
  // Number() also takes "0x10", "1e999" and " 1 ".
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) throw refuse(rule);
  const value = Number(text);
  if (spec.type === "integer" && !Number.isSafeInteger(value)) throw refuse(rule);
  if (spec.minimum !== undefined && value < spec.minimum) throw refuse(rule);
  return value;
}

function oneOf(choices: readonly string[]): string {
  if (choices.length === 1) return choices.join();
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`;
}
