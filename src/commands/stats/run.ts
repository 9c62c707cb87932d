import type { CommandContext } from "../../shell/context";
import { canDrawInPlace, withLiveScreen, type LiveScreen } from "../../shell/live-screen";
import type { ContainerServer } from "../../lib/container-server";
import { selectForStats, type StatsSelection } from "../../lib/operations/stats-selection";
import { watchStats, type NamedStats } from "../../lib/operations/stats-watch";
import type { command } from "./command";
import { openStatsOutput, type StatsOutput } from "./output";
import { partsFor, sortRows } from "./rows";

type Context = CommandContext<typeof command>;

/** Seconds between two looks. */
const usualInterval = 2;

/** Milliseconds from the first look, which only reads what processors did so far, to the one that is shown. */
const firstInterval = 250;

/** `kpod stats`: shows what containers use, again and again. */
export async function run(context: Context): Promise<number> {
  const { flags, args, terminal } = context;
  const output = await openStatsOutput(flags, terminal);
  const server = await context.openServer();
  await context.unlessInterrupted(update(context, server));
  const { selection, failed } = selectForStats(server.lists, {
    ...{ names: args, all: flags.all, pods: flags.pod },
    onFailure: context.reportFailure,
  });
  // Where none of the arguments is left, there is nothing to wait for.
  if (args.length === 0 || failed < args.length) {
    const inPlace = !flags.noStream && output.lines !== undefined && canDrawInPlace(terminal);
    const watch = (screen?: LiveScreen) => showLooks(context, server, selection, output, screen);
    await (inPlace ? withLiveScreen(terminal, watch) : watch());
  }
  return failed > 0 ? 1 : 0;
}

function update({ flags }: Context, server: ContainerServer): Promise<void> {
  // Whether a pod is ready shows in the state of its infra container.
  return server.update({ infra: flags.pod });
}

/** Shows look after look, until Ctrl-C or until nothing is left of what was named. */
async function showLooks(
  context: Context,
  server: ContainerServer,
  selection: StatsSelection,
  output: StatsOutput,
  screen: LiveScreen | undefined,
): Promise<void> {
  const { flags, terminal, unlessInterrupted } = context;
  const show = (rows: readonly NamedStats[]): void => {
    if (screen === undefined || output.lines === undefined) terminal.out(output.text(rows));
    else screen.show(output.lines(rows));
  };
  const intervalMs = (flags.interval ?? usualInterval) * 1000;
  const looks = watchStats(server, selection, {
    parts: partsFor(output.fields, flags.sort),
    all: flags.all,
    intervalMs,
    firstMs:
      flags.interval !== undefined && flags.noStream ? intervalMs : Math.min(intervalMs, firstInterval),
    update: () => update(context, server),
    signal: context.signal(),
  });
  for (;;) {
    const look = await unlessInterrupted(looks.next());
    if (look.done === true) return;
    show(flags.sort === undefined ? look.value : sortRows(look.value, flags.sort));
    if (flags.noStream || output.once === true) return;
  }
}
