import { Command as Commander, CommanderError } from "commander";
import type { Command } from "./command";
import { UnknownCommandError, UsageError } from "./errors";
import { flagValues, joinValues, type FlagSpec, type FlagSpecs, type GivenFlags } from "./flags";
import { globalFlags, type GlobalValues } from "./globals";
import { parseFlags, plainMessage } from "./parse-flags";

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

/**
 * Reads a command line. Global flags stand before and after the words of the command; after them the short
 * flags of the command go first (`-s` is the storage driver before `ps` and the size after it).
 *
 * @param argv the words after `kpod`
 * @param table the commands there are
 * @throws UsageError for wrong usage
 * @throws UnknownCommandError when no command is called so
 */
export function parseCommandLine(argv: readonly string[], table: readonly Command[]): Request {
  let path: readonly string[] = [];
  let words = argv;
  let given: GivenFlags = new Map();
  for (;;) {
    const before = inHelpOf(path, () => parseFlags(words, globalFlags, { stopAtArgument: true }));
    given = mergeGiven(given, before.given, globalFlags);
    const [word, ...rest] = before.args;
    if (given.has("version")) return { kind: "version" };
    if (word === undefined) return { kind: "help", path };
    path = [...path, word];
    words = rest;
    const command = findCommand(table, path);
    if (command !== undefined) return requestOf(command, given, words);
    if (!isFamily(table, path)) throw unknownCommand(table, path);
  }
}

/** The command that is called by exactly these words. */
export function findCommand(table: readonly Command[], path: readonly string[]): Command | undefined {
  return table.find((command) => command.path.length === path.length && startsWith(command.path, path));
}

/** True when longer commands begin with these words, as those of `pod` do. */
export function isFamily(table: readonly Command[], path: readonly string[]): boolean {
  return table.some((command) => command.path.length > path.length && startsWith(command.path, path));
}

/** The error for words that call no command, with the nearest one that there is. */
export function unknownCommand(table: readonly Command[], path: readonly string[]): UnknownCommandError {
  const parent = path.slice(0, -1);
  const siblings = table
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

/** The flags that are known after the words of a command: its own, and the global ones. */
export function flagsAfter(command: Command): FlagSpecs {
  const shorts = new Set(Object.values(command.flags).map((spec) => spec.short));
  const globals = Object.entries<FlagSpec>(globalFlags).map(([long, { short, ...spec }]) => [
    long,
    short === undefined || shorts.has(short) ? spec : { ...spec, short },
  ]);
  return { ...(Object.fromEntries(globals) as FlagSpecs), ...command.flags };
}

function requestOf(command: Command, before: GivenFlags, words: readonly string[]): Request {
  const path = command.path;
  if (before.has("help")) return { kind: "help", path };
  return inHelpOf(path, () => {
    const specs = flagsAfter(command);
    const after = parseFlags(words, specs, { stopAtArgument: command.passThrough === true });
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

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((word, index) => path[index] === word);
}
