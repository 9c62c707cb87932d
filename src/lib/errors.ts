import { constants } from "node:os";

/** What kind of failure an error is; tests and callers tell errors apart by it, never by the text. */
export type ErrorCode =
  | "AMBIGUOUS" // an id prefix or a short name fits several things
  | "BAD_ARGUMENT" // a value handed in cannot be used
  | "BAD_CONFIG" // a configuration file cannot be read, parsed or used
  | "BAD_STATE" // the container or pod is not in the state the request needs
  | "COMMAND_NOT_EXECUTABLE" // the container has the program, and it cannot be executed
  | "COMMAND_NOT_FOUND" // the container has no such program
  | "CONFLICT" // a name is taken
  | "CONMON_FAILED" // conmon is missing, died or reported a failure
  | "CORRUPT" // a file on disk does not hold what it must
  | "INTERRUPTED" // the caller's signal (Ctrl-C) ended a wait
  | "IO" // the operating system refused
  | "LOCK_TIMEOUT" // somebody else held a lock for too long
  | "NETWORK_FAILED" // a CNI plugin is missing, reported a failure or did not end in time
  | "NOT_FOUND" // no such container, pod, image, file
  | "NOT_PERMITTED" // needs root or a writable store
  | "RUNTIME_FAILED" // the OCI runtime is missing or reported a failure
  | "RUNTIME_TIMEOUT" // the OCI runtime did not answer in time
  | "UNSUPPORTED"; // this store, driver or kernel cannot do it

/** How a failure is described beyond its message. */
export interface ErrorDetails {
  /** What the user can do about it, one clause without a full stop. */
  hint?: string | undefined;
  /** The error underneath, kept for `--log-level debug`. */
  cause?: unknown;
}

/**
 * Every failure that libkpod foresees. The message is one line that names the thing and the cause;
 * the hint, where there is one, names the remedy.
 */
export class KpodError extends Error {
  /** What kind of failure it is, for programs. */
  readonly code: ErrorCode;
  /** The remedy, where there is one. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "KpodError";
    this.code = code;
    this.hint = details.hint;
  }
}

/** The text of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name (`ENOENT`, …) of an error of the operating system, undefined for all others. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string" && error.code !== "") return error.code;
  // Newer versions of node leave the name out of some.
  if (!("errno" in error) || typeof error.errno !== "number" || error.errno === 0) return undefined;
  return errnoName(Math.abs(error.errno));
}

let errnoNames: ReadonlyMap<number, string> | undefined;

/** The name of an errno, undefined where the engine has none. That of node:util takes its time to load. */
export function errnoName(errno: number): string | undefined {
  // Of several names of one number the first counts, as in libuv: EAGAIN before EWOULDBLOCK.
  errnoNames ??= new Map(
    Object.entries(constants.errno)
      .reverse()
      .map(([name, number]) => [number, name]),
  );
  return errnoNames.get(errno);
}

/** True when a file or directory was not there. */
export function isNotFound(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOENT" || errno === "ENOTDIR";
}

/**
 * What a look at the file system finds, undefined where there is nothing.
 * @param also the names of the further errors that say so
 */
export function ifThere<T>(look: () => T, ...also: readonly string[]): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isNotFound(error) || also.includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** What a look finds; where a KpodError ends it, the value that stands for it. */
export function tolerate<T, U>(otherwise: U, look: () => T): T | U {
  try {
    return look();
  } catch (error) {
    if (error instanceof KpodError) return otherwise;
    throw error;
  }
}

/** What the C library says of the errors that users meet; what an engine says of them has the path once more. */
const errnoWords: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EBUSY", "device or resource busy"],
  ["EDQUOT", "disk quota exceeded"],
  ["EEXIST", "file exists"],
  ["EFBIG", "file too large"],
  ["EINVAL", "invalid argument"],
  ["EIO", "input/output error"],
  ["EISDIR", "is a directory"],
  ["ELOOP", "too many levels of symbolic links"],
  ["EMFILE", "too many open files"],
  ["ENAMETOOLONG", "file name too long"],
  ["ENFILE", "too many open files in system"],
  ["ENODEV", "no such device"],
  ["ENOENT", "no such file or directory"],
  ["ENOMEM", "cannot allocate memory"],
  ["ENOSPC", "no space left on device"],
  ["ENOTDIR", "not a directory"],
  ["ENOTEMPTY", "directory not empty"],
  ["ENOTSUP", "operation not supported"],
  ["ENXIO", "no such device or address"],
  ["EOPNOTSUPP", "operation not supported"],
  ["EPERM", "operation not permitted"],
  ["EROFS", "read-only file system"],
  ["ESTALE", "stale file handle"],
  ["ETXTBSY", "text file busy"],
]);

/** Words for the errors of the operating system that users meet; the message of the error for the rest. */
export function describeErrno(error: unknown): string {
  return errnoWords.get(errnoOf(error) ?? "") ?? errorMessage(error);
}

/**
 * The error for a file that the operating system refuses: NOT_PERMITTED with the way out where a right is
 * missing, else IO. What is a KpodError already says what is wrong with the file, and stays.
 * @param what what was tried, with the path: `cannot read /path`
 */
export function fileError(what: string, error: unknown): KpodError {
  if (error instanceof KpodError) return error;
  const code = errnoOf(error);
  const message = `${what}: ${describeErrno(error)}`;
  if (code === "EACCES" || code === "EPERM") {
    return new KpodError("NOT_PERMITTED", message, { hint: permissionHint(), cause: error });
  }
  return new KpodError("IO", message, { cause: error });
}

/** Does what the operating system may refuse. @param what see `fileError` @throws KpodError as `fileError` says */
export function orFileError<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw fileError(what, error);
  }
}

/** @param doing what the signal is to end: `reading a log` @throws KpodError INTERRUPTED when the signal is aborted */
export function throwIfInterrupted(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted !== true) return;
  throw new KpodError("INTERRUPTED", `interrupted while ${doing}`, { cause: signal.reason });
}

/** What can be done where a right is missing. Root has all of them but where something else stands against it. */
function permissionHint(): string {
  if (process.geteuid?.() !== 0) return "run kpod as root";
  return "root is refused too: look for an immutable file (lsattr), SELinux or AppArmor, NFS or a user namespace";
}

/**
 * The exit code of what runs a command in a container where that is not the command's own, as docker and podman have it:
 * 127 for a program that is not there, 126 for one that cannot be executed, 125 for everything else.
 */
export function launchExitCode(error: unknown): number {
  const code = error instanceof KpodError ? error.code : undefined;
  if (code === "COMMAND_NOT_FOUND") return 127;
  return code === "COMMAND_NOT_EXECUTABLE" ? 126 : 125;
}
