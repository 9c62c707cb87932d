import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { errnoOf, fileError, isNotFound, KpodError, orFileError } from "../errors";
import type { Logger } from "../logger";
import { openRegularFile, closing } from "../system/files";
import { checked, libc } from "../system/libc";
import { randomBytes } from "../system/random";
import { LockBudget } from "./lock-budget";
import { findLockHolder, wholeFile, type LockHolder } from "./lock-holder";

// Commands of fcntl(2). Locks of open file descriptions share their space with the POSIX locks that
// containers/storage takes, and are not lost when this process closes another descriptor of the file.
const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** Shared with other readers, or alone. */
export type LockKind = "read" | "write";

/** How long to wait for a lock that somebody else holds, and whom to tell. */
export interface LockOptions {
  /** Milliseconds until LOCK_TIMEOUT, for this lock alone; 0 waits for ever. */
  timeoutMs: number;
  /** What several locks share; it takes the place of `timeoutMs`. */
  budget?: LockBudget | undefined;
  /** Ends the wait with INTERRUPTED; a function is called when the wait begins. */
  signal?: AbortSignal | (() => AbortSignal) | undefined;
  /** Called once when a wait has taken half a second. */
  onWait?: ((message: string) => void) | undefined;
  /** Called when a lock was had that had to be waited for. */
  onWaited?: ((message: string) => void) | undefined;
}

/** How a store, and what is built on it, waits for locks. */
export interface LockWait {
  /** Milliseconds to wait for each lock of somebody else; 0 for ever; default 30 s. */
  lockTimeoutMs?: number;
  /** How long to wait for all locks together, in place of `lockTimeoutMs`; several servers may share it. */
  lockBudget?: LockBudget | undefined;
  /** Ends waits, for example on Ctrl-C; a function is called when there is something to wait for. */
  signal?: AbortSignal | (() => AbortSignal);
}

/** The options of locks that tell a logger of their waits. */
export function lockOptionsOf(
  { lockTimeoutMs = 30_000, lockBudget, signal }: LockWait,
  logger: Logger,
): LockOptions {
  return {
    timeoutMs: lockTimeoutMs,
    budget: lockBudget,
    signal,
    onWait: (message) => {
      logger.warn(message);
    },
    onWaited: (message) => {
      logger.debug(message);
    },
  };
}

/** A signal that may be made when somebody asks for it first. */
export function signalOf(signal: AbortSignal | (() => AbortSignal) | undefined): AbortSignal | undefined {
  return typeof signal === "function" ? signal() : signal;
}

/** A lock that is held. */
export interface HeldLock {
  /**
   * Tells all others that what the lock guards has changed: writes a new last-writer id. Exactly 64 bytes,
   * since old readers take a shorter one for an error. Call it before the guarded file is replaced.
   */
  readonly touch: () => void;
  readonly release: () => void;
}

const beforeTelling = 500;

