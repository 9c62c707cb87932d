/*
 * The socket at which a conmon hands on the streams of its container. Node has no sockets of this kind: it is made by the
 * C library, and read and written as a file, which the engine does beside its main thread.
 */
import { closeSync, constants, openSync, read, write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, ifThere, KpodError } from "../../errors";
import { O_PATH } from "../../system/files";
import { checked, libc, systemError } from "../../system/libc";
import { pathOfDescriptor } from "../../system/open-in-root";
import { waitUntil } from "../../system/wait-until";
import type { Container } from "../container";

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SHUT_WR = 1;
const SHUT_RDWR = 2;

/** Of ioctl(2): whether who uses a descriptor goes on at once. It has another number on the architectures of BSD's. */
const FIONBIO = ["ppc64", "ppc", "mips", "mipsel"].includes(process.arch) ? 0x8004667e : 0x5421;

/** Bytes of a packet from conmon: the number of the stream, and what conmon reads at once. */
const largestPacket = 1 + 8192;

/** Bytes of a packet to conmon; of a larger one old versions lose the end. */
const largestInput = 8192;

/** Milliseconds that conmon has to take a connection when many wait for theirs. */
const connectTimeLimit = 10_000;

/** Milliseconds between the tries of a connection that does not wait beside the main thread. */
const tryInterval = 10;

/** What a container has written, as conmon read it; the bytes are whoever's gets them. */
export interface OutputPacket {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Buffer;
}

/** A connection to a conmon. Reading and writing are separate; of each one call at a time. */
export interface AttachSocket {
  /** What comes next; undefined once conmon has closed it. */
  readonly read: () => Promise<OutputPacket | undefined>;
  /** Hands on input. @returns false once conmon takes no more */
  readonly write: (bytes: Uint8Array) => Promise<boolean>;
  /** Says that no more input comes, upon which conmon closes that of the container, where it is made so. */
  readonly endInput: () => void;
  /** Ends reading and writing, and closes it. */
  readonly close: () => Promise<void>;
}

/**
 * Connects to the conmon of a container.
 * @returns undefined where no conmon listens
 * @throws KpodError CONMON_FAILED when it does not take the connection; INTERRUPTED, and the error of the operating system
 */
export async function connectToConmon(
  container: Pick<Container, "id" | "bundlePath">,
  signal?: AbortSignal,
): Promise<AttachSocket | undefined> {
  const fd = checked("socket", libc().socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "unix");
  try {
    setNonBlocking(fd, true);
    if (!(await connect(fd, container, signal))) {
      closeSync(fd);
      return undefined;
    }
    const waits = !isWaiting;
    if (waits) setNonBlocking(fd, false);
    return attachSocket(fd, waits);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * True while a connection waits beside the main thread for what it reads. There are four such places, which all work on
 * files needs, too: the connections of who attaches to several containers at once try again and again.
 */
let isWaiting = false;

function setNonBlocking(fd: number, on: boolean): void {
  checked(
    "ioctl",
    libc().ioctl(fd, FIONBIO, Buffer.from(new Int32Array([Number(on)]).buffer)),
    "attach socket",
  );
}

async function connect(
  fd: number,
  { id, bundlePath }: Pick<Container, "id" | "bundlePath">,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const bundle = ifThere(() => openSync(bundlePath, O_PATH | constants.O_DIRECTORY));
  if (bundle === undefined) return false;
  try {
    // A path of any length. conmon's own link to the bundle may be gone, as when CRI-O's runtime directory was emptied.
    const address = unixAddress(`${pathOfDescriptor(bundle)}/attach`);
    let errno: string | undefined;
    const isSettled = (): boolean => {
      errno = undefined;
      if (libc().connect(fd, address, address.length) === -1) {
        const error = systemError("connect", libc().errno(), "attach");
        errno = errnoOf(error);
        if (!["EAGAIN", "EINTR", "ENOENT", "ECONNREFUSED", "ENOTDIR"].includes(errno ?? "")) throw error;
      }
      return errno !== "EAGAIN" && errno !== "EINTR";
    };
    const limits = { timeoutMs: connectTimeLimit, signal };
    if (await waitUntil(`the conmon of container ${id}`, isSettled, limits)) return errno === undefined;
    throw new KpodError("CONMON_FAILED", `the conmon of container ${id} does not take connections: it hangs`);
  } finally {
    closeSync(bundle);
  }
}

/** A `struct sockaddr_un`: the family in the byte order of the machine, and the path. */
function unixAddress(path: string): Buffer {
  const family = Buffer.from(new Uint16Array([AF_UNIX]).buffer);
  return Buffer.concat([family, Buffer.from(`${path}\0`)]);
}

function attachSocket(fd: number, waits: boolean): AttachSocket {
  if (waits) isWaiting = true;
  const buffer = Buffer.alloc(largestPacket);
  const pending = new Set<Promise<unknown>>();
  let closed = false;
  const track = async <T>(work: Promise<T>): Promise<T> => {
    pending.add(work);
    try {
      return await work;
    } finally {
      pending.delete(work);
    }
  };
  return {
    async read() {
      for (;;) {
        if (closed) return undefined;
        const length = await track(readPacket(fd, buffer));
        if (length === undefined) {
          await sleep(tryInterval);
          continue;
        }
        if (length === 0) return undefined;
        const stream = streams[buffer[0] ?? 0];
        // Others than these no conmon sends.
        if (stream !== undefined) return { stream, bytes: Buffer.from(buffer.subarray(1, length)) };
      }
    },
    async write(bytes) {
      for (let start = 0; start < bytes.length; start += largestInput) {
        const packet = bytes.subarray(start, start + largestInput);
        let taken: boolean | undefined;
        while (taken === undefined) {
          if (closed) return false;
          taken = await track(writePacket(fd, packet));
          if (taken === undefined) await sleep(tryInterval);
        }
        if (!taken) return false;
      }
      return true;
    },
    endInput() {
      // One that conmon has closed already has no half to close.
      if (!closed) libc().shutdown(fd, SHUT_WR);
    },
    async close() {
      if (closed) return;
      closed = true;
      // Wakes whoever still reads or writes, before somebody else gets the descriptor.
      libc().shutdown(fd, SHUT_RDWR);
      await Promise.allSettled([...pending]);
      closeSync(fd);
      if (waits) isWaiting = false;
    },
  };
}

/** By the number with which conmon begins a packet. */
const streams: Readonly<Record<number, OutputPacket["stream"]>> = { 2: "stdout", 3: "stderr" };

/** @returns undefined where nothing has come yet, and the connection does not wait */
function readPacket(fd: number, buffer: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error === null) resolve(length);
      else if (errnoOf(error) === "EINTR") resolve(readPacket(fd, buffer));
      else if (errnoOf(error) === "EAGAIN") resolve(undefined);
      // One that was killed with input unread.
      else if (errnoOf(error) === "ECONNRESET") resolve(0);
      else reject(error);
    });
  });
}

/** @returns false when nobody takes it any more; undefined where it cannot be taken yet, and the connection does not wait */
function writePacket(fd: number, packet: Uint8Array): Promise<boolean | undefined> {
  return new Promise((resolve, reject) => {
    write(fd, packet, 0, packet.length, null, (error) => {
      if (error === null) resolve(true);
      else if (errnoOf(error) === "EINTR") resolve(writePacket(fd, packet));
      else if (errnoOf(error) === "EAGAIN") resolve(undefined);
      else if (["EPIPE", "ECONNRESET", "ENOTCONN"].includes(errnoOf(error) ?? "")) resolve(false);
      else reject(error);
    });
  });
}
