/*
 * What looks find and what the journal tells, put together so that each event is told once: whichever comes first tells it.
 */
import { changesOf, changesOfImages, isMade, withMemory } from "./changes";
import type { EventStatus, NodeEvent, NotedEvent } from "./event";
import { applyNoted, isToldByState } from "./noted";
import type { Look, Seen, SeenImage } from "./seen";

/**
 * Milliseconds for which an image that a look found waits for the journal: it alone knows whether it was pulled or loaded,
 * and is written once skopeo has ended.
 */
const imagePatience = 500;

/** Milliseconds by which the journal may be behind a look. */
const journalPatience = 60_000;

/** Ids of what was removed that are remembered: the journal may still tell of them. */
const mostGone = 10_000;

/** Puts looks and the journal together. */
export interface EventMerger {
  /** What the journal tells; read before a look that it goes with. */
  readonly addNoted: (noted: readonly NotedEvent[], now: number) => void;
  /**
   * What a look found.
   * @param during what was written into the journal meanwhile
   */
  readonly addLook: (look: Look, during?: readonly NotedEvent[], now?: number) => void;
  /** What can be told by now, in order. @returns also when there will be more, in milliseconds since 1970 */
  readonly take: (now: number) => { events: NodeEvent[]; next: number | undefined };
}

/** An event that waits to be told. */
interface Waiting {
  readonly event: NodeEvent;
  /** Until when it may turn out to be something else. */
  readonly until: number;
}

/**
 * Makes a merger.
 * @param first what was found first: what is there already is no event
 * @param told what was told of it, which the journal may tell once more
 */
