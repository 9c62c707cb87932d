import { utimesSync } from "node:fs";
import { join } from "node:path";
import { Container } from "../../../../src/lib/oci/container";
import { resolveState, type RuntimeAnswer } from "../../../../src/lib/oci/state/resolved";
import { persistedStateOf } from "../../../../src/lib/oci/state/persisted";
import type { RuntimeState } from "../../../../src/lib/oci/state/runtime";
import type { ContainerState, ContainerStatus } from "../../../../src/lib/oci/state/container-state";
import { readProcessStat } from "../../../../src/lib/system/process";
import { testId } from "../../../helpers/store-tree";
import { testdir, type Tree } from "../../../helpers/testdir";

const id = testId("container");
const zero = "0001-01-01T00:00:00Z";
const started = "2026-11-23T10:00:00.5Z";
const finished = "2026-11-23T11:00:00.25Z";

/** A state.json of CRI-O 1.36; the pid is that of a process that has long ended. */
function modern(status: string, more: Record<string, unknown> = {}): string {
  const base = { ociVersion: "1.0.2", id, status, bundle: "/b", created: started, started, finished: zero };
  return JSON.stringify({
    ...base,
    initPid: 2 ** 22 - 1,
    initStartTime: "1",
    checkpointedTime: zero,
    ...more,
  });
}

function early(status: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ id, status, bundle: "/b", created: started, started, finished: zero, ...more });
}

function says(status: ContainerStatus): RuntimeState {
  return {
    id,
    status,
    pid: status === "stopped" ? 0 : 77,
    bundle: "/run/bundle",
    ociVersion: "1.0.2-dev",
    annotations: { from: "runtime" },
    created: undefined,
  };
}

/** Resolves the state of a container of which these files are there: `dir/`, `run/` and `exits/`. */
function resolve(
  files: Tree,
  answer: RuntimeAnswer,
  { createdAt = new Date(started), hasRecord = true } = {},
): ContainerState {
  const directory = testdir({ "dir/": null, "run/": null, "exits/": null, ...files });
  for (const path of Object.keys(files).filter((name) => /exit$|^exits/.test(name))) {
    utimesSync(join(directory, path), new Date(finished), new Date(finished));
  }
  const container = new Container({
    id,
    name: "k8s_a_b_c_d_0",
    sandboxId: testId("pod"),
    metadata: { name: "a", attempt: 0 },
    imageName: "",
    imageId: "",
    layerId: "",
    dir: join(directory, "dir"),
    bundlePath: join(directory, "run"),
    createdAt,
    infra: false,
  });
  return resolveState(container, answer, {
    persisted: persistedStateOf(container),
    exitsDir: join(directory, "exits"),
    hasEndedUnseen: () => true,
    hasRecord: () => hasRecord,
  });
}

const exit = (code: string): Tree => ({ "dir/exit": code });
const early3: Tree = { "dir/state.json": early("stopped", { exitCode: 3, finished }) };
const modern3: Tree = { "dir/state.json": modern("stopped", { exitCode: 3, finished }) };
const running: Tree = { "dir/state.json": modern("running") };

