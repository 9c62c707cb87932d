/*
 * From two looks at a container, a pod or an image to what happened in between. What came and went unseen is told as far as
 * the later look knows of it: one that is found stopped was created and started before.
 */
import type { EventStatus, NodeEvent } from "./event";
import type { Seen, SeenImage, SeenStatus } from "./seen";

/**
 * What happened to a container or a pod between two looks.
 * @param before undefined where it was not there, or still being made
 * @param after undefined where it is not there any more
 * @param time of the later look, in milliseconds since 1970: of what has no time of its own
 */
export function changesOf(before: Seen | undefined, after: Seen | undefined, time: number): NodeEvent[] {
  const seen = after ?? before;
  if (seen === undefined) return [];
  const events = eventList(seen, time);
  if (after === undefined) {
    if (before !== undefined && lives(before)) events.add(diedOf(before));
    if (before !== undefined) events.add("remove");
    return events.list;
  }
  if (before === undefined) events.add("create", { time: after.created });
  else if (isRenamed(before, after)) events.add("rename", { attributes: { oldName: before.name } });
  const same = addRuns(events, before, after);
  const frozenBefore = same && before?.status === "paused";
  if (after.status === "paused" && !frozenBefore) events.add("pause");
  if (frozenBefore && (after.status === "running" || after.status === "created")) events.add("unpause");
  if (lives(after) && after.deadMonitor > 0 && !(same && before?.deadMonitor === after.deadMonitor))
    events.add("conmon_died", { attributes: { pid: String(after.deadMonitor) } });
  return events.list;
}

/**
 * What is known at a look, with what an earlier one knew and this one cannot tell.
 * @param time of the look: what is found running before its start is persisted was started by then
 */
export function withMemory(before: Seen | undefined, after: Seen, time: number): Seen {
  const isUnknown = after.status === "unknown" || (after.status === "creating" && before !== undefined);
  const status = isUnknown ? (before === undefined ? after.status : lastKnown(before, after)) : after.status;
  const begun = status === "running" ? time : undefined;
  // What is found stopped before its end is persisted had ended by then.
  const ended = status === "stopped" ? time : undefined;
  if (before === undefined)
    return { ...after, status, started: after.started ?? begun, finished: after.finished ?? ended };
  const same = isSameRun(before, after);
  const keepsEnd = status === "created" || (status === "stopped" && before.status === "stopped");
  return {
    ...after,
    status,
    pid: after.pid === 0 && same ? before.pid : after.pid,
    started: after.started ?? (same ? before.started : undefined) ?? begun,
    // Of one that was created anew, the end of the run before.
    finished: after.finished ?? (keepsEnd ? before.finished : undefined) ?? ended,
    ooms: same ? Math.max(before.ooms, after.ooms) : after.ooms,
    // What is dead stays dead, also where a look could not tell.
    deadMonitor: same && isUnknown ? before.deadMonitor : after.deadMonitor,
  };
}

/** What one was whose state cannot be told now; it runs where it was started since, though nobody has seen that. */
function lastKnown(before: Seen, { started = -1 }: Seen): SeenStatus {
  const isWaiting = before.status === "created" || before.status === "stopped";
  return isWaiting && started > (before.finished ?? -1) ? "running" : before.status;
}

/** True for one that is there to be told of. */
export function isMade({ status }: Seen): boolean {
  return status !== "creating" && status !== "unknown";
}

interface EventList {
  readonly list: NodeEvent[];
  add(what: EventStatus | Told, more?: Partial<NodeEvent>): void;
}

type Told = Partial<NodeEvent> & { readonly status: EventStatus };

function eventList(seen: Seen, time: number): EventList {
  const { type, id, name, image, podId, labels } = seen;
  const list: NodeEvent[] = [];
  return {
    list,
    add(what, more = {}) {
      const told = typeof what === "string" ? { status: what } : what;
      const event = { time, type, id, name, image, podId, labels, attributes: {}, ...told, ...more };
      // What follows is never before what went before, whatever the clocks of files say.
      list.push({ ...event, time: Math.max(event.time, list.at(-1)?.time ?? 0) });
    },
  };
}