export function createEventMerger(first: Look, told: readonly NodeEvent[] = []): EventMerger {
  const things = new Map([...first.things].filter(([, seen]) => isMade(seen)));
  let images = new Map(first.images);
  const gone = new Set<string>();
  let waiting: Waiting[] = [];
  // What looks have told, and the journal has not yet: by id and status the times.
  const ahead = new Map<string, number[]>();

  const keyOf = ({ type, id, status, name }: NodeEvent): string =>
    `${id} ${status} ${type === "image" ? name : ""}`;
  const remember = (event: NodeEvent): void => {
    ahead.set(keyOf(event), [...(ahead.get(keyOf(event)) ?? []), event.time]);
  };
  /** True for what a look has told already, which is then not kept any more. */
  const isRepeated = (event: NodeEvent): boolean => {
    const times = ahead.get(keyOf(event)) ?? [];
    const at = times.findIndex((time) => Math.abs(time - event.time) < journalPatience);
    if (at < 0) return false;
    times.splice(at, 1);
    return true;
  };
  const removeOld = (now: number): void => {
    for (const [key, times] of ahead) {
      const kept = times.filter((time) => now - time < journalPatience);
      if (kept.length === 0) ahead.delete(key);
      else ahead.set(key, kept);
    }
  };
  const push = (events: readonly NodeEvent[], until = 0): void => {
    waiting.push(...events.map((event) => ({ event, until })));
  };
  const know = (id: string, seen: Seen | undefined): void => {
    if (seen !== undefined) things.set(id, seen);
    else if (things.delete(id)) {
      gone.add(id);
      const [oldest] = gone;
      if (gone.size > mostGone && oldest !== undefined) gone.delete(oldest);
    }
  };

  told.forEach(remember);

  const addThing = (noted: NotedEvent): void => {
    const byState = isToldByState(noted);
    if (!byState && isRepeated(noted)) return;
    const { id } = noted;
    const isGone = gone.has(id);
    const applied = isGone ? undefined : applyNoted(things.get(id), noted);
    if (applied !== undefined) {
      know(id, applied.after);
      push(applied.events);
    }
    const isTold = applied?.events.some(({ status }) => status === noted.status) === true;
    if (!isTold && !byState) push([withLabelsOf(things.get(id), noted)]);
  };
  const addImage = (noted: NotedEvent): void => {
    const { id, name, status } = noted;
    const isSame = ({ event }: Waiting): boolean =>
      event.type === "image" &&
      event.id === id &&
      (event.status === status || (brings(status) && (event.status === "pull" || isTag(event, name))));
    const at = waiting.findIndex((entry) => entry.until > 0 && isSame(entry));
    images = withImage(images, noted);
    if (at >= 0) {
      for (const { event } of waiting.filter(isSame)) isRepeated(event);
      const place = waiting.slice(0, at);
      waiting = [
        ...place,
        { event: noted, until: 0 },
        ...waiting.slice(at).filter((entry) => !isSame(entry)),
      ];
    } else if (!isRepeated(noted)) push([noted]);
  };

  const addNoted = (noted: readonly NotedEvent[], now: number): void => {
    removeOld(now);
    for (const event of noted) (event.type === "image" ? addImage : addThing)(event);
  };
  /** True for what a look has found done, though it was written down after it had begun. */
  const isFound = ({ id, time }: NotedEvent, look: Look): boolean => {
    const found = look.things.get(id);
    if (found === undefined) return time <= look.time || things.has(id);
    return time <= look.time || (found.status === "stopped" && time <= (found.finished ?? 0));
  };
  const addFound = (look: Look): void => {
    const found: NodeEvent[][] = [];
    for (const [id, before] of things) {
      if (look.things.has(id)) continue;
      found.push(changesOf(before, undefined, look.time));
      know(id, undefined);
    }
    for (const [id, seen] of look.things) {
      const before = things.get(id);
      const after = withMemory(before, seen, look.time);
      if (!isMade(after)) continue;
      const events = changesOf(before, after, look.time);
      if (events.length > 0) found.push(events);
      know(id, after);
    }
    const ofImages = changesOfImages(images, look.images, look.time);
    images = new Map(look.images);
    const events = found.flat();
    events.sort((a, b) => a.time - b.time);
    for (const event of [...ofImages, ...events]) remember(event);
    push(ofImages, look.time + imagePatience);
    push(events);
  };

  return {
    addNoted,
    addLook: (look, during = [], now = look.time) => {
      const found = new Set(during.filter((event) => isFound(event, look)));
      addNoted([...found], now);
      addFound(look);
      addNoted(
        during.filter((event) => !found.has(event)),
        now,
      );
    },
    take: (now) => {
      const blocked = waiting.findIndex(({ until }) => until > now);
      const ready = blocked < 0 ? waiting : waiting.slice(0, blocked);
      waiting = blocked < 0 ? [] : waiting.slice(blocked);
      return { events: ready.map(({ event }) => event), next: waiting[0]?.until };
    },
  };
}

/** True for what brings an image into the store. */
function brings(status: EventStatus): boolean {
  return status === "pull" || status === "loadfromarchive";
}

function isTag({ status, name }: NodeEvent, wanted: string): boolean {
  return status === "tag" && name === wanted;
}

/** The images as an entry of the journal leaves them, so that a look does not tell it again. */
function withImage(
  images: ReadonlyMap<string, SeenImage>,
  { id, name, status }: NotedEvent,
): Map<string, SeenImage> {
  const after = new Map(images);
  const names = images.get(id)?.names ?? [];
  if (status === "remove") after.delete(id);
  else if (status === "untag") {
    if (images.has(id)) after.set(id, { id, names: names.filter((other) => other !== name) });
  } else if (status === "tag" || brings(status)) {
    for (const [other, { names: theirs }] of images)
      if (theirs.includes(name))
        after.set(other, { id: other, names: theirs.filter((each) => each !== name) });
    after.set(id, { id, names: [...names.filter((other) => other !== name), name] });
  }
  return after;
}

/** A change of what is not there any more has the labels that were noted with it. */
function withLabelsOf(seen: Seen | undefined, noted: NotedEvent): NodeEvent {
  return seen === undefined || Object.keys(noted.labels).length > 0
    ? noted
    : { ...noted, labels: seen.labels };
}