/** What is on disk, what the runtime says, and what follows: status, exit code, whether the end is known. */
const table: [string, Tree, RuntimeAnswer, ContainerStatus, number | undefined, boolean][] = [
  // The runtime stands above all.
  ["nothing persisted, created", {}, says("created"), "created", undefined, false],
  ["nothing persisted, running", {}, says("running"), "running", undefined, false],
  ["persisted running, paused", running, says("paused"), "paused", undefined, false],
  ["persisted stopped with 3, but running", modern3, says("running"), "running", undefined, false],
  ["an old exit file, but running", exit("3"), says("running"), "running", undefined, false],
  ["an odd word of the runtime", running, says("unknown"), "unknown", undefined, false],
  // It says that a container has ended, and others say how.
  ["stopped, exit file 0", { ...running, ...exit("0") }, says("stopped"), "stopped", 0, true],
  ["stopped, exit file 3", exit("3"), says("stopped"), "stopped", 3, true],
  [
    "stopped, exit file 137 above state.json",
    { ...modern3, ...exit("137") },
    says("stopped"),
    "stopped",
    137,
    true,
  ],
  ["stopped, in CRI-O's exits directory", { [`exits/${id}`]: "5" }, says("stopped"), "stopped", 5, true],
  ["both exit files", { ...exit("4"), [`exits/${id}`]: "5" }, says("stopped"), "stopped", 4, true],
  ["an exit file with a line end", exit("6\n"), says("stopped"), "stopped", 6, true],
  ["an exit file that is empty yet", { ...modern3, ...exit("") }, says("stopped"), "stopped", 3, true],
  ["an exit file with no number", exit("-1"), says("stopped"), "stopped", 255, false],
  ["stopped, persisted with 3", modern3, says("stopped"), "stopped", 3, true],
  ["stopped, 1.0 persisted 3", early3, says("stopped"), "stopped", 3, true],
  [
    "stopped, 1.0 persisted the end without the code, which was 0",
    { "dir/state.json": early("stopped", { finished }) },
    says("stopped"),
    "stopped",
    0,
    true,
  ],
  [
    "stopped, 1.36 persisted the end without the code, which nobody knows",
    { "dir/state.json": modern("stopped", { finished }) },
    says("stopped"),
    "stopped",
    255,
    true,
  ],
  ["stopped, persisted running", running, says("stopped"), "stopped", 255, false],
  [
    "stopped, 1.0 persisted running",
    { "dir/state.json": early("running") },
    says("stopped"),
    "stopped",
    255,
    false,
  ],
  ["stopped, nothing persisted", {}, says("stopped"), "stopped", 255, false],
  // It knows nothing of the container.
  ["absent, exit file", { ...running, ...exit("137") }, "absent", "stopped", 137, true],
  ["absent, persisted with 3", modern3, "absent", "stopped", 3, true],
  ["absent, persisted running", running, "absent", "stopped", 255, false],
  ["absent, persisted created", { "dir/state.json": modern("created") }, "absent", "stopped", 255, false],
  ["absent, nothing persisted", {}, "absent", "unknown", undefined, false],
  // It could not be asked.
  ["unreachable, exit file", { ...running, ...exit("0") }, "unreachable", "stopped", 0, true],
  ["unreachable, persisted with 3", modern3, "unreachable", "stopped", 3, true],
  ["unreachable, 1.0 persisted 3", early3, "unreachable", "stopped", 3, true],
  ["unreachable, persisted running", running, "unreachable", "unknown", undefined, false],
  [
    "unreachable, persisted paused",
    { "dir/state.json": modern("paused") },
    "unreachable",
    "unknown",
    undefined,
    false,
  ],
  ["unreachable, nothing persisted", {}, "unreachable", "unknown", undefined, false],
  // state.json elsewhere, or spoilt.
  [
    "persisted in the runroot",
    { "run/state.json": modern("stopped", { exitCode: 9, finished }) },
    "absent",
    "stopped",
    9,
    true,
  ],
  ["state.json cut off", { "dir/state.json": '{"id"' }, "unreachable", "unknown", undefined, false],
  [
    "state.json cut off, the other whole",
    { "dir/state.json": "{", "run/state.json": early("stopped") },
    "absent",
    "stopped",
    0,
    false,
  ],
];

test.each(table)("%s", (_, files, answer, status, exitCode, endKnown) => {
  const state = resolve(files, answer);
  expect([state.status, state.exitCode]).toEqual([status, exitCode]);
  expect(state.finished?.toISOString()).toBe(endKnown ? "2026-11-23T11:00:00.250Z" : undefined);
  expect(state.id).toBe(id);
  const alive = typeof answer === "object" && status !== "stopped";
  expect(state.pid).toBe(alive ? 77 : 0);
});

