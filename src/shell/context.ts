import type { Config } from "../lib/config/index";
import type { ContainerServer } from "../lib/container-server";
import type { Logger } from "../lib/logger";
import type { ArgumentsSpec, CommandDescription } from "./command";
import type { FlagValues } from "./flags";
import type { GlobalValues } from "./global-flags";
import type { Terminal } from "./terminal";

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
  readonly interceptSignals: (handler: (name: NodeJS.Signals) => void) => () => void;
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
  /**
   * Prints the help of the command that is called by these words, of a family of commands (`["pod"]`) or of kpod (`[]`).
   *
   * @throws UnknownCommandError when no command is called so
   */
  readonly showHelp: (path: readonly string[]) => Promise<void>;
  /** The script that completes command lines in a shell; undefined for a shell that there is none for. */
  readonly completionScript: (shell: string) => Promise<string | undefined>;
}

type Arguments<Spec extends ArgumentsSpec> = Spec extends { max: 0 }
  ? readonly []
  : Spec extends { min: 1; max: 1 }
    ? readonly [string]
    : Spec extends { min: 2; max: 2 }
      ? readonly [string, string]
      : Spec extends { min: 2 }
        ? readonly [string, string, ...string[]]
        : Spec extends { min: 1 }
          ? readonly [string, ...string[]]
          : readonly string[];

/**
 * What the `run` of a command gets: `CommandContext<typeof command>`. It can read only the flags that its description
 * has, and as many arguments as are sure to be there.
 */
export interface CommandContext<Description extends CommandDescription> extends BaseContext {
  readonly flags: FlagValues<Description["flags"]>;
  readonly args: Arguments<Description["arguments"]>;
}
