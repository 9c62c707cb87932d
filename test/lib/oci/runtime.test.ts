import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defaultRuntimeHandler, type RuntimeHandler } from "../../../src/lib/config/runtime-handlers";
import type { ContainerServer } from "../../../src/lib/container-server";
import { nodeInfo } from "../../../src/lib/operations/info";
import { isAlive } from "../../../src/lib/system/process";
import { stateOf } from "../../helpers/captured-stores";
import { failureOf } from "../../helpers/failure";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";

const handlers = ["runc", "kata", "slow", "gone"];

/** A node with a pod and a container for each handler, and one of the platform's own program. */
function world(): string {
  const containers = handlers.map((handler): TestContainer => {
    const annotations = { "io.kubernetes.cri-o.RuntimeHandler": handler === "runc" ? "" : handler };
    const pod = {
      id: testId(`pod ${handler}`),
      name: `${handler}-pod`,
      namespace: "n",
      uid: "u",
      annotations,
    };
    return { id: testId(handler), pod, name: handler };
  });
  const [first] = containers;
  if (first === undefined) throw new Error("no container");
  const arm: TestContainer = {
    id: testId("arm"),
    pod: first.pod,
    name: "arm",
    annotations: { "platform-runtime-path.crio.io": "ARM" },
  };
  const list = (names: string[]): string =>
    JSON.stringify(names.map((name) => ({ id: testId(name), status: "running", pid: process.pid })));
  const directory = testdir({
    ...storeTree(
      containers.map(({ pod }) => pod),
      [...containers, arm],
    ),
    "runtime/": null,
    "slow-runtime/": null,
    "bin/runc": {
      content: `#!/bin/sh\n[ $3 = --version ] && exec echo runc 7\necho '${list(["runc"])}'\n`,
      mode: 0o755,
    },
    "bin/arm": { content: `#!/bin/sh\necho '${list(["arm"])}'\n`, mode: 0o755 },
    "bin/slow": { content: `#!/bin/sh\necho $$ >> $2/pid\nsleep 600\n`, mode: 0o755 },
  });
  const spec = join(directory, "root/overlay-containers", testId("arm"), "userdata/config.json");
  writeFileSync(spec, readFileSync(spec, "utf8").replace("ARM", join(directory, "bin/arm")));
  return directory;
}

function serverOf(directory: string, fields: Partial<RuntimeHandler> = {}): TestServer {
  const of = (name: string, further: Partial<RuntimeHandler> = {}): RuntimeHandler => ({
    ...defaultRuntimeHandler(),
    runtimePath: join(directory, "bin", name),
    runtimeRoot: join(directory, "runtime"),
    ...further,
  });
  const runtimes = {
    runc: of("runc", fields),
    // Its shim is not even there: nobody would call it.
    kata: of("containerd-shim-kata-v2", { runtimeType: "vm" }),
    slow: of("slow", { runtimeRoot: join(directory, "slow-runtime") }),
  };
  return testServer(directory, { runtimes }, { runtimeLimits: { callMs: 300 } });
}

function states(server: ContainerServer): Record<string, string> {
  return Object.fromEntries(
    server.listContainers().map((container) => [container.metadata.name, stateOf(container)]),
  );
}

/** The runtimes that hang and were given up must not stay. */
async function expectGivenUp(directory: string): Promise<void> {
  const pids = readFileSync(join(directory, "slow-runtime/pid"), "utf8").trim().split("\n").map(Number);
  await until("the runtime is gone", () => !pids.some((pid) => isAlive({ pid })));
}

test("each container is looked up at the handler of its pod, and what fails there is no matter to others", async () => {
  const directory = world();
  const { server, logger } = serverOf(directory);
  await server.update();
  expect(states(server)).toEqual({
    runc: "running",
    // Nobody ever persisted a state of it.
    arm: "unknown",
    kata: "unknown",
    slow: "unknown",
    gone: "unknown",
  });
  // Of a runtime of virtual machines nothing can be said, and that is no fault.
  expect(logger.warnings.filter((message) => message.includes("kata"))).toEqual([]);
  expect(logger.warnings.filter((message) => message.includes("did not answer within 0.3 s"))).toHaveLength(
    1,
  );
  expect(logger.warnings.filter((message) => message.includes("runtime handler gone"))).toHaveLength(1);
  await expectGivenUp(directory);
});

