import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, fileError, isNotFound } from "../../errors";
import type { WindowSize } from "../../system/streams";
import type { Container } from "../container";

/** The largest size that conmon takes. */
const largest = 1000;

/**
 * Gives the terminal of a container a size.
 * @returns false where no conmon is there to do it
 * @throws KpodError NOT_PERMITTED, IO
 */
export function resizeByConmon(
  container: Pick<Container, "bundlePath">,
  { rows, columns }: WindowSize,
): boolean {
  return tellConmon(container, `1 ${Math.min(rows, largest)} ${Math.min(columns, largest)}`);
}

/**
 * Writes to the FIFO by which conmon takes orders: a kind and two numbers. It holds the other end open itself, so that nobody
 * waits for it. Older conmons follow only the first of several that it reads at once.
 * @returns false where no conmon is there
 * @throws KpodError NOT_PERMITTED, IO
 */
export function tellConmon({ bundlePath }: Pick<Container, "bundlePath">, order: string): boolean {
  const path = join(bundlePath, "ctl");
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (isNotFound(error) || errnoOf(error) === "ENXIO") return false;
    throw fileError(`cannot open ${path}`, error);
  }
  try {
    if (!fstatSync(fd).isFIFO()) return false;
    writeSync(fd, `${order}\n`);
    return true;
  } catch (error) {
    // One that hangs and has not read the last orders, or has just ended.
    if (errnoOf(error) === "EAGAIN" || errnoOf(error) === "EPIPE") return false;
    throw fileError(`cannot write to ${path}`, error);
  } finally {
    closeSync(fd);
  }
}
