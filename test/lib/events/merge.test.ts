import { imageEvent } from "../../../src/lib/events/changes";
import type { EventStatus, NotedEvent } from "../../../src/lib/events/event";
import { createEventMerger, type EventMerger } from "../../../src/lib/events/merge";
import { pastEvents } from "../../../src/lib/events/noted";
import type { Look, Seen, SeenImage } from "../../../src/lib/events/seen";
import { seenContainer } from "../../helpers/seen";
import { testId } from "../../helpers/store-tree";

const id = testId("web");
const image = testId("image");

const seen = (fields: Partial<Seen> = {}): Seen => seenContainer({ name: "web", podId: "", ...fields });

const running = seen({ status: "running", started: 2_000 });
const paused: Seen = { ...running, status: "paused" };
const stopped: Seen = { ...running, status: "stopped", pid: 0, finished: 3_000, exitCode: 0 };

function look(time: number, things: readonly Seen[], images: readonly SeenImage[] = []): Look {
  return {
    time,
    things: new Map(things.map((thing) => [thing.id, thing])),
    images: new Map(images.map((each) => [each.id, each])),
  };
}

function noted(status: EventStatus, time: number, more: Partial<NotedEvent> = {}): NotedEvent {
  return {
    ...{ time, status, id, type: "container", name: "web", image: "busybox", podId: "" },
    labels: {},
    attributes: {},
    ...more,
  };
}

function told(merger: EventMerger, now: number): string[] {
  return merger
    .take(now)
    .events.map(({ status, name, exitCode }) =>
      [status, ...(name === "web" ? [] : [name]), ...(exitCode === undefined ? [] : [exitCode])].join(" "),
    );
}

const start = noted("start", 2_000, { pid: 7 });
const died = noted("died", 3_000, { exitCode: 0 });

test("whichever comes first tells it: the journal", () => {
  const merger = createEventMerger(look(0, []));
  merger.addNoted([noted("create", 1_000), start], 2_010);
  merger.addLook(look(2_020, [running]));
  merger.addNoted([noted("pause", 2_100)], 2_110);
  merger.addLook(look(2_120, [paused]));
  expect(told(merger, 3_000)).toEqual(["create", "start", "pause"]);
});

test("whichever comes first tells it: a look", () => {
  const merger = createEventMerger(look(0, []));
  merger.addLook(look(2_020, [running]));
  merger.addNoted([noted("create", 1_000), start], 2_010);
  merger.addLook(look(2_120, [paused]));
  merger.addNoted([noted("pause", 2_100)], 2_130);
  merger.addLook(look(3_020, [stopped]));
  merger.addNoted([died, noted("stop", 3_020)], 3_030);
  merger.addLook(look(3_100, []));
  merger.addNoted([noted("remove", 3_090)], 3_110);
  expect(told(merger, 4_000)).toEqual(["create", "start", "pause", "died 0", "stop", "remove"]);
});

test("all that came and went between two looks is told by the journal", () => {
  const merger = createEventMerger(look(0, []));
  const again = noted("start", 3_500, { pid: 8 });
  merger.addNoted(
    [
      noted("create", 1_000),
      start,
      noted("pause", 2_100),
      noted("unpause", 2_200),
      died,
      again,
      noted("remove", 4_000),
    ],
    4_010,
  );
  merger.addLook(look(4_020, []));
  expect(told(merger, 5_000)).toEqual([
    "create",
    "start",
    "pause",
    "unpause",
    "died 0",
    "start",
    "died",
    "remove",
  ]);
});

test("what the journal tells late of what is gone is told no more, unless no look could know it", () => {
  const merger = createEventMerger(look(0, [running]));
  merger.addLook(look(3_000, []));
  merger.addNoted([start, died, noted("kill", 2_900), noted("remove", 3_000)], 3_010);
  expect(told(merger, 4_000)).toEqual(["died", "remove", "kill"]);
});

test("a second freeze within the patience for the first one's entry is told", () => {
  const merger = createEventMerger(look(0, [running]));
  merger.addLook(look(2_100, [paused]));
  merger.addLook(look(2_200, [running]));
  // The first was made by somebody else; this is the entry of the second.
  merger.addNoted([noted("pause", 2_300)], 2_310);
  merger.addLook(look(2_320, [paused]));
  expect(told(merger, 4_000)).toEqual(["pause", "unpause", "pause"]);
});

