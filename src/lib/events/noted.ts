import { changesOf } from "./changes";
import type { NodeEvent, NotedEvent } from "./event";
import type { Look, Seen } from "./seen";

/** What an entry of the journal makes of what is known. */
export interface Applied {
  readonly after: Seen | undefined;
  readonly events: readonly NodeEvent[];
}

/**
 * Has an entry of the journal move on what is known of a container or a pod, as if a look had found it so. What is known
 * already makes no event.
 * @returns undefined for what changes nothing that a look could find, or would not fit what is known
 */
export function applyNoted(before: Seen | undefined, noted: NotedEvent): Applied | undefined {
  const after = stateAfter(before, noted);
  return after === undefined
    ? undefined
    : { after: after.seen, events: changesOf(before, after.seen, noted.time) };
}

/** True for what is told by the states before and after it alone: an entry that does not fit them is of the past. */
export function isToldByState({ type, status }: NodeEvent): boolean {
  return (
    ["create", "start", "died", "oom", "remove"].includes(status) || (type === "pod" && status === "stop")
  );
}

function stateAfter(before: Seen | undefined, noted: NotedEvent): { seen: Seen | undefined } | undefined {
  const { status, time, exitCode, pid = 0 } = noted;
  if (status === "create") return before === undefined ? { seen: newSeen(noted) } : undefined;
  if (status === "start") {
    const known = before ?? newSeen(noted);
    if (!isNewStart(known, noted)) return undefined;
    return {
      seen: {
        ...known,
        status: "running",
        pid,
        started: time,
        finished: undefined,
        exitCode: undefined,
        ooms: 0,
      },
    };
  }
  if (before === undefined) return undefined;
  switch (status) {
    case "died":
      return before.status === "stopped"
        ? undefined
        : { seen: { ...before, status: "stopped", pid: 0, finished: time, exitCode } };
    case "stop":
      return before.type !== "pod" || before.status === "stopped"
        ? undefined
        : { seen: { ...before, status: "stopped", pid: 0, finished: time } };
    case "oom":
      return before.ooms > 0 ? undefined : { seen: { ...before, ooms: 1 } };
    case "pause":
      return before.status === "running" || before.status === "created"
        ? { seen: { ...before, status: "paused" } }
        : undefined;
    case "unpause":
      return before.status === "paused"
        ? { seen: { ...before, status: before.started === undefined ? "created" : "running" } }
        : undefined;
    case "rename":
      return before.name === noted.name ? undefined : { seen: { ...before, name: noted.name } };
    case "remove":
      return { seen: undefined };
    default:
      return undefined;
  }
}

function isNewStart({ status, pid, started, finished = 0 }: Seen, noted: NotedEvent): boolean {
  if (status === "created") return true;
  if (status === "stopped") return started === undefined || noted.time > finished;
  return noted.pid !== undefined && pid > 0 && noted.pid !== pid;
}

function newSeen({ type, id, name, image, podId, labels, time }: NotedEvent): Seen {
  return {
    ...{ type: type === "pod" ? "pod" : "container", id, name, image, podId, labels },
    ...{ status: "created", pid: 0, created: time, started: undefined, finished: undefined },
    ...{ exitCode: undefined, ooms: 0, deadMonitor: 0 },
  };
}

/** Milliseconds by which the time of a change in its record and in the journal may differ. */
const sameMoment = 1_000;

/** The same for two entries that tell of one end, by the time of one file. */
const sameEnd = 50;

/**
 * What has happened, as far as the journal and the records tell: in the order of time.
 * @param noted the entries of the journal
 * @param look what the node's records hold now
 */
export function pastEvents(noted: readonly NotedEvent[], look: Look): NodeEvent[] {
  const events: NodeEvent[] = [];
  const known = new Map<string, number[]>();
  const isKnown = ({ id, status, time }: NodeEvent, within: number): boolean =>
    (known.get(`${id} ${status}`) ?? []).some((other) => Math.abs(other - time) <= within);
  const add = (event: NodeEvent): void => {
    const key = `${event.id} ${event.status}`;
    known.set(key, [...(known.get(key) ?? []), event.time]);
    events.push(event);
  };
  for (const event of noted) {
    // An end is written down by each change that finds it.
    if ((event.status === "died" || event.status === "oom") && isKnown(event, sameEnd)) continue;
    add(event);
  }
  for (const seen of look.things.values()) {
    for (const event of changesOf(undefined, seen, look.time)) {
      const within = event.status === "create" ? Infinity : sameMoment;
      if (isOfRecord(event, look) && !isKnown(event, within)) add(event);
    }
  }
  return events.sort((a, b) => a.time - b.time);
}

/** When somebody was frozen or lost its conmon, no record tells. */
function isOfRecord({ status, time }: NodeEvent, look: Look): boolean {
  return time < look.time && status !== "pause" && status !== "conmon_died";
}
