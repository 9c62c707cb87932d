import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { runtimeProgram } from "../../scripts/lib/layout.mjs";
import { readRuntimeFiles } from "../../src/lib/oci/state/runtime-files";
import { queryRuntimeState, type RuntimeState } from "../../src/lib/oci/state/runtime";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { createNode, type Node } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { testId } from "../helpers/store-tree";
import { until } from "../helpers/until";

/** What is read from the files of a runtime is what the runtime says, state by state. */
describe.each(["runc", "crun"] as const)("the files of %s", (runtime) => {
  let node: Node;
  let pod: Sandbox;

  beforeAll(async () => {
    node = await createNode({ runtime });
    pod = await node.pod("shop");
  }, 120_000);

  afterAll(() => node.world.destroy(), 120_000);

  const root = (): string => node.world.runtimeRoots[runtime];
  const directory = (id: string): string => join(root(), id);
  const ofFiles = (id: string): RuntimeState | undefined => readRuntimeFiles(runtime, directory(id), id);
  const ofRuntime = (id: string): Promise<RuntimeState | undefined> => {
    const path = runtimeProgram(node.world, runtime) ?? runtime;
    return queryRuntimeState({ name: runtime, path, root: root(), monitor: "" }, id);
  };
  const runtimeDoes = async (...words: string[]): Promise<void> => {
    succeeded(await node.world.runtime(words), `${runtime} ${words.join(" ")}`);
  };

  /** Compares all that both say. */
  async function expectAgreement(id: string, status: string): Promise<void> {
    const said = await ofRuntime(id);
    expect(said?.status).toBe(status);
    const read = ofFiles(id);
    expect(
      read && {
        id: read.id,
        status: read.status,
        pid: read.pid,
        bundle: read.bundle,
        ociVersion: read.ociVersion,
        annotations: read.annotations,
        created: read.created,
      },
    ).toEqual(said);
  }

  test("created, and frozen before it is started", async () => {
    const { id } = await node.create(pod, "made", "exit 0");
    await expectAgreement(id, "created");
    if (runtime === "runc") {
      await runtimeDoes("pause", id);
      await expectAgreement(id, "paused");
      await runtimeDoes("resume", id);
    }
    await node.ok("rm", "made");
    expect(ofFiles(id)).toBeUndefined();
  });

  test("running, paused, running again, killed", async () => {
    const labels = { "a.b/c": 'x=1,"é"\n' };
    const { id } = await node.start(pod, "web", "sleep 1000", { labels, annotations: labels });
    await expectAgreement(id, "running");
    await runtimeDoes("pause", id);
    await expectAgreement(id, "paused");
    await runtimeDoes("resume", id);
    await expectAgreement(id, "running");
    await runtimeDoes("kill", id, "KILL");
    await until("it has ended", async () => (await ofRuntime(id))?.status === "stopped");
    await expectAgreement(id, "stopped");
    await node.ok("rm", "web");
  });

  test("frozen with a cgroup above its own", async () => {
    const { id } = await node.start(pod, "inner", "sleep 1000");
    const freezers = cgroupDirectories(node.world.cgroupParent)
      .filter((path) => path.endsWith(node.world.cgroupParent))
      .map((path) => join(path, "freezer.state"))
      .filter((path) => existsSync(path));
    for (const freezer of freezers) {
      writeFileSync(freezer, "FROZEN");
      await until("it is frozen", () => readFileSync(freezer, "utf8").trim() === "FROZEN");
    }
    try {
      // runc looks at who froze it, crun does not.
      await expectAgreement(id, freezers.length > 0 && runtime === "crun" ? "paused" : "running");
    } finally {
      for (const freezer of freezers) writeFileSync(freezer, "THAWED");
    }
    await node.ok("rm", "-f", "inner");
  });

  test("the pid belongs to another process by now", async () => {
    const { id } = await node.start(pod, "reused", "sleep 1000");
    const path = join(directory(id), runtime === "runc" ? "state.json" : "status");
    const text = readFileSync(path, "utf8");
    const start = /"(?:init_process_start|process-start-time)":\s*(\d+)/;
    expect(text).toMatch(start);
    writeFileSync(
      path,
      text.replace(start, (whole, ticks: string) => whole.replace(ticks, String(Number(ticks) - 1))),
    );
    await expectAgreement(id, "stopped");
    writeFileSync(path, text);
    await expectAgreement(id, "running");
    await node.ok("rm", "-f", "reused");
  });

  test("what is not of the known form is left to the runtime", () => {
    const id = testId("strange");
    const path = join(directory(id), runtime === "runc" ? "state.json" : "status");
    mkdirSync(directory(id));
    expect(ofFiles(id)).toBeUndefined();
    for (const text of ["", "{", "[]", "{}", `{"id":"${id}"}`, '{"pid":1,"process-start-time":"1"}']) {
      writeFileSync(path, text);
      expect(ofFiles(id)).toBeUndefined();
    }
    const other = `{"id":"${testId("other")}","init_process_pid":1,"init_process_start":1,"created":"2026-01-01T00:00:00Z","config":{}}`;
    writeFileSync(path, other);
    expect(ofFiles(id)).toBeUndefined();
  });
});
