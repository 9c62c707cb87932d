import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "../errors";
import { resizeByConmon } from "../oci/conmon/control";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import type { WindowSize } from "../system/streams";

/** The size of a terminal, at first and later. */
export interface AttachWindow {
  /** Undefined where nobody told it its size. */
  readonly size: () => WindowSize | undefined;
  /** Tells each further size; returns what ends that. */
  readonly onResize: (listener: (size: WindowSize) => void) => () => void;
}

/**
 * Milliseconds between two orders to conmon. It may read several at once, and older ones then follow the first alone: each size
 * is also told twice, which a terminal that has it already does not notice.
 */
const between = 60;

/**
 * Gives the terminal of a container the size of another one, now and whenever that changes.
 * @param redraw has what runs in it draw itself anew, as it does where its terminal becomes another one
 * @returns ends that
 */
export function followSize(
  { logger }: Pick<ServerView, "logger">,
  container: Container,
  window: AttachWindow | undefined,
  { redraw }: { readonly redraw: boolean },
): () => void {
  if (window === undefined || !container.terminal) return () => {};
  let waiting: WindowSize[] = [];
  let telling = false;
  const tell = async (): Promise<void> => {
    telling = true;
    try {
      for (let size = waiting.shift(); size !== undefined; size = waiting.shift()) {
        if (!resizeByConmon(container, size)) break;
        await sleep(between);
      }
    } catch (error) {
      logger.warn(
        `container ${container.id.slice(0, 13)} keeps the size of its terminal: ${errorMessage(error)}`,
      );
    } finally {
      telling = false;
    }
  };
  const resize = (...sizes: WindowSize[]): void => {
    waiting = sizes;
    if (!telling) void tell();
  };
  const size = window.size();
  if (size !== undefined && size.rows > 0) {
    resize(...(redraw ? [{ ...size, rows: size.rows + 1 }] : []), size, size);
  }
  const stop = window.onResize((changed) => {
    resize(changed, changed);
  });
  return () => {
    stop();
    waiting = [];
  };
}
