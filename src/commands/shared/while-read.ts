import { isHungUp } from "../../lib/system/streams";
import { ClosedPipeError } from "../../shell/errors";

/** Milliseconds between looks whether somebody still reads: only a write would tell, and none may ever come. */
const lookInterval = 1_000;

/**
 * Waits for work that may write nothing for a long time, for as long as somebody reads standard output.
 * @throws ClosedPipeError when nobody does any more
 */
export async function whileRead<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const unread = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (isHungUp(1)) reject(new ClosedPipeError("nobody reads standard output"));
    }, lookInterval);
  });
  try {
    return await Promise.race([work, unread]);
  } finally {
    clearInterval(timer);
  }
}
