import { setTimeout as sleep } from "node:timers/promises";
import { longestTimer } from "../../lib/system/clock";
import type { BaseContext } from "../../shell/context";
import { canDrawInPlace, linesOf, withLiveScreen } from "../../shell/live-screen";

/**
 * Shows a list again every so many seconds, until Ctrl-C: in place where it is one to look at.
 * @param list makes it anew
 * @throws InterruptedError on Ctrl-C, which alone ends it
 */
export async function watchList(
  context: Pick<BaseContext, "signal" | "unlessInterrupted" | "terminal">,
  seconds: number,
  { drawable, list }: { readonly drawable: boolean; readonly list: () => Promise<string> },
): Promise<void> {
  const { terminal } = context;
  if (!drawable || !canDrawInPlace(terminal)) {
    return repeat(context, seconds, async () => {
      terminal.out(await list());
    });
  }
  await withLiveScreen(terminal, (screen) =>
    repeat(context, seconds, async () => {
      const lines = linesOf(await list());
      screen.show(() => lines);
    }),
  );
}

/**
 * Does something again and again, each time so many seconds after it was begun the time before.
 * @throws InterruptedError on Ctrl-C, which alone ends it
 */
async function repeat(
  { signal: interrupted, unlessInterrupted }: Pick<BaseContext, "signal" | "unlessInterrupted">,
  seconds: number,
  action: () => Promise<void>,
): Promise<never> {
  const signal = interrupted();
  for (;;) {
    const next = performance.now() + seconds * 1000;
    await unlessInterrupted(action());
    const rest = Math.min(Math.max(0, next - performance.now()), longestTimer);
    await sleep(rest, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}
