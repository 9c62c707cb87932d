import { setTimeout as sleep } from "node:timers/promises";
import type { StatsController } from "../cgroups/counters";
import { statsControllers } from "../cgroups/stats";
import type { ProcessCgroups } from "../cgroups/process-cgroups";
import { KpodError } from "../errors";
import type { ServerView } from "../server-parts";
import { longestTimer } from "../system/clock";
import { markContainers, sampleContainers, type StatsSample } from "./stats";
import { sumPodStats } from "./stats-pods";
import type { StatsSelection } from "./stats-selection";
import { statsHost } from "./stats-source";
import { stoppedStats, type StatsValues } from "./stats-values";

/** What is counted by one controller, or in the network namespace. */
export type StatsPart = StatsController | "network";

/** Whose stats they are: a container, or a pod with the sums over its containers. */
export interface NamedStats {
  /** Full id of the container or the pod. */
  readonly id: string;
  /** Full name of the container, name of the pod in Kubernetes. */
  readonly name: string;
  readonly podId: string;
  readonly podName: string;
  readonly podNamespace: string;
  readonly stats: StatsValues;
}

/** How stats are watched. */
export interface WatchOptions {
  /** What is wanted; nothing else is read. */
  readonly parts: ReadonlySet<StatsPart>;
  /** True for pods also those of which nothing runs, with zeros. */
  readonly all: boolean;
  /** Milliseconds between two looks. */
  readonly intervalMs: number;
  /** Milliseconds from a look that only reads what the processors did so far to the first one. */
  readonly firstMs: number;
  /** Brings the lists of the server and their states up to date before each look but the first. */
  readonly update: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Looks at what is selected again and again: for ever where nothing is named, else until nothing is left of that.
 * Containers that come and go in between are seen at the next look; one that ends during a look is left out of it.
 * @throws KpodError INTERRUPTED when the signal ends a wait; what `update` throws
 */
export async function* watchStats(
  { lists, logger }: Pick<ServerView, "lists" | "logger">,
  selection: StatsSelection,
  { parts, all, intervalMs, firstMs, update, signal }: WatchOptions,
): AsyncGenerator<readonly NamedStats[], void, undefined> {
  const host = statsHost();
  const common = { host, logger, knownCgroups: new Map<string, ProcessCgroups>() };
  const wanted = {
    controllers: statsControllers.filter((name) => parts.has(name)),
    network: parts.has("network"),
  };
  let sample: StatsSample = new Map();
  if (parts.has("cpu")) {
    // Processors are counted between two looks, so that the first one reads nothing else.
    sample = markContainers(selection.containers(), common);
    if ([...sample.values()].some(({ mark }) => mark !== undefined)) await untilNextLook(firstMs, signal);
  }
  for (;;) {
    const next = performance.now() + intervalMs;
    sample = sampleContainers(selection.containers(), { ...common, ...wanted, previous: sample });
    yield selection.ofPods
      ? podStats(selection, sample, host.memory, all)
      : statsOf(lists, selection, sample);
    await untilNextLook(next - performance.now(), signal);
    await update();
    if (selection.isOver()) return;
  }
}

async function untilNextLook(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const time = Math.min(Math.max(0, milliseconds), longestTimer);
  await sleep(time, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    throw new KpodError("INTERRUPTED", "interrupted while watching stats", { cause: error });
  });
}

function statsOf(
  lists: ServerView["lists"],
  selection: StatsSelection,
  sample: StatsSample,
): readonly NamedStats[] {
  return selection.containers().flatMap(({ id, name, sandboxId }) => {
    const stats = sample.get(id);
    if (stats === undefined) return [];
    const sandbox = lists.getSandbox(sandboxId);
    return {
      ...{ id, name, stats, podId: sandboxId },
      podName: sandbox?.kubeName ?? "",
      podNamespace: sandbox?.namespace ?? "",
    };
  });
}

function podStats(
  selection: StatsSelection,
  sample: StatsSample,
  memory: number,
  all: boolean,
): readonly NamedStats[] {
  return selection.pods().flatMap((sandbox) => {
    const { id, kubeName, namespace } = sandbox;
    const stats = sumPodStats(sandbox, sample, { memory }) ?? (all ? stoppedStats(id) : undefined);
    if (stats === undefined) return [];
    return { id, name: kubeName, stats, podId: id, podName: kubeName, podNamespace: namespace };
  });
}
