import type { CommandDescription } from "../shell/command";
import type { BaseContext, CommandContext } from "../shell/context";
import { flagValues, type GivenFlags } from "../shell/flags";

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