/**
 * Adds what became of its runs: a run that both looks found under way, those that ended, those that were begun.
 * @returns whether it is the same run still
 */
function addRuns(events: EventList, before: Seen | undefined, after: Seen): boolean {
  const lived = before !== undefined && lives(before);
  const same = before !== undefined && isSameRun(before, after);
  const wasRun = before !== undefined && hasRun(before);
  if (lived && !same) events.add(diedOf({ ...before, exitCode: undefined, finished: undefined }));
  const isNewRun = !same || !wasRun;
  if (isNewRun && hasRun(after)) events.add(startOf(before, after));
  if (after.ooms > (same && wasRun ? before.ooms : 0) && hasRun(after)) {
    events.add(
      "oom",
      after.status === "stopped" && after.finished !== undefined ? { time: after.finished } : {},
    );
  }
  const ended = after.status === "stopped" && hasRun(after);
  if (ended && (isNewRun || lived)) events.add(diedOf(after));
  return same;
}

/** Of a pod the end is called stop. */
function diedOf({ type, finished, exitCode }: Seen): Told {
  const time = finished === undefined ? {} : { time: finished };
  if (type === "pod") return { status: "stop", ...time };
  return { status: "died", ...time, ...(exitCode === undefined ? {} : { exitCode }) };
}

/** The time of its start, unless what is persisted is still that of the run before. */
function startOf(before: Seen | undefined, { started }: Seen): Told {
  const isOfBefore = started !== undefined && started <= (before?.finished ?? -1);
  return { status: "start", ...(started === undefined || isOfBefore ? {} : { time: started }) };
}

/** A run that goes on; one that was created and frozen before its start has none yet. */
function lives(seen: Seen): boolean {
  return seen.status === "running" || (seen.status === "paused" && hasRun(seen));
}

function hasRun({ status, started }: Seen): boolean {
  return started !== undefined || status === "running";
}

/** True while it was not started anew in between, as kpod can with what has ended. */
function isSameRun(before: Seen, after: Seen): boolean {
  if (after.pid > 0 && before.pid > 0 && after.pid !== before.pid) return false;
  if (before.status !== "stopped") return true;
  if (!hasRun(before)) return true;
  if (after.status !== "stopped") return false;
  return after.started === undefined || before.finished === undefined || after.started <= before.finished;
}

/** The number at the end of a full name counts the runs of a container, and tells of no other name. */
function isRenamed(before: Seen, after: Seen): boolean {
  const stem = (name: string): string => name.replace(/_\d+$/, "");
  return before.type === "container" && stem(before.name) !== stem(after.name);
}

/** What happened to the images of a store between two looks. */
export function changesOfImages(
  before: ReadonlyMap<string, SeenImage>,
  after: ReadonlyMap<string, SeenImage>,
  time: number,
): NodeEvent[] {
  const owners = new Map([...after.values()].flatMap(({ id, names }) => names.map((name) => [name, id])));
  const come = [...after.values()].flatMap(({ id, names }) => {
    const known = before.get(id);
    if (known === undefined) return [imageEvent("pull", id, names[0] ?? "", time)];
    const added = names.filter((name) => !known.names.includes(name));
    return added.map((name) => imageEvent("tag", id, name, time));
  });
  const gone = [...before.values()].flatMap(({ id, names }) => {
    const now = after.get(id);
    if (now === undefined) return [imageEvent("remove", id, names[0] ?? "", time)];
    // A name that another image has got is told of that one.
    const lost = names.filter((name) => !now.names.includes(name) && !owners.has(name));
    return lost.map((name) => imageEvent("untag", id, name, time));
  });
  return [...gone, ...come];
}

/** An event of an image. */
export function imageEvent(status: EventStatus, id: string, name: string, time: number): NodeEvent {
  return { time, type: "image", status, id, name, image: "", podId: "", labels: {}, attributes: {} };
}
