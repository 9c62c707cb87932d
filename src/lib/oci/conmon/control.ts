import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ifThere, orFileError } from "../../errors";
import { closing } from "../../system/files";
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
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  const fifo = orFileError(`cannot open ${path}`, () => ifThere(() => openSync(path, flags), "ENXIO"));
  if (fifo === undefined) return false;
  return closing(fifo, (fd) => {
    if (!fstatSync(fd).isFIFO()) return false;
    // None is written to one that hangs and has not read the last orders, or has just ended.
    const written = orFileError(`cannot write to ${path}`, () =>
      ifThere(() => writeSync(fd, `${order}\n`), "EAGAIN", "EPIPE"),
    );
    return written !== undefined;
  });
}