test("a machine of its own cannot be acted on, which is said", async () => {
  const { server } = serverOf(world());
  await server.update();
  const container = server.lookupContainer("kata");
  expect((await failureOf(server.containerKill("kata", 9))).message).toContain("its state is unknown");
  const error = await failureOf(server.runtime.killContainer(container, 9));
  expect([error.code, error.message]).toEqual([
    "UNSUPPORTED",
    "the runtime kata runs virtual machines, which only CRI-O can drive",
  ]);
});

test("the end of such a container is known from what conmon or CRI-O wrote", async () => {
  const directory = world();
  const { server } = serverOf(directory);
  writeFileSync(join(directory, "root/overlay-containers", testId("kata"), "userdata/exit"), "9");
  await server.update();
  expect(states(server).kata).toBe("stopped 9");
});

test("a program for the container's platform is called only when the configuration names it too", async () => {
  const directory = world();
  const own = { platformRuntimePaths: { "linux/arm64": join(directory, "bin/arm") } };
  const { server } = serverOf(directory, own);
  await server.update();
  expect(states(server)).toMatchObject({ runc: "running", arm: "running" });
  expect(server.runtime.path(server.lookupContainer("arm"))).toBe(join(directory, "bin/arm"));
  const other = { platformRuntimePaths: { "linux/arm64": "/opt/another" } };
  expect(serverOf(directory, other).server.runtime.path()).toBe(join(directory, "bin/runc"));
});

test("the only handler in the table is asked for the pods that name it, the built-in default for the others", async () => {
  const directory = world();
  const slow = {
    ...defaultRuntimeHandler(),
    runtimePath: join(directory, "bin/runc"),
    runtimeRoot: directory,
  };
  const { server } = testServer(directory, {
    runtimes: { slow },
    defaultRuntime: "runc",
    runtime: join(directory, "bin/arm"),
  });
  await server.updateRecords();
  const pathOf = (name: string): string => server.runtime.path(server.lookupContainer(name));
  expect([pathOf("slow"), pathOf("runc")]).toEqual(
    ["bin/runc", "bin/arm"].map((name) => join(directory, name)),
  );
});

test("a runtime whose state directory is missing is not called: it would make it", async () => {
  const directory = world();
  rmSync(join(directory, "slow-runtime"), { recursive: true });
  const { server, logger } = serverOf(directory);
  await server.update();
  expect(existsSync(join(directory, "slow-runtime"))).toBe(false);
  expect(logger.warnings.filter((message) => message.includes("slow"))).toEqual([]);
});

test("a runtime that makes its state directory whatever it is asked is asked its version with one that is there", async () => {
  const directory = testdir({
    "root/": null,
    "bin/crun": { content: '#!/bin/sh\nmkdir -p "$2"\necho "crun 1.8 of $2"\n', mode: 0o755 },
  });
  const of = (runtimeRoot: string): RuntimeHandler => ({
    ...defaultRuntimeHandler(),
    runtimePath: join(directory, "bin/crun"),
    runtimeRoot,
  });
  const missing = join(directory, "missing/crun");
  const { server } = testServer(directory, {
    defaultRuntime: "a",
    runtimes: { a: of(missing), b: of(directory) },
  });
  const { runtimes } = await nodeInfo(server);
  expect(runtimes.map(({ version }) => version)).toEqual(["crun 1.8 of /", `crun 1.8 of ${directory}`]);
  expect(existsSync(dirname(missing))).toBe(false);
});

test("the node's facts: runtimes with their versions, counts, and where values come from", async () => {
  const directory = world();
  const { server } = serverOf(directory);
  server.config.set({ logLevel: "info" } as never, "/etc/some.conf");
  server.config.versionFile = join(directory, "version");
  writeFileSync(server.config.versionFile, '"1.36.3"\n');
  const info = await nodeInfo(server);
  expect(info.store).toMatchObject({
    root: join(directory, "root"),
    driver: "overlay",
    exists: true,
    containers: { total: 5, creating: 0, created: 0, running: 1, paused: 0, stopped: 0, unknown: 4 },
    pods: { total: 4, ready: 0 },
    images: 0,
  });
  expect(info.runtimes.map(({ name, version, default: chosen }) => [name, version, chosen])).toEqual([
    ["runc", "runc 7", true],
    ["kata", "", false],
    ["slow", "", false],
  ]);
  expect([info.crioVersion, info.crioVersionSource]).toEqual(["1.36.3", server.config.versionFile]);
  expect(info.config.sources).toMatchObject({ logLevel: "/etc/some.conf" });
  expect(info.host.cgroupVersion).toMatch(/^(v1|v2|hybrid)$/);
  expect([info.host.cpus > 0, info.host.memory > 2 ** 24]).toEqual([true, true]);
  await expectGivenUp(directory);
});
