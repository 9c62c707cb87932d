import type { BaseContext } from "../../shell/context";
import { canDrawInPlace, linesOf, withLiveScreen } from "../../shell/live-screen";
import { repeat } from "../../shell/repeat";

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
