import type { CommandDescription } from "../shell/command";
import type { BaseContext, CommandContext } from "../shell/context";
import type { FlagSpec, FlagSpecs } from "../shell/flags";
import { globalFlags } from "../shell/global-flags";
import { flagValues, type GivenFlags } from "./flag-values";

/** A command: what is said of it, the words that call it, and what it does. */
export interface Command extends CommandDescription {
  /** The words that call the command: `["ps"]`, `["pod", "ps"]`. */
  readonly path: readonly string[];
  /** Loads the command's code and runs it with the flags that were given. */
  run(base: BaseContext, given: GivenFlags, args: readonly string[]): Promise<number>;
}

/** What `run.ts` of a command exports. */
export interface CommandModule<Description extends CommandDescription> {
  /** Does the work and returns the exit code. */
  readonly run: (context: CommandContext<Description>) => Promise<number> | number;
}

/**
 * Ties the description of a command to the file that does the work; the types see to it that this reads the flags and
 * arguments that stand in the description.
 *
 * @param words the words that call the command: `pod ps`
 * @param load imports the file that does the work; called only when the command is
 */
export function command<Description extends CommandDescription>(
  words: string,
  description: Description,
  load: () => Promise<CommandModule<NoInfer<Description>>>,
): Command {
  return {
    ...description,
    path: words.split(" "),
    async run(base, given, args) {
      const { run } = await load();
      // The parser has counted the arguments by this same description.
      const counted = args as CommandContext<Description>["args"];
      const flags: CommandContext<Description>["flags"] = flagValues(description.flags, given);
      return run({ ...base, flags, args: counted });
    },
  };
}

/** The command that is called by exactly these words. */
export function findCommand(commands: readonly Command[], path: readonly string[]): Command | undefined {
  return commands.find(
    ({ path: words, alias }) =>
      (words.length === path.length && startsWith(words, path)) ||
      (alias !== undefined && alias === path.join(" ")),
  );
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

/** True when the words of a command begin with these. */
export function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((word, index) => path[index] === word);
}
