import { changesOf, changesOfImages, withMemory } from "../../../src/lib/events/changes";
import type { NodeEvent } from "../../../src/lib/events/event";
import type { Seen } from "../../../src/lib/events/seen";
import { seenContainer } from "../../helpers/seen";

const now = 10_000;

const created = seenContainer();
const running = seenContainer({ status: "running", started: 2_000 });
const paused = seenContainer({ status: "paused", started: 2_000 });
const stopped = seenContainer({ status: "stopped", pid: 0, started: 2_000, finished: 3_000, exitCode: 5 });

function words(events: readonly NodeEvent[]): string[] {
  return events.map(({ status, time, exitCode }) =>
    [status, time === now ? "now" : time, ...(exitCode === undefined ? [] : [exitCode])].join(" "),
  );
}

const cases: readonly [string, Seen | undefined, Seen | undefined, string[]][] = [
  ["created", undefined, created, ["create 1000"]],
  ["found running", undefined, running, ["create 1000", "start 2000"]],
  ["found frozen", undefined, paused, ["create 1000", "start 2000", "pause now"]],
  ["found when all was over", undefined, stopped, ["create 1000", "start 2000", "died 3000 5"]],
  ["started", created, running, ["start 2000"]],
  ["started and ended", created, stopped, ["start 2000", "died 3000 5"]],
  ["unchanged", running, running, []],
  ["frozen", running, paused, ["pause now"]],
  ["thawed", paused, running, ["unpause now"]],
  ["frozen before its start", created, seenContainer({ status: "paused" }), ["pause now"]],
  ["thawed before its start", seenContainer({ status: "paused" }), created, ["unpause now"]],
  ["killed while frozen", paused, stopped, ["died 3000 5"]],
  ["out of memory", running, { ...stopped, ooms: 1 }, ["oom 3000", "died 3000 5"]],
  ["out of memory, and running on", running, { ...running, ooms: 2 }, ["oom now"]],
  ["ended after it was out of memory", { ...running, ooms: 1 }, { ...stopped, ooms: 1 }, ["died 3000 5"]],
  ["removed", stopped, undefined, ["remove now"]],
  ["removed while it ran", running, undefined, ["died now", "remove now"]],
  ["removed before its start", created, undefined, ["remove now"]],
  [
    "stopped before its start",
    created,
    seenContainer({ status: "stopped", exitCode: 0, finished: 1_500 }),
    [],
  ],
  ["started anew", stopped, { ...running, pid: 8, started: 4_000 }, ["start 4000"]],
  ["started anew, persisted as before", stopped, { ...running, pid: 8 }, ["start now"]],
  [
    "started anew and ended",
    stopped,
    { ...stopped, started: 4_000, finished: 5_000, exitCode: 0 },
    ["start 4000", "died 5000 0"],
  ],
  ["restarted", running, { ...running, pid: 8, started: 4_000 }, ["died now", "start now"]],
  ["created anew", stopped, { ...created, pid: 8 }, []],
  ["without conmon", running, { ...running, deadMonitor: 9 }, ["conmon_died now"]],
  ["still without conmon", { ...running, deadMonitor: 9 }, { ...running, deadMonitor: 9 }, []],
  ["renamed", running, { ...running, name: "other" }, ["rename now"]],
  ["counted up", stopped, { ...stopped, name: "k8s_web_shop_default_uid_1" }, []],
];

test.each(cases)("a container that is %s", (_, before, after, wanted) => {
  expect(words(changesOf(before, after, now))).toEqual(wanted);
});

test("nothing is told before what went before it", () => {
  const late = seenContainer({ status: "stopped", pid: 0, started: 900, finished: 800, exitCode: 1 });
  expect(words(changesOf(undefined, late, now))).toEqual(["create 1000", "start 1000", "died 1000 1"]);
});

test("the end of a pod is called stop", () => {
  const ready = seenContainer({ ...running, type: "pod", name: "shop" });
  expect(words(changesOf(ready, { ...ready, status: "stopped" }, now))).toEqual(["stop now"]);
  expect(words(changesOf(ready, undefined, now))).toEqual(["stop now", "remove now"]);
});

test("what cannot be told at the moment is as it was", () => {
  expect(withMemory(running, seenContainer({ status: "unknown", pid: 0 }), now)).toMatchObject({
    status: "running",
    pid: 7,
    started: 2_000,
  });
  expect(withMemory(stopped, seenContainer({ status: "creating", pid: 0 }), now)).toMatchObject({
    status: "stopped",
  });
  const unwatched = { ...running, deadMonitor: 9 };
  expect(withMemory(unwatched, seenContainer({ status: "unknown", pid: 0 }), now)).toMatchObject(unwatched);
});

test("one that is found stopped before its end is persisted has ended by then, and is not started by its removal", () => {
  const ended = withMemory(running, { ...running, status: "stopped", pid: 0 }, 5_000);
  expect(words(changesOf(running, ended, 5_000))).toEqual(["died 5000"]);
  const dying = withMemory(ended, { ...running, status: "unknown", pid: 0 }, 6_000);
  expect(dying).toMatchObject({ status: "stopped", finished: 5_000 });
  expect(words(changesOf(ended, dying, 6_000))).toEqual([]);
  const persisted = withMemory(dying, { ...dying, finished: 4_900 }, 7_000);
  expect(words(changesOf(dying, persisted, 7_000))).toEqual([]);
});

test("what was started unseen, and whose end is still to be told, runs", () => {
  const dying = seenContainer({ status: "unknown", pid: 0, started: 2_000, ooms: 1 });
  expect(withMemory(created, dying, now)).toMatchObject({ status: "running" });
  expect(words(changesOf(created, withMemory(created, dying, now), now))).toEqual(["start 2000", "oom now"]);
  const anew = withMemory(stopped, { ...dying, started: 4_000 }, now);
  expect(words(changesOf(stopped, anew, now))).toEqual(["start 4000", "oom now"]);
  expect(withMemory(stopped, dying, now)).toMatchObject({ status: "stopped" });
});

test("images", () => {
  const images = (entries: Readonly<Record<string, readonly string[]>>) =>
    new Map(Object.entries(entries).map(([image, names]) => [image, { id: image, names }]));
  const told = (before: ReturnType<typeof images>, after: ReturnType<typeof images>): string[] =>
    changesOfImages(before, after, now).map(({ status, id: image, name }) => `${status} ${image} ${name}`);
  expect(told(images({}), images({ a: ["x", "y"] }))).toEqual(["pull a x"]);
  expect(told(images({ a: ["x"] }), images({ a: ["x", "y"] }))).toEqual(["tag a y"]);
  expect(told(images({ a: ["x", "y"] }), images({ a: ["x"] }))).toEqual(["untag a y"]);
  expect(told(images({ a: ["x"] }), images({}))).toEqual(["remove a x"]);
  // The new image has taken the name.
  expect(told(images({ a: ["x"] }), images({ a: [], b: ["x"] }))).toEqual(["pull b x"]);
});
