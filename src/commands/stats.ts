import { setTimeout as sleep } from "node:timers/promises";
import type { CommandContext } from "../cli/command";
import { canDrawInPlace, withLiveScreen, type LiveScreen } from "../cli/live-screen";
import type { statsFlags } from "../cli/table/stats";
import { jsonLine, jsonText } from "../format/json";
import type { ContainerServer } from "../lib/container-server";
import { sampleContainers, type StatsSample } from "../lib/operations/stats";
import { sumPodStats } from "../lib/operations/stats-pods";
import { statsHost } from "../lib/operations/stats-source";
import { stoppedStats } from "../lib/operations/stats-values";
import { rowJson, sortRows, type StatsRow } from "./stats-rows";
import { select, type StatsSelection } from "./stats-selection";
import { statsTable } from "./stats-table";

type Context = CommandContext<typeof statsFlags, readonly string[]>;

/** Seconds between two looks. */
const usualInterval = 2;

/** Milliseconds from the first look, which only notes what processors did so far, to the one that is shown. */
const firstInterval = 250;

/** The longest time that a timer of node takes; it turns longer ones into no time at all. */
const longestInterval = 2 ** 31 - 1;

/** `kpod stats`: shows what containers use, again and again. */
export async function run(context: Context): Promise<number> {
  const { flags, args, terminal } = context;
  const server = await context.openServer();
  await server.update();
  const { selection, failed } = select(server, context);
  // Where none of the arguments is left, there is nothing to wait for.
  if (args.length === 0 || failed < args.length) {
    const inPlace = !flags.noStream && !wantsJson(flags) && canDrawInPlace(terminal);
    if (inPlace) await withLiveScreen(terminal, (screen) => watch(context, server, selection, screen));
    else await watch(context, server, selection);
  }
  return failed > 0 ? 1 : 0;
}

/** Looks, shows, waits, until Ctrl-C or until nothing is left of what was named. */
async function watch(
  context: Context,
  server: ContainerServer,
  selection: StatsSelection,
  screen?: LiveScreen,
): Promise<void> {
  const { flags, logger } = context;
  const signal = context.signal();
  const host = statsHost();
  const interval = (flags.interval ?? usualInterval) * 1000;
  const first = flags.interval !== undefined && flags.noStream ? interval : Math.min(interval, firstInterval);
  // Processors are counted between two looks, so that the first one notes nothing else.
  let previous: StatsSample = sampleContainers(selection.containers(), {
    host,
    logger,
    controllers: ["cpu"],
    network: false,
  });
  await pause(first, signal);
  for (;;) {
    const next = performance.now() + interval;
    const sample = sampleContainers(selection.containers(), { host, logger, previous });
    previous = sample;
    show(context, rowsOf(context, server, selection, sample, host.memory), screen);
    if (flags.noStream) return;
    await pause(next - performance.now(), signal);
    await server.update();
    if (selection.isOver()) return;
  }
}

/** Waits. @throws the reason of the signal when it ends the wait */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const time = Math.min(Math.max(0, milliseconds), longestInterval);
  try {
    await sleep(time, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
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

function show({ flags, terminal }: Context, rows: readonly StatsRow[], screen?: LiveScreen): void {
  const style = { pod: flags.pod, noTrunc: flags.noTrunc };
  if (wantsJson(flags)) {
    const objects = rows.map((row) => rowJson(row, style));
    terminal.out(flags.noStream ? jsonText(objects) : jsonLine(objects));
  } else if (screen === undefined) {
    terminal.out(statsTable(rows, style));
  } else {
    screen.show(({ columns }) => statsTable(rows, style, columns).trimEnd().split("\n"));
  }
}

function wantsJson({ json, format }: Context["flags"]): boolean {
  return json || format === "json";
}
