import type { Container } from "../../../src/lib/oci/container";
import type { ContainerState } from "../../../src/lib/oci/state/container-state";
import { firstProcess } from "../../../src/lib/operations/first-process";
import { readProcessStat } from "../../../src/lib/system/process";

const { ppid: pid } = process;
const startTime = readProcessStat(pid)?.startTime ?? "none";
const persisted = { initPid: pid, initStartTime: startTime };

function container(state: Partial<ContainerState> | undefined): Pick<Container, "state"> {
  if (state === undefined) return { state };
  const usual = {
    ociVersion: "1.0.2",
    id: "",
    status: "running",
    pid: 0,
    bundle: "",
    annotations: {},
  } as const;
  return { state: { ...usual, oomKilled: false, error: "", ...state } };
}

test.each<[string, Partial<ContainerState> | undefined, ReturnType<typeof firstProcess>]>([
  ["running", { pid }, { pid, startTime: undefined }],
  ["running, and persisted", { pid, ...persisted }, { pid, startTime }],
  ["paused", { status: "paused", pid }, { pid, startTime: undefined }],
  ["created", { status: "created", pid }, undefined],
  ["stopped", { status: "stopped", ...persisted }, undefined],
  ["not looked up", undefined, undefined],
  ["running as what cannot be a container", { pid: 1 }, undefined],
  ["unknown, persisted and still there", { status: "unknown", ...persisted }, { pid, startTime }],
  [
    "unknown, and another process has the pid",
    { status: "unknown", initPid: pid, initStartTime: "1" },
    undefined,
  ],
  ["unknown, persisted without a start time", { status: "unknown", initPid: pid }, undefined],
])("the first process of a container that is %s", (_, state, expected) => {
  expect(firstProcess(container(state))).toEqual(expected);
});

test("one that was created has a process, too, for whoever says so", () => {
  const created = container({ status: "created", pid });
  expect(firstProcess(created, { created: true })).toEqual({ pid, startTime: undefined });
});
