import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { isAlive } from "../../src/lib/system/process";
import { conmonOf, createNode, pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { expectToFit } from "../helpers/schemas";

const node = useNode();
const pod = usePod(node, "shop", { namespace: "sales" });

/** Takes the records of these containers away. */
function forget(...ids: string[]): void {
  const path = join(node.world.root, "overlay-containers/containers.json");
  const records = JSON.parse(readFileSync(path, "utf8")) as { id: string }[];
  writeFileSync(path, JSON.stringify(records.filter(({ id }) => !ids.includes(id))));
}

/** Takes the runtime's state away: conmon and process go on. */
function forgetInRuntime(id: string): void {
  rmSync(join(node.world.runtimeRoots.runc, id), { recursive: true });
}

const endless = "while :; do sleep 0.1; done";
const orphans = async (...args: string[]): Promise<string> => node.ok("ps", "--orphans", ...args);
const idsOf = async (...args: string[]): Promise<string[]> =>
  (await orphans("-q", "--no-trunc", ...args))
    .split("\n")
    .filter((line) => line !== "")
    .sort();

function expectGone(container: Container): void {
  expect(tracesOf(node.world, container)).toEqual([]);
}

test("none where everything has its record, also not what only has lost its runtime's state", async () => {
  const container = await node.start(pod, "kept", endless);
  expect(await idsOf()).toEqual([]);
  forgetInRuntime(container.id);
  expect(await idsOf()).toEqual([]);
  expect(JSON.parse(await orphans("--format", "json"))).toEqual([]);
  await node.ok("rm", "-f", container.id);
});

test("shown with name, pod and the runtime's state; removed by a prefix", async () => {
  const running = await node.start(pod, "lost", endless);
  const created = await node.create(pod, "waits", endless);
  forget(running.id, created.id);
  expect(await node.ok("ps", "-aq")).toBe("");
  expect(await idsOf()).toEqual([running.id, created.id].sort());

  const table = await orphans("--no-trunc", "--pod");
  expect(table).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES +POD +K8S NAMESPACE\n/);
  expect(table).toMatch(
    new RegExp(`${running.id} .*busybox.* Up .* k8s_lost_shop_sales_\\S+ +shop +sales\n`),
  );
  expect(table).toMatch(
    new RegExp(`${created.id} .*busybox.* Created .* k8s_waits_shop_sales_\\S+ +shop +sales\n`),
  );

  const json = JSON.parse(await orphans("--format", "json")) as { id: string }[];
  expectToFit("ps", json);
  expect(json.find(({ id }) => id === running.id)).toMatchObject({
    id: running.id,
    orphan: true,
    status: "running",
    pid: pidOf(running),
    names: running.name,
    podId: pod.id,
    podName: "shop",
    podNamespace: "sales",
  });
  expect(await orphans("--format", "{{.Names}} {{.State}} {{.Pod}}", "-f", "status=running")).toBe(
    `${running.name} running shop\n`,
  );
  expect(await idsOf("-f", "status=created", "-f", "namespace=sales")).toEqual([created.id]);
  expect(await idsOf("-f", "pod=other")).toEqual([]);

  expect(await node.refusal("rm", running.id)).toContain("ID does not exist");
  expect(await node.ok("rm", "-f", running.id.slice(0, 8), created.id.slice(0, 8))).toBe(
    `${running.id}\n${created.id}\n`,
  );
  for (const container of [running, created]) expectGone(container);
  expect(await idsOf()).toEqual([]);
  await node.agree();
});

test("one that only its conmon knows: it and the process end, and all of it goes", async () => {
  const container = await node.start(pod, "watched", endless);
  const [conmon, pid] = [conmonOf(container), pidOf(container)];
  forget(container.id);
  forgetInRuntime(container.id);
  expect(await orphans("--no-trunc")).toMatch(
    new RegExp(`${container.id} .* Unknown .*k8s_watched_shop_sales`),
  );
  expect(await node.ok("rm", "-f", container.id.slice(0, 10))).toBe(`${container.id}\n`);
  expect([conmon, pid].filter((each) => isAlive({ pid: each }))).toEqual([]);
  for (const directory of [node.world.exitsDir, node.world.attachDir])
    expect(existsSync(join(directory, container.id))).toBe(false);
  expectGone(container);
  await node.agree();
});

test("one whose specs are lost, too, by what its conmon was told", async () => {
  const container = await node.start(pod, "bare", endless);
  const pids = [conmonOf(container), pidOf(container)];
  forget(container.id);
  forgetInRuntime(container.id);
  for (const directory of [container.dir, container.bundlePath]) rmSync(join(directory, "config.json"));
  expect(await orphans("--no-trunc", "--pod")).toMatch(
    new RegExp(`${container.id} .* Unknown +k8s_bare_shop_sales_\\S+ +shop +sales\n`),
  );
  const json = JSON.parse(await orphans("--format", "json")) as unknown;
  expectToFit("ps", json);
  expect(json).toMatchObject([{ id: container.id, command: "", labels: {}, podName: "shop" }]);
  // Its layer is named by nothing any more.
  await node.ok("rm", "-f", container.id);
  expect(pids.filter((pid) => isAlive({ pid }))).toEqual([]);
});

test("a whole pod without records, and a prefix of several", async () => {
  const gone = await node.pod("gone");
  const one = await node.start(gone, "one", endless);
  forget(gone.id, one.id);
  expect(await idsOf()).toEqual([gone.id, one.id].sort());
  expect(await orphans("--pod", "--format", "{{.Pod}}")).toBe("gone\ngone\n");
  expect(await idsOf("-f", "pod=gone")).toEqual([gone.id, one.id].sort());
  expect(await node.ok("rm", "-f", one.id, gone.id)).toBe(`${one.id}\n${gone.id}\n`);
  for (const container of [one, gone.infraContainer]) expectGone(container);
  expect(await idsOf()).toEqual([]);
});

test("those of another store are not this one's", async () => {
  const other = await createNode();
  try {
    const container = await other.start(await other.pod("theirs"), "theirs", endless);
    const runtime = readFileSync(node.world.config, "utf8").replaceAll(
      node.world.runtimeRoots.runc,
      other.world.runtimeRoots.runc,
    );
    const config = join(node.world.scratch, "other.conf");
    writeFileSync(config, runtime);
    expect(await node.ok("-c", config, "ps", "--orphans", "-q")).toBe("");
    expect(await node.refusal("-c", config, "rm", "-f", container.id)).toContain("ID does not exist");
    expect(isAlive({ pid: pidOf(container) })).toBe(true);
  } finally {
    await other.world.destroy();
  }
}, 120_000);
