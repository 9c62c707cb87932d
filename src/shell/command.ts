import type { Completes } from "./completes";
import type { FlagSpecs } from "./flags";

/** The groups of commands in their order, with their headings in `kpod --help`. */
export const commandGroups = {
  look: "Look",
  change: "Change",
  pods: "Pods",
  images: "Images",
  system: "System",
} as const;

/** Under which heading a command stands. */
export type CommandGroup = keyof typeof commandGroups;

/** How many arguments a command takes, and what they are called. */
export interface ArgumentsSpec {
  readonly min: number;
  /** Left out: any number. */
  readonly max?: number;
  /** The arguments as a usage error names them (`CONTAINER...`). */
  readonly name: string;
  /** What is said when there are too many, where the usual words do not fit. */
  readonly tooMany?: string;
  /** What a shell offers, an entry an argument; the last one is for all that follow. Left out: nothing. */
  readonly completes?: readonly Completes[];
}

/**
 * What parser, help, completions and manual pages read of a command: `command` of its `command.ts`. The words that
 * call it are the names of its folders.
 */
export interface CommandDescription {
  readonly group: CommandGroup;
  /** Its place among those of the group: the small ones come first. */
  readonly order: number;
  /** Another word that calls it, which help, completion and the list of commands do not offer. */
  readonly alias?: string | undefined;
  /** One clause, without a full stop. */
  readonly summary: string;
  /** What follows the name in the usage line: `[flags] IMAGE [COMMAND [ARG...]]`. */
  readonly usage: string;
  readonly arguments: ArgumentsSpec;
  readonly flags: FlagSpecs;
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /** Flags of which at most one may be given, and what is said otherwise. */
  readonly exclusive?: readonly { readonly flags: readonly string[]; readonly message: string }[] | undefined;
  /** Everything after the first argument belongs to it, as the command of a container does. */
  readonly passThrough?: true | undefined;
  /** It reads standard input, so that this goes along to another node. */
  readonly readsInput?: true | undefined;
  /** The exit code of a request that failed, where 1 is that of a command in a container; 1 when left out. */
  readonly failed?: number | undefined;
  /**
   * The command changes what only root may change, always or with a flag. All others look: they write nothing, and wait
   * for no lock long.
   */
  readonly needsRoot?: true | { readonly flag: string } | undefined;
}
