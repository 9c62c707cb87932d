import { UsageError } from "../shell/errors";
import type { FlagSpecs } from "../shell/flags";
import { globalFlags, type GlobalValues } from "../shell/global-flags";
import { findCommand, flagsAfter, isFamily, type Command } from "./command";
import { flagValues, joinValues, type GivenFlags, type GivenValue, type ParsedFlags } from "./flag-values";
import { looksLikeFlag } from "./normalize-flags";

/** What a command line asks for. */
export type Request =
  | { readonly kind: "version" }
  /** Another node is to answer these words. */
  | {
      readonly kind: "remote";
      readonly node: string;
      readonly words: readonly string[];
      /** The command, where this kpod knows it: the one over there may know others. */
      readonly command: Command | undefined;
      readonly logLevel: GlobalValues["logLevel"];
    }
  /** The help of a command, of a family of commands (`["pod"]`) or of kpod (`[]`). */
  | { readonly kind: "help"; readonly path: readonly string[] }
  | {
      readonly kind: "command";
      readonly command: Command;
      readonly given: GivenFlags;
      readonly args: readonly string[];
      readonly globals: GlobalValues;
    };

/**
 * Reads a command line. Global flags stand before and after the words of the command; after them the short
 * flags of the command go first (`-s` is the storage driver before `ps` and the size after it).
 *
 * @param argv the words after `kpod`
 * @param commands the commands there are
 * @throws UsageError for wrong usage
 * @throws UnknownCommandError when no command is called so
 */
export async function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
): Promise<Request> {
  let path: readonly string[] = [];
  let words = argv;
  let given: GivenFlags = new Map();
  for (;;) {
    const before = await inHelpOf(path, () => parseFlags(words, () => globalFlags, { stopAtArgument: true }));
    given = mergeGiven(given, before.given, globalFlags);
    const [word, ...rest] = before.args;
    if (given.has("host") && (word !== undefined || given.has("version")))
      return remoteRequest(given, [...path, ...before.args], commands);
    if (given.has("version")) return { kind: "version" };
    if (word === undefined) return { kind: "help", path };
    path = [...path, word];
    words = rest;
    const command = findCommand(commands, path);
    const goesOn = words[0] !== undefined && findCommand(commands, [...path, words[0]]) !== undefined;
    if (command !== undefined && !goesOn) return requestOf(command, given, words);
    if (command === undefined && !isFamily(commands, path)) {
      const { unknownCommand } = await import("./parser");
      throw unknownCommand(commands, path);
    }
  }
}

/** The words go on as they are, the global flags before them. */
function remoteRequest(given: GivenFlags, words: readonly string[], commands: readonly Command[]): Request {
  const lengths = words.map((_, index) => words.length - index);
  const command = lengths.flatMap((length) => findCommand(commands, words.slice(0, length)) ?? [])[0];
  return { kind: "remote", ...remoteOf(given), words: [...wordsOf(given), ...words], command };
}

/** The same where the flag stood behind the command, so that its words have been taken apart. */
function remoteCommand(command: Command, given: GivenFlags, after: ParsedFlags): Request {
  const ends = command.passThrough !== true && after.args.some(looksLikeFlag) ? ["--"] : [];
  const own = new Map([...after.given].filter(([long]) => !Object.hasOwn(globalFlags, long)));
  const words = [...wordsOf(given), ...command.path, ...wordsOf(own), ...ends, ...after.args];
  return { kind: "remote", ...remoteOf(given), words, command };
}

function remoteOf(given: GivenFlags): { node: string; logLevel: GlobalValues["logLevel"] } {
  const { host = "", logLevel } = flagValues(globalFlags, given);
  return { node: host, logLevel };
}

function wordsOf(given: GivenFlags): readonly string[] {
  return [...given].filter(([long]) => long !== "host").flatMap(([long, value]) => flagWords(long, value));
}

function flagWords(long: string, value: GivenValue): readonly string[] {
  if (typeof value === "object") return value.map((one) => `--${long}=${one}`);
  return [value === true ? `--${long}` : `--${long}=${value}`];
}

async function requestOf(command: Command, before: GivenFlags, words: readonly string[]): Promise<Request> {
  const path = command.path;
  if (before.has("help")) return { kind: "help", path };
  return inHelpOf(path, async () => {
    const options = { stopAtArgument: command.passThrough === true };
    const after = await parseFlags(words, () => flagsAfter(command), options);
    if (after.given.has("help")) return { kind: "help", path };
    if (after.given.has("version")) return { kind: "version" };
    checkExclusive(command, after.given);
    checkArguments(command, after.args);
    const merged = mergeGiven(before, after.given, globalFlags);
    if (merged.has("host")) return remoteCommand(command, merged, after);
    const globals = flagValues(globalFlags, merged);
    return { kind: "command", command, given: after.given, args: after.args, globals };
  });
}

/** Takes words apart. Where no flag stands among them there is nothing to load commander for. */
async function parseFlags(
  words: readonly string[],
  specs: () => FlagSpecs,
  options: { stopAtArgument: boolean },
): Promise<ParsedFlags> {
  const first = words.findIndex(looksLikeFlag);
  if (first < 0 || (first > 0 && options.stopAtArgument)) return { given: new Map(), args: words };
  const parser = await import("./parser");
  return parser.parseFlags(words, specs(), options);
}

function checkArguments({ path, arguments: spec }: Command, args: readonly string[]): void {
  const name = path.join(" ");
  if (args.length < spec.min) throw new UsageError(`too few arguments, ${name} takes ${spec.name}`);
  if (spec.max !== undefined && args.length > spec.max) {
    const takes = spec.max === 0 ? "no arguments" : spec.name;
    throw new UsageError(spec.tooMany ?? `too many arguments, ${name} takes ${takes}`);
  }
  const { completes = [] } = spec;
  // As where the variable of a script is empty. What completes to nothing may be any text.
  const isEmpty = (arg: string, index: number) =>
    arg === "" && (completes[index] ?? completes.at(-1) ?? "nothing") !== "nothing";
  if (args.some(isEmpty)) throw new UsageError(`an empty argument names nothing, ${name} takes ${spec.name}`);
}

function checkExclusive(command: Command, given: GivenFlags): void {
  for (const { flags, message } of command.exclusive ?? []) {
    if (flags.filter((flag) => given.has(flag)).length > 1) throw new UsageError(message);
  }
}

/** Flags of two places of a command line: the later ones win, lists are joined. */
function mergeGiven(before: GivenFlags, after: GivenFlags, known: FlagSpecs): GivenFlags {
  const merged = new Map(before);
  for (const [long, value] of after) {
    if (!Object.hasOwn(known, long)) continue;
    merged.set(long, joinValues(before.get(long), value));
  }
  return merged;
}

/** Runs a step of the parser; wrong usage in it points to the help of this command. */
async function inHelpOf<T>(path: readonly string[], step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof UsageError) error.command ??= path;
    throw error;
  }
}
