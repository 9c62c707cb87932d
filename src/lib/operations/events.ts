import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, KpodError, throwIfInterrupted } from "../errors";
import { openJournalReader, type JournalReader } from "../events/journal-reader";
import type { NodeEvent } from "../events/event";
import { createEventMerger } from "../events/merge";
import { pastEvents } from "../events/noted";
import type { Look } from "../events/seen";
import { warningOnce, type Logger } from "../logger";
import { hasFreezerV1 } from "../oci/state/frozen";
import type { ServerView } from "../server-parts";
import { createBell, type Bell } from "../system/bell";
import { longestTimer, monotonicNow } from "../system/clock";
import { createEventLooker, type EventLooker } from "./event-look";
import { watchEvents, type EventWatches } from "./event-watches";

/** Which events are told. */
export interface EventOptions {
  /** Tells what has happened before, too, as far as records and the journal know: since then, in milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Ends there, in milliseconds since 1970; undefined for never. */
  readonly until?: number | undefined;
  /** False ends once what has happened is told. */
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Milliseconds after a change at which is looked again, unasked: what is watched anew may have changed before, and Bun drops
 * what inotify tells within a millisecond of what it told before.
 */
const secondLook = 30;

/** Milliseconds between two looks at least: what happens together is found together. */
const shortestRest = 10;

/**
 * How much longer than the last look it is rested before the next, so that a node of a thousand containers, on which something
 * changes all the time, costs a fourth of a processor at most; and where nothing tells that it changes, a twentieth.
 */
const restOverLook = { changing: 3, unasked: 19 };

/** Milliseconds between looks where the kernel has no watches left. */
const lookWithoutWatches = 500;

/** The same for what no watch tells: that somebody is frozen by a cgroup of version 1, and that a conmon is dead. */
const lookForFrozen = 1_000;
const lookForMonitors = 5_000;

/**
 * Tells what happens to the containers, pods and images of a node, whoever does it, as it happens: by what changes on disk,
 * in the runtimes' directories and in cgroups, and by the journal of what kpod does. Nothing is written, and so any number
 * of readers can watch, each of which is told all.
 * @throws KpodError CORRUPT, IO when the records cannot be read at the beginning; INTERRUPTED when the signal is aborted
 */
export async function* nodeEvents(
  server: ServerView,
  { since, until = Infinity, follow = true, signal }: EventOptions = {},
): AsyncGenerator<NodeEvent, void, undefined> {
  const bell = createBell();
  const watches = watchEvents(bell.ring);
  const journal = openJournalReader(server.config.runRoot, server.logger);
  const looker = createEventLooker(server);
  signal?.addEventListener("abort", bell.ring);
  try {
    const noted = journal.read();
    // Before the first look, so that nothing is missed in between.
    if (follow) watches.set(looker.places());
    const first = await looker.look();
    noted.push(...journal.read());
    const past = since === undefined ? [] : pastEvents(noted, first);
    yield* past.filter(({ time }) => time >= (since ?? 0) && time <= until);
    if (!follow || until <= Date.now()) return;
    yield* follows({ server, bell, watches, journal, looker, signal, until }, first, past);
  } finally {
    signal?.removeEventListener("abort", bell.ring);
    watches.close();
    journal.close();
  }
}

interface Following {
  readonly server: ServerView;
  readonly bell: Bell;
  readonly watches: EventWatches;
  readonly journal: JournalReader;
  readonly looker: EventLooker;
  readonly signal: AbortSignal | undefined;
  readonly until: number;
}

async function* follows(
  following: Following,
  first: Look,
  past: readonly NodeEvent[],
): AsyncGenerator<NodeEvent, void, undefined> {
  const { server, bell, watches, journal, looker, signal, until } = following;
  const merger = createEventMerger(first, past);
  const logger = warningOnce(server.logger);
  let rang = true;
  let lives = hasLiving(first);
  // Milliseconds that the last look took.
  let lasted = 0;
  for (;;) {
    watches.set(looker.places());
    if (watches.exhausted()) {
      logger.warn(
        "the limits of inotify (fs.inotify.max_user_instances, max_user_watches) are used up: the node is looked at twice a second",
      );
    }
    const { events, next = Infinity } = merger.take(Date.now());
    for (const event of events) if (event.time <= until) yield event;
    throwIfInterrupted(signal, "watching events");
    const now = Date.now();
    if (now >= until) return;
    const pause = lasted * restOverLook.changing;
    const rest =
      rang || !looker.isSettled()
        ? Math.max(secondLook, pause)
        : Math.max(lookInterval(watches.exhausted(), lives), lasted * restOverLook.unasked);
    rang = await bell.rung(Math.min(rest, until - now, Math.max(0, next - now), longestTimer));
    if (rang) await restFor(Math.min(Math.max(shortestRest, pause), Math.max(0, until - Date.now())), signal);
    const begun = monotonicNow();
    // The journal first: what it has is in the look, too, and not the other way round.
    merger.addNoted(journal.read(), Date.now());
    const look = await lookOrWarn(looker, logger);
    if (look === undefined) continue;
    merger.addLook(look, journal.read(), Date.now());
    lasted = monotonicNow() - begun;
    lives = hasLiving(look);
  }
}

async function restFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}

function lookInterval(isExhausted: boolean, lives: boolean): number {
  if (isExhausted) return lookWithoutWatches;
  if (!lives) return Infinity;
  return hasFreezerV1() ? lookForFrozen : lookForMonitors;
}

function hasLiving({ things }: Look): boolean {
  return [...things.values()].some(({ type, status }) => type === "container" && status !== "stopped");
}

/** Records that cannot be read at the moment may be mended by somebody: the events of the rest go on after that. */
async function lookOrWarn(looker: EventLooker, logger: Logger): Promise<Look | undefined> {
  try {
    return await looker.look();
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    logger.warn(`events may be late: ${errorMessage(error)}`);
    return undefined;
  }
}
