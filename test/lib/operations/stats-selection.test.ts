import { selectForStats, type StatsSelection } from "../../../src/lib/operations/stats-selection";
import { ContainerLists } from "../../../src/lib/container-lists";
import { KpodError } from "../../../src/lib/errors";
import { Container } from "../../../src/lib/oci/container";
import type { ContainerStatus } from "../../../src/lib/oci/state/container-state";
import { Sandbox } from "../../../src/lib/sandbox/sandbox";
import { readProcessStat } from "../../../src/lib/system/process";

const longId = (letter: string): string => letter.repeat(64);

function container(
  id: string,
  sandboxId: string,
  name: string,
  status: ContainerStatus,
  at: number,
): Container {
  const made = new Container({
    ...{ id, sandboxId, name: `k8s_${name}_pod_default_uid_0`, metadata: { name, attempt: 0 } },
    ...{ imageName: "busybox", imageId: "", layerId: "", dir: "/nowhere", bundlePath: "/nowhere" },
    createdAt: new Date(at),
    infra: id === sandboxId,
  });
  made.state = {
    ...{ ociVersion: "", id, status, pid: 0, bundle: "", annotations: {} },
    ...{ oomKilled: false, error: "" },
  };
  return made;
}

/** Pods a (run, created, paused), b (stopped, unknown), c (stopped) and d (empty); pod a is the oldest. */
function lists(): ContainerLists {
  const made = new ContainerLists();
  for (const [index, name] of ["a", "b", "c", "d"].entries()) {
    const infraContainer = container(longId(name), longId(name), "POD", "running", index);
    made.addSandbox(
      new Sandbox({
        ...{ id: longId(name), name: `k8s_POD_pod-${name}`, kubeName: `pod-${name}` },
        ...{ namespace: "default", uid: "uid", attempt: 0, infraContainer },
      }),
    );
  }
  const members: [string, string, string, ContainerStatus][] = [
    ["1", "a", "runs", "running"],
    ["2", "a", "created", "created"],
    ["3", "a", "paused", "paused"],
    ["4", "b", "stopped", "stopped"],
    ["5", "b", "unknown", "unknown"],
    ["6", "c", "ended", "stopped"],
  ];
  for (const [id, pod, name, status] of members)
    made.addContainer(container(longId(id), longId(pod), name, status, Number(id)));
  return made;
}

function selected(
  args: readonly string[],
  flags: { all?: boolean; pod?: boolean } = {},
  server = lists(),
): { selection: StatsSelection; failed: number; errors: string[] } {
  const errors: string[] = [];
  const onFailure = (error: unknown): void => {
    if (!(error instanceof KpodError)) throw error;
    errors.push([error.code, error.message, error.hint].join("|"));
  };
  const { all = false, pod = false } = flags;
  const result = selectForStats(server, { names: args, all, pods: pod, onFailure });
  return { ...result, errors };
}

const idsOf = (items: readonly { id: string }[]): string => items.map(({ id }) => id.charAt(0)).join("");

test.each([
  [false, "531", "ba"],
  [true, "654321", "dcba"],
])("without arguments, all: %s: containers %s, pods %s", (all, containers, pods) => {
  const { selection, failed } = selected([], { all });
  expect(idsOf(selection.containers())).toBe(containers);
  expect(idsOf(selection.pods())).toBe(pods);
  expect(selection.isOver()).toBe(false);
  expect(failed).toBe(0);
});

test("containers that come and go are seen at the next look", () => {
  const server = lists();
  const { selection } = selected([], {}, server);
  server.addContainer(container(longId("7"), longId("c"), "new", "running", 7));
  const [runs] = server.listContainers(({ metadata }) => metadata.name === "runs");
  if (runs?.state === undefined) throw new Error("it has no state");
  runs.state = { ...runs.state, status: "stopped" };
  expect(idsOf(selection.containers())).toBe("753");
  expect(idsOf(selection.pods())).toBe("cba");
});

