import { sumPodStats } from "../../../src/lib/operations/stats-pods";
import { stoppedStats, unknownStats, type ContainerStats } from "../../../src/lib/operations/stats-values";

const host = { memory: 1000 };

function stats(id: string, changes: Partial<ContainerStats> = {}): ContainerStats {
  return {
    ...stoppedStats(id),
    ...{ cpu: 50, memUsage: 100, memLimit: 400, memPerc: 25, netInput: 7, netOutput: 3 },
    ...{ blockInput: 10, blockOutput: 20, pids: 2 },
    ...changes,
  };
}

function sumOf(...members: ContainerStats[]) {
  // A container of the pod that was not sampled counts for nothing.
  const ids = [...members.map(({ container }) => container), "not sampled"];
  const sandbox = { containers: () => ids.map((id) => ({ id })) };
  return sumPodStats(sandbox, new Map(members.map((member) => [member.container, member])), host);
}

test("sums, and the pod's network once", () => {
  const pressure = {
    cpu: { some: { avg10: 1, avg60: 1, avg300: 1, total: 1 }, full: undefined },
    memory: { some: { avg10: 1, avg60: 1, avg300: 1, total: 1 }, full: undefined },
    io: { some: { avg10: 1, avg60: 1, avg300: 1, total: 1 }, full: undefined },
  };
  const [first, second] = [
    stats("a", { oomKills: 1, pressure }),
    stats("b", { cpu: 75, pids: 3, oomKills: 2 }),
  ];
  expect(sumOf(first, second)).toEqual({
    cpu: 125,
    memUsage: 200,
    memLimit: 800,
    memPerc: 25,
    netInput: 7,
    netOutput: 3,
    blockInput: 20,
    blockOutput: 40,
    pids: 5,
    oomKills: 3,
    // Shares of time have no sum.
    pressure: undefined,
  });
});

test("a pod in which one container may use all memory may use all memory", () => {
  expect(sumOf(stats("a"), stats("b", { memLimit: 1000 }))).toMatchObject({ memLimit: 1000, memPerc: 20 });
});

test("what one container lacks is summed over the others", () => {
  const sum = sumOf(stats("a"), stats("b", { blockInput: undefined, blockOutput: undefined }));
  expect(sum).toMatchObject({ blockInput: 10, blockOutput: 20 });
});

test.each([
  ["the host's network is not the pod's", [stats("a", { netInput: undefined })], undefined],
  [
    "nor is it with a container that does not run",
    [stats("a", { netInput: undefined }), stoppedStats("b")],
    undefined,
  ],
  ["a container that does not run takes nothing away", [stats("a"), stoppedStats("b")], 7],
  ["one that cannot be asked takes nothing away", [stats("a"), unknownStats("b")], 7],
  ["none runs", [stoppedStats("a"), stoppedStats("b")], 0],
])("network: %s", (_, members, netInput) => {
  expect(sumOf(...members)?.netInput).toBe(netInput);
});

test("nothing is known of a pod of which nothing is known", () => {
  expect(Object.values(sumOf(unknownStats("a")) ?? {})).toEqual(Array.from({ length: 9 }, () => undefined));
});

test("a pod of which no container was sampled has no sum", () => {
  expect(sumOf()).toBeUndefined();
});