test.each([
  ["in its directory", { "dir/oom": "" }, true],
  ["in its bundle", { "run/oom": "" }, true],
  ["in state.json", { "dir/state.json": modern("stopped", { oomKilled: true, exitCode: 137 }) }, true],
  ["nowhere", {}, false],
])("an end for want of memory is persisted %s", (_, files, oomKilled) => {
  expect(resolve({ ...exit("137"), ...files }, says("stopped")).oomKilled).toBe(oomKilled);
  expect(resolve({ ...exit("137"), ...files }, "absent").oomKilled).toBe(oomKilled);
  expect(resolve(files, says("running")).oomKilled).toBe(false);
});

test("a container whose process lives while the runtime knows nothing of it is unknown, not stopped", () => {
  const own = { initPid: process.pid, initStartTime: readProcessStat(process.pid)?.startTime };
  const files = { "dir/state.json": modern("running", own) };
  expect(resolve(files, "absent")).toMatchObject({ status: "unknown", pid: process.pid });
  const another = { "dir/state.json": modern("running", { ...own, initStartTime: "1" }) };
  expect(resolve(another, "absent")).toMatchObject({ status: "stopped", pid: 0 });
});

test("what state.json says of version, bundle and annotations stays, the runtime tells the rest", () => {
  const persisted = { "dir/state.json": modern("created", { annotations: { from: "disk" }, error: "e" }) };
  expect(resolve(persisted, says("running"))).toMatchObject({
    ociVersion: "1.0.2",
    bundle: "/b",
    // A rename changes them here, and not in what the runtime keeps.
    annotations: { from: "disk" },
    started: new Date(started),
    error: "e",
  });
  expect(resolve({}, says("running"))).toMatchObject({
    ociVersion: "1.0.2-dev",
    bundle: "/run/bundle",
    annotations: { from: "runtime" },
  });
  expect(resolve({}, { ...says("running"), bundle: "" }).bundle).toMatch(/\/run$/);
});

describe("without a state.json", () => {
  const ago = (seconds: number): { createdAt: Date } => ({
    createdAt: new Date(Date.now() - seconds * 1000),
  });

  test.each<[string, number, RuntimeAnswer, ContainerStatus]>([
    ["a young one that no runtime has", 2, "absent", "creating"],
    ["a young one whose runtime hangs", 2, "unreachable", "creating"],
    ["one of a clock that was set back", -60, "absent", "creating"],
    ["a young one that its runtime has made", 2, says("created"), "creating"],
    ["a young one that runs", 2, says("running"), "running"],
    ["a young one that has ended", 2, says("stopped"), "stopped"],
    ["an old one that no runtime has", 241, "absent", "unknown"],
    ["an old one whose runtime hangs", 241, "unreachable", "unknown"],
    ["an old one that waits to be started", 241, says("created"), "created"],
  ])("%s", (_, seconds, answer, status) => {
    const state = resolve({}, answer, ago(seconds));
    expect([state.status, state.exitCode]).toEqual([status, status === "stopped" ? 255 : undefined]);
    // One whose end was written down has ended, however young.
    if (typeof answer !== "object") {
      expect(resolve(exit("3"), answer, ago(seconds))).toMatchObject({ status: "stopped", exitCode: 3 });
    }
  });

  test("one that somebody has removed is not being made", () => {
    const state = resolve({}, "absent", { ...ago(2), hasRecord: false });
    expect([state.status, state.exitCode]).toEqual(["stopped", 255]);
  });

  test.each(["dir", "run"])("a young one with a state in its %s is what that says", (place) => {
    const files = { [`${place}/state.json`]: modern("running") };
    expect(resolve(files, "absent", ago(2)).status).toBe("stopped");
    expect(resolve({ [`${place}/state.json`]: "{" }, "absent", ago(2)).status).toBe("stopped");
  });
});