test("names give the order, and one that is named twice comes once", () => {
  const { selection, errors } = selected(["paused", longId("1"), "33", "pod-a/runs"]);
  expect(errors).toEqual([]);
  expect(idsOf(selection.containers())).toBe("31");
});

test("what cannot be shown is told, and the others are shown", () => {
  const { selection, failed, errors } = selected(["nope", "stopped", "runs", "created", "pod-a"]);
  expect(idsOf(selection.containers())).toBe("1");
  expect(failed).toBe(4);
  const zeros = "it is not running|--all shows it with zeros";
  expect(errors).toEqual([
    "NOT_FOUND|container with ID starting with nope not found: ID does not exist|",
    `BAD_STATE|cannot read the stats of container ${longId("4")}: ${zeros}`,
    `BAD_STATE|cannot read the stats of container ${longId("2")}: ${zeros}`,
    "BAD_ARGUMENT|cannot read the stats of container pod-a: it is a pod|use kpod stats --pod",
  ]);
});

test("one of which neither state nor process is known has no stats, and its process is enough", () => {
  const server = lists();
  const { failed, errors } = selected(["unknown"], {}, server);
  expect([failed, errors]).toEqual([
    1,
    [
      `BAD_STATE|cannot read the stats of container ${longId("5")}: its state is unknown, and so is its process|` +
        "--all shows it without numbers",
    ],
  ]);
  expect(idsOf(selected(["unknown"], { all: true }, server).selection.containers())).toBe("5");
  const found = server.lookupContainer(longId("5"));
  const startTime = readProcessStat(process.ppid)?.startTime ?? "";
  if (found.state === undefined) throw new Error("it has no state");
  found.state = { ...found.state, initPid: process.ppid, initStartTime: startTime };
  const known = selected(["unknown"], {}, server);
  expect([known.errors, idsOf(known.selection.containers())]).toEqual([[], "5"]);
});

test("with all, what does not run is shown too", () => {
  const { selection, failed } = selected(["stopped", "created", "runs"], { all: true });
  expect(idsOf(selection.containers())).toBe("421");
  expect(failed).toBe(0);
});

test("it is over when nothing is left of what was named", () => {
  const server = lists();
  const { selection } = selected(["runs", "paused"], {}, server);
  const end = (name: string): void => {
    const [found] = server.listContainers(({ metadata }) => metadata.name === name);
    if (found !== undefined) server.removeContainer(found);
  };
  expect(selection.isOver()).toBe(false);
  end("runs");
  expect(selection.isOver()).toBe(false);
  end("paused");
  expect(selection.isOver()).toBe(true);
});

describe("pods", () => {
  test.each([
    [["pod-a"], "a", "13"],
    [["default/pod-b", "pod-a"], "ba", "513"],
    // A container stands for its pod.
    [["paused", "runs"], "a", "13"],
  ])("%j are %s with the containers %s", (args, pods, containers) => {
    const { selection, errors } = selected(args, { pod: true });
    expect(errors).toEqual([]);
    expect(idsOf(selection.pods())).toBe(pods);
    expect(idsOf(selection.containers())).toBe(containers);
    expect(selection.isOver()).toBe(false);
  });

  test("without a container that runs, and unknown ones", () => {
    const { failed, errors } = selected(["pod-c", "pod-d", "nope"], { pod: true });
    expect(failed).toBe(3);
    expect(errors).toEqual([
      ...["c", "d"].map(
        (name) =>
          `BAD_STATE|cannot read the stats of pod ${longId(name)}: none of its containers runs|` +
          "--all shows it with zeros",
      ),
      "NOT_FOUND|pod with ID starting with nope not found: ID does not exist|",
    ]);
  });

  test("with all, until they are gone", () => {
    const server = lists();
    const { selection, failed } = selected(["pod-c", "pod-d"], { pod: true, all: true }, server);
    expect(failed).toBe(0);
    expect(idsOf(selection.pods())).toBe("cd");
    expect(selection.isOver()).toBe(false);
    server.removeSandbox(longId("c"));
    expect(selection.isOver()).toBe(false);
    server.removeSandbox(longId("d"));
    expect(selection.isOver()).toBe(true);
  });
});
