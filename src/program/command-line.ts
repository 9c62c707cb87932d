import type { Command } from "./command";
import { UsageError } from "../shell/errors";
import {
  flagValues,
  joinValues,
  type FlagSpec,
  type FlagSpecs,
  type GivenFlags,
  type ParsedFlags,
} from "../shell/flags";
import { globalFlags, type GlobalValues } from "../shell/global-flags";
import { parsePlainFlags } from "./plain-flags";

/** What a command line asks for. */
export type Request =
  | { readonly kind: "version" }
  /** The help of a command, of a family of commands (`["pod"]`) or of kpod (`[]`). */
  | { readonly kind: "help"; readonly path: readonly string[] }
  | {
      readonly kind: "command";
      readonly command: Command;
      readonly given: GivenFlags;
      readonly args: readonly string[];
      readonly globals: GlobalValues;
    };

/** What takes the words of a command line apart. */
export interface Reader {
  readonly flags: (
    words: readonly string[],
    specs: FlagSpecs,
    options: { stopAtArgument: boolean },
  ) => ParsedFlags;
  /** The error for words that call no command. */
  readonly unknown: (path: readonly string[]) => Error;
}

/** Not wrong usage as yet: the parser has to tell. */
class NotPlainError extends Error {}

const plainReader: Reader = {
  flags: (...args) => {
    const parsed = parsePlainFlags(...args);
    if (parsed === undefined) throw new NotPlainError();
    return parsed;
  },
  unknown: () => new NotPlainError(),
};

/**
 * Reads a command line of the usual forms, without the parser, which takes a tenth of the time of a list to load.
 *
 * @returns undefined for all others, and for most mistakes
 * @throws UsageError for other mistakes
 */
export function parsePlainCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
): Request | undefined {
  try {
    return readCommandLine(argv, commands, plainReader);
  } catch (error) {
    if (error instanceof NotPlainError) return undefined;
    throw error;
  }
}

/**
 * Reads a command line. Global flags stand before and after the words of the command; after them the short
 * flags of the command go first (`-s` is the storage driver before `ps` and the size after it).
 *
 * @param argv the words after `kpod`
 * @param commands the commands there are
 * @param reader what takes its words apart
 * @throws UsageError for wrong usage
 * @throws UnknownCommandError when no command is called so
 */
export function readCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  reader: Reader,
): Request {
  let path: readonly string[] = [];
  let words = argv;
  let given: GivenFlags = new Map();
  for (;;) {
    const before = inHelpOf(path, () => reader.flags(words, globalFlags, { stopAtArgument: true }));
    given = mergeGiven(given, before.given, globalFlags);
    const [word, ...rest] = before.args;
    if (given.has("version")) return { kind: "version" };
    if (word === undefined) return { kind: "help", path };
    path = [...path, word];
    words = rest;
    const command = findCommand(commands, path);
    if (command !== undefined) return requestOf(command, given, words, reader);
    if (!isFamily(commands, path)) throw reader.unknown(path);
  }
}

/** The command that is called by exactly these words. */
export function findCommand(commands: readonly Command[], path: readonly string[]): Command | undefined {
  return commands.find((command) => command.path.length === path.length && startsWith(command.path, path));
}

/** True when longer commands begin with these words, as those of `pod` do. */
export function isFamily(commands: readonly Command[], path: readonly string[]): boolean {
  return commands.some((command) => command.path.length > path.length && startsWith(command.path, path));
}

/** The flags that are known after the words of a command: its own, and the global ones. */
export function flagsAfter(command: Command): FlagSpecs {
  const shorts = new Set(Object.values(command.flags).map((spec) => spec.short));
  const globals = Object.entries<FlagSpec>(globalFlags).map(([long, { short, ...spec }]) => [
    long,
    short === undefined || shorts.has(short) ? spec : { ...spec, short },
  ]);
  return { ...(Object.fromEntries(globals) as FlagSpecs), ...command.flags };
}

function requestOf(command: Command, before: GivenFlags, words: readonly string[], reader: Reader): Request {
  const path = command.path;
  if (before.has("help")) return { kind: "help", path };
  return inHelpOf(path, () => {
    const specs = flagsAfter(command);
    const after = reader.flags(words, specs, { stopAtArgument: command.passThrough === true });
    if (after.given.has("help")) return { kind: "help", path };
    if (after.given.has("version")) return { kind: "version" };
    checkExclusive(command, after.given);
    checkArguments(command, after.args);
    const globals = flagValues(globalFlags, mergeGiven(before, after.given, globalFlags));
    return { kind: "command", command, given: after.given, args: after.args, globals };
  });
}

function checkArguments({ path, arguments: spec }: Command, args: readonly string[]): void {
  const name = path.join(" ");
  if (args.length < spec.min) throw new UsageError(`too few arguments, ${name} takes ${spec.name}`);
  if (spec.max === undefined || args.length <= spec.max) return;
  const takes = spec.max === 0 ? "no arguments" : spec.name;
  throw new UsageError(spec.tooMany ?? `too many arguments, ${name} takes ${takes}`);
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
function inHelpOf<T>(path: readonly string[], step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof UsageError) error.command ??= path;
    throw error;
  }
}

/** True when the words of a command begin with these. */
export function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((word, index) => path[index] === word);
}
