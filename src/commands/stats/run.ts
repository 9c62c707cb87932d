import { pause } from "../../shell/timer";
import type { CommandContext } from "../../shell/context";
import { canDrawInPlace, withLiveScreen, type LiveScreen } from "../../shell/live-screen";
import type { Terminal } from "../../shell/terminal";
import type { ProcessCgroups } from "../../lib/cgroups/process-cgroups";
import { statsControllers } from "../../lib/cgroups/stats";
import type { ContainerServer } from "../../lib/container-server";
import { markContainers, sampleContainers, type StatsSample } from "../../lib/operations/stats";
import { sumPodStats } from "../../lib/operations/stats-pods";
import { statsHost } from "../../lib/operations/stats-source";
import { stoppedStats } from "../../lib/operations/stats-values";
import { openStatsOutput, type StatsOutput } from "./output";
import { partsFor, sortRows, type StatsPart, type StatsRow } from "./rows";
import { select, type StatsSelection } from "./selection";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** Seconds between two looks. */
const usualInterval = 2;

/** Milliseconds from the first look, which only notes what processors did so far, to the one that is shown. */
const firstInterval = 250;

/** `kpod stats`: shows what containers use, again and again. */
export async function run(context: Context): Promise<number> {
  const { flags, args, terminal } = context;
  const output = await openStatsOutput(flags, terminal);
  const server = await context.openServer();
  await update(context, server);
  const { selection, failed } = select(server.lists, context);
  // Where none of the arguments is left, there is nothing to wait for.
  if (args.length === 0 || failed < args.length) {
    const inPlace = !flags.noStream && output.lines !== undefined && canDrawInPlace(terminal);
    const parts = partsFor(output.fields, flags.sort);
    const show = (screen?: LiveScreen) =>
      watch(context, server, selection, { parts, show: shower(output, terminal, screen) });
    await (inPlace ? withLiveScreen(terminal, show) : show());
  }
  return failed > 0 ? 1 : 0;
}

function update({ flags, unlessInterrupted }: Context, server: ContainerServer): Promise<void> {
  // Whether a pod is ready shows in the state of its infra container.
  return unlessInterrupted(server.update({ infra: flags.pod }));
}

type Show = (rows: readonly StatsRow[]) => void;

function shower(output: StatsOutput, terminal: Terminal, screen: LiveScreen | undefined): Show {
  return (rows) => {
    if (screen === undefined || output.lines === undefined) terminal.out(output.text(rows));
    else screen.show(output.lines(rows));
  };
}

/** Looks, shows, waits, until Ctrl-C or until nothing is left of what was named. */
async function watch(
  context: Context,
  server: ContainerServer,
  selection: StatsSelection,
  { parts, show }: { parts: ReadonlySet<StatsPart>; show: Show },
): Promise<void> {
  const { flags, logger } = context;
  const signal = context.signal();
  const host = statsHost();
  const interval = (flags.interval ?? usualInterval) * 1000;
  const first = flags.interval !== undefined && flags.noStream ? interval : Math.min(interval, firstInterval);
  const common = { host, logger, places: new Map<string, ProcessCgroups>() };
  const look = (previous?: StatsSample): StatsSample =>
    sampleContainers(selection.containers(), {
      ...common,
      controllers: statsControllers.filter((name) => parts.has(name)),
      network: parts.has("network"),
      ...(previous === undefined ? {} : { previous }),
    });
  let sample: StatsSample | undefined;
  if (parts.has("cpu")) {
    // Processors are counted between two looks, so that the first one notes nothing else.
    sample = markContainers(selection.containers(), common);
    if ([...sample.values()].some(({ mark }) => mark !== undefined)) await pause(first, signal);
  }
  for (;;) {
    const next = performance.now() + interval;
    sample = look(sample);
    show(rowsOf(context, server, selection, sample, host.memory));
    if (flags.noStream) return;
    await pause(next - performance.now(), signal);
    await update(context, server);
    if (selection.isOver()) return;
  }
}

function rowsOf(
  { flags }: Context,
  server: ContainerServer,
  selection: StatsSelection,
  sample: StatsSample,
  memory: number,
): readonly StatsRow[] {
  const rows = flags.pod
    ? podRows(selection, sample, memory, flags.all)
    : containerRows(server, selection, sample);
  return flags.sort === undefined ? rows : sortRows(rows, flags.sort);
}

function containerRows(server: ContainerServer, selection: StatsSelection, sample: StatsSample): StatsRow[] {
  return selection.containers().flatMap(({ id, name, sandboxId }) => {
    const stats = sample.get(id);
    if (stats === undefined) return [];
    const sandbox = server.getSandbox(sandboxId);
    return {
      ...{ id, name, stats, podId: sandboxId },
      podName: sandbox?.kubeName ?? "",
      podNamespace: sandbox?.namespace ?? "",
    };
  });
}

function podRows(selection: StatsSelection, sample: StatsSample, memory: number, all: boolean): StatsRow[] {
  return selection.pods().flatMap((sandbox) => {
    const { id, kubeName, namespace } = sandbox;
    const stats = sumPodStats(sandbox, sample, { memory }) ?? (all ? stoppedStats(id) : undefined);
    if (stats === undefined) return [];
    return { id, name: kubeName, stats, podId: id, podName: kubeName, podNamespace: namespace };
  });
}