/** What file systems without locks say: NFS without lockd, FUSE and others that have none. */
const withoutLocks: ReadonlySet<string> = new Set(["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/**
 * Takes the lock on a lock file of containers/storage by its protocol: a record lock of the whole file.
 * The file is made when it is not there, but not for reading: then nobody has written yet, and looking must
 * leave no traces.
 * @throws KpodError LOCK_TIMEOUT, INTERRUPTED, UNSUPPORTED on a file system without locks; NOT_PERMITTED or IO when
 * the file cannot be opened
 */
export async function acquireLock(path: string, kind: LockKind, options: LockOptions): Promise<HeldLock> {
  const fd = openLockFile(path, kind);
  if (fd === undefined) return { touch() {}, release() {} };
  try {
    const type = kind === "read" ? F_RDLCK : F_WRLCK;
    if (!setLock(fd, path, type)) await waitForLock(fd, path, type, options);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return heldLock(fd, path);
}

/**
 * Takes the lock on a lock file for writing without any wait.
 * @param create also makes the file, which must not be there
 * @returns undefined when somebody else holds it, or has taken the file away
 * @throws the error of the operating system
 */
export function lockAtOnce(path: string, create = false): HeldLock | undefined {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | (create ? constants.O_CREAT | constants.O_EXCL : 0);
  const fd = openSync(path, flags, 0o600);
  try {
    const isSame = (): boolean => statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
    // Whoever held it before may have deleted it: then the lock says nothing.
    if (setLock(fd, path, F_WRLCK) && isSame()) return heldLock(fd, path);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

function heldLock(fd: number, path: string): HeldLock {
  let isReleased = false;
  return {
    touch: () => {
      orFileError(`cannot write the lock file ${path}`, () => {
        writeSync(fd, newLastWriterId(), 0, 64, 0);
      });
    },
    release: () => {
      if (isReleased) return;
      isReleased = true;
      // A child between fork and exec still shares the open file, so closing alone could come late.
      setLock(fd, path, F_UNLCK);
      closeSync(fd);
    },
  };
}

/** The last-writer id that stands in a lock file: 64 bytes, or none when nobody ever wrote. */
export function readLastWriterId(path: string): Buffer {
  return closing(openSync(path, "r"), (fd) => {
    const id = Buffer.alloc(64);
    return id.subarray(0, readSync(fd, id, 0, 64, 0));
  });
}

function openLockFile(path: string, kind: LockKind): number | undefined {
  try {
    return openRegularFile(
      path,
      kind === "read" ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT,
      0o644,
    ).fd;
  } catch (error) {
    if (kind === "read" && isNotFound(error)) return undefined;
    throw fileError(`cannot open the lock file ${path}`, error);
  }
}

/** Waits until a lock that somebody else holds can be had. */
function waitForLock(fd: number, path: string, type: number, options: LockOptions): Promise<void> {
  const budget = options.budget ?? new LockBudget(options.timeoutMs);
  const { clock, limitMs } = budget;
  return budget.during(async () => {
    const started = clock.now();
    let told = false;
    // Asking again and again instead of blocking in the kernel keeps Ctrl-C and the time limit working.
    for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
      const left = budget.leftMs;
      if (left <= 0) throw lockTimeout(fd, path, type, limitMs);
      if (!told && clock.now() - started >= beforeTelling) {
        told = true;
        options.onWait?.(`waiting for ${path}, locked by ${describeHolder(findLockHolder(fd, type))}`);
      }
      await clock.sleep(Math.min(pause, left), signalOf(options.signal)).catch(() => {
        throw new KpodError("INTERRUPTED", `interrupted while waiting for the lock ${path}`);
      });
      if (!setLock(fd, path, type)) continue;
      options.onWaited?.(`waited ${Math.round(clock.now() - started)} ms for ${path}`);
      return;
    }
  });
}

function lockTimeout(fd: number, path: string, type: number, limitMs: number): KpodError {
  const holder = describeHolder(findLockHolder(fd, type));
  return new KpodError("LOCK_TIMEOUT", `${path} is still locked by ${holder} after ${limitMs / 1000} s`, {
    hint: "wait for it, end it, or give a longer --lock-timeout",
  });
}

/** Tries to change the lock at once; false when somebody else's lock stands against it. */
function setLock(fd: number, path: string, type: number): boolean {
  try {
    checked("fcntl", libc().fcntl(fd, F_OFD_SETLK, wholeFile(type)));
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EAGAIN" || code === "EACCES") return false;
    throw code !== undefined && withoutLocks.has(code) ? noLocks(path, error) : error;
  }
}

function noLocks(path: string, cause: unknown): KpodError {
  return new KpodError("UNSUPPORTED", `${path} cannot be locked: its file system has no locks`, {
    hint: "mount it with locks (NFS: without nolock, and with lockd), or look at a copy",
    cause,
  });
}

function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return "another process";
  return `${holder.command === "" ? "process" : holder.command} (pid ${holder.pid})`;
}

let writes = 0n;

/** The form of containers/storage since 1.42: time, counter, pid, random bytes. Older readers only compare. */
function newLastWriterId(): Buffer {
  const id = randomBytes(64);
  id.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 0);
  id.writeBigUInt64LE(writes++, 8);
  id.writeUInt32LE(process.pid, 16);
  return id;
}
