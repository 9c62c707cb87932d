import type { Config } from "../lib/config/index";
import type { ContainerServer } from "../lib/container-server";
import type { Logger } from "../lib/logger";
import type { Completes } from "./completes";
import { flagValues, type FlagSpecs, type FlagValues, type GivenFlags } from "./flags";
import type { GlobalValues } from "./global-flags";
import type { InterruptName } from "./interrupt";
import type { Terminal } from "./terminal";

/** Under which heading of `kpod --help` a command stands. */
export type CommandGroup = "look" | "change" | "pods" | "images" | "system";

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

type Arguments<Spec extends ArgumentsSpec> = Spec extends { max: 0 }
  ? readonly []
  : Spec extends { min: 1; max: 1 }
    ? readonly [string]
    : Spec extends { min: 2; max: 2 }
      ? readonly [string, string]
      : Spec extends { min: 1 }
        ? readonly [string, ...string[]]
        : readonly string[];

/** What every command gets, whatever its flags. */
export interface BaseContext {
  readonly globals: GlobalValues;
  readonly terminal: Terminal;
  readonly logger: Logger;
  /**
   * A signal that is aborted by Ctrl-C, SIGTERM and SIGHUP, with an InterruptedError as reason. The first
   * call takes these from node, which would end kpod at once; a second Ctrl-C still does.
   */
  readonly signal: () => AbortSignal;
  /**
   * Waits for some work as long as nobody asks to end.
   *
   * @throws InterruptedError
   */
  readonly unlessInterrupted: <T>(work: Promise<T>) => Promise<T>;
  /** Hands these signals to somebody else; returns what gives them back. */
  readonly interceptSignals: (handler: (name: InterruptName) => void) => () => void;
  /** The configuration: defaults, files, global flags. */
  readonly loadConfig: () => Promise<Config>;
  /**
   * A server over the configuration, with the logger, the lock timeout and the signal of this context.
   *
   * @throws KpodError UNSUPPORTED for a command that changes something, where this is not the node's pid namespace
   */
  readonly openServer: () => Promise<ContainerServer>;
  /**
   * Prints the error of one argument as its own line while the others go on; the command then returns 1.
   *
   * @throws what ends the whole command: an interruption, a closed pipe
   */
  readonly reportFailure: (error: unknown) => void;
}

/**
 * What a command gets.
 *
 * @typeParam Flags the command's flags: `typeof psFlags`
 * @typeParam Args the arguments, as a tuple where their number is known: `readonly [string]`
 */
export interface CommandContext<
  Flags extends FlagSpecs = Readonly<Record<string, never>>,
  Args extends readonly string[] = readonly [],
> extends BaseContext {
  readonly flags: FlagValues<Flags>;
  readonly args: Args;
}

/** What a file of src/commands exports. */
export interface CommandModule<Flags extends FlagSpecs, Args extends readonly string[]> {
  /** Does the work and returns the exit code. */
  readonly run: (context: CommandContext<Flags, Args>) => Promise<number> | number;
}

/** What parser, help, completions and manual pages read of a command. */
export interface CommandDescription {
  /** The words that call the command: `["ps"]`, `["pod", "ps"]`. */
  readonly path: readonly string[];
  readonly group: CommandGroup;
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
  /** The command changes what only root may change. All others look: they write nothing, and wait for no lock long. */
  readonly needsRoot?: true | undefined;
}

/** A command of the table. */
export interface Command extends CommandDescription {
  /** Loads the command's code and runs it with the flags that were given. */
  run(base: BaseContext, given: GivenFlags, args: readonly string[]): Promise<number>;
}

/**
 * A command whose description is made, and loaded, when somebody asks for more than its name: a call reads that of
 * one command, and all of them together are longer than what a list needs.
 */
export function lazyCommand(words: string, get: () => Command): Command {
  return new LazyCommand(words.split(" "), get);
}

class LazyCommand implements Command {
  constructor(
    readonly path: readonly string[],
    private readonly get: () => Command,
  ) {}

  get group(): CommandGroup {
    return this.get().group;
  }

  get summary(): string {
    return this.get().summary;
  }

  get usage(): string {
    return this.get().usage;
  }

  get arguments(): ArgumentsSpec {
    return this.get().arguments;
  }

  get flags(): FlagSpecs {
    return this.get().flags;
  }

  get examples(): Command["examples"] {
    return this.get().examples;
  }

  get exclusive(): Command["exclusive"] {
    return this.get().exclusive;
  }

  get passThrough(): Command["passThrough"] {
    return this.get().passThrough;
  }

  get needsRoot(): Command["needsRoot"] {
    return this.get().needsRoot;
  }

  run(base: BaseContext, given: GivenFlags, args: readonly string[]): Promise<number> {
    return this.get().run(base, given, args);
  }
}

/**
 * An entry of the table. The types tie the entry to the file that does the work: it can read only the flags
 * that stand here, and as many arguments as are sure to be there.
 */
export function command<const Flags extends FlagSpecs, const Spec extends ArgumentsSpec>(
  entry: CommandDescription & {
    readonly flags: Flags;
    readonly arguments: Spec;
    /** Imports the file that does the work; called only when the command is. */
    readonly load: () => Promise<CommandModule<Flags, Arguments<Spec>>>;
  },
): Command {
  const { load, ...description } = entry;
  return {
    ...description,
    async run(base, given, args) {
      const { run } = await load();
      // The parser has counted the arguments by this same entry.
      const counted = args as Arguments<Spec>;
      return run({ ...base, flags: flagValues(entry.flags, given), args: counted });
    },
  };
}