test("an image waits for the journal, which knows how it came", () => {
  const merger = createEventMerger(look(0, []));
  const here = [{ id: image, names: ["localhost/a:1"] }];
  merger.addLook(look(1_000, [], here));
  merger.addLook(look(1_050, [seen({ created: 1_020 })], here));
  expect(told(merger, 1_100)).toEqual([]);
  merger.addNoted([imageEvent("loadfromarchive", image, "localhost/a:1", 1_200)], 1_210);
  merger.addLook(look(1_220, [seen()], here));
  expect(told(merger, 1_230)).toEqual(["loadfromarchive localhost/a:1", "create"]);
});

test("one that nobody wrote down was pulled", () => {
  const merger = createEventMerger(look(0, []));
  merger.addLook(look(1_000, [], [{ id: image, names: ["localhost/a:1"] }]));
  expect(merger.take(1_100).next).toBe(1_500);
  expect(told(merger, 1_500)).toEqual(["pull localhost/a:1"]);
});

test("names of images are told once", () => {
  const merger = createEventMerger(look(0, [], [{ id: image, names: ["a"] }]));
  merger.addNoted([imageEvent("tag", image, "b", 900)], 950);
  merger.addLook(look(1_000, [], [{ id: image, names: ["b", "a"] }]));
  merger.addLook(look(2_000, [], [{ id: image, names: ["a"] }]));
  merger.addNoted([imageEvent("untag", image, "b", 2_010)], 2_020);
  merger.addLook(look(2_030, [], [{ id: image, names: ["a"] }]));
  expect(told(merger, 3_000)).toEqual(["tag b", "untag b"]);
});

test("the past is what the journal and the records know, each once and in order", () => {
  const other = seen({ ...stopped, id: testId("other"), name: "other" });
  const entries = [
    noted("create", 1_000),
    start,
    noted("kill", 2_900),
    died,
    { ...died, time: 3_010 },
    noted("stop", 3_050),
  ];
  const events = pastEvents(
    entries,
    look(9_000, [stopped, other, seen({ ...paused, id: testId("cold"), name: "cold" })]),
  );
  expect(events.filter(({ name }) => name === "web").map(({ status }) => status)).toEqual([
    "create",
    "start",
    "kill",
    "died",
    "stop",
  ]);
  expect(events.filter(({ name }) => name === "other").map(({ status }) => status)).toEqual([
    "create",
    "start",
    "died",
  ]);
  // When it was frozen, nobody knows.
  expect(events.filter(({ name }) => name === "cold").map(({ status }) => status)).toEqual([
    "create",
    "start",
  ]);
  const times = events.map(({ time }) => time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test("what was written during a look is told before what the look found of it", () => {
  const merger = createEventMerger(look(0, []));
  // It was made, killed and found dead while the look was under way.
  merger.addLook(look(1_500, [stopped]), [noted("create", 1_000), start, noted("kill", 2_900), died], 3_100);
  merger.addLook(look(3_200, []), [noted("exec", 3_210), noted("remove", 3_220)], 3_300);
  expect(told(merger, 4_000)).toEqual(["create", "start", "kill", "died 0", "exec", "remove"]);
});

test("what was done after a look has found it otherwise is told after that", () => {
  const merger = createEventMerger(look(0, [running]));
  merger.addLook(
    look(2_100, [running]),
    [noted("pause", 2_110), noted("create", 2_120, { id: testId("new"), name: "new" })],
    2_130,
  );
  merger.addLook(look(2_200, [paused, seen({ id: testId("new"), name: "new" })]), [], 2_230);
  expect(told(merger, 4_000)).toEqual(["pause", "create new"]);
});

test("one that is found dead before its start was persisted is told once", () => {
  const oom = { ...stopped, exitCode: 137, ooms: 1 };
  const wanted = ["create", "start", "oom", "died 137"];
  const early = createEventMerger(look(0, []));
  early.addLook(look(2_020, [{ ...running, started: undefined }]));
  early.addLook(look(3_020, [{ ...oom, started: undefined }]), [noted("create", 1_000), start], 3_030);
  early.addLook(look(3_100, [oom]));
  expect(told(early, 4_000)).toEqual(wanted);
  const late = createEventMerger(look(0, []));
  late.addLook(look(1_500, [seen()]));
  late.addLook(look(3_020, [{ ...oom, started: undefined }]));
  late.addLook(look(3_100, [oom]), [noted("create", 1_000), start], 3_130);
  expect(told(late, 4_000)).toEqual(wanted);
});
