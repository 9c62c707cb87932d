/**
 * Where the library says what a caller may want to know. The library itself prints nothing: the command
 * line hands in a logger that writes to stderr, other callers what they like.
 */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  /** Something is wrong with one thing, and the rest goes on. */
  warn(message: string): void;
}

/** A logger that says nothing: the default of the library. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
};

/** Flags whose values are nobody else's to read. */
const secretFlag = /^(--?(?:\w+-)*(?:creds|password|passphrase|token))(?:=.*)?$/s;

/** The call of a program for {@link Logger.debug}, as it can be read and repeated, but for what is secret in it. */
export function callInWords(program: string, args: readonly string[]): string {
  const words = args.map((word, index) => {
    const [, flag] = secretFlag.exec(word) ?? [];
    if (flag !== undefined) return word === flag ? word : `${flag}=HIDDEN`;
    return secretFlag.test(args[index - 1] ?? "") && args[index - 1]?.includes("=") === false
      ? "HIDDEN"
      : word;
  });
  return `calling ${[program, ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))].join(" ")}`;
}

/** A logger that passes each warning on once, however often it is given. */
export function warningOnce(logger: Logger): Logger {
  const told = new Set<string>();
  return {
    debug: (message) => {
      logger.debug(message);
    },
    info: (message) => {
      logger.info(message);
    },
    warn: (message) => {
      if (told.has(message)) return;
      told.add(message);
      logger.warn(message);
    },
  };
}

const told = new WeakMap<Logger, Set<string>>();

/** Warns of what concerns a pod and each of its containers, but is to be said once. */
export function warnOnce(logger: Logger, message: string): void {
  const before = told.get(logger) ?? new Set();
  told.set(logger, before);
  if (before.has(message)) return;
  before.add(message);
  logger.warn(message);
}
