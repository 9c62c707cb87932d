import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { pathsBelow } from "../helpers/listing";
import { namesOnDisk } from "../helpers/names-on-disk";
import { persistedState, tracesOf, useNode, usePod } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { until } from "../helpers/until";
import { withoutWaits } from "../helpers/waits";

const node = useNode();
const pod = usePod(node, "shop");

const endless = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

async function each<T>(names: readonly string[], make: (name: string) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (const name of names) made.push(await make(name));
  return made;
}

/** Runs all of them to their end, also when one fails: nothing may be at work any more when the node is taken down. */
async function atOnce<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** Files that a writer makes for a moment only, and journals of renames. */
function halfWritten(): string[] {
  const { root, runRoot } = node.world;
  return [root, runRoot]
    .flatMap((place) =>
      ["overlay-containers", "overlay-layers", "overlay-images", "kpod"].map((name) => join(place, name)),
    )
    .filter((place) => existsSync(place))
    .flatMap((place) => pathsBelow(place).map((name) => join(place, name)))
    .filter((path) => /\.tmp-|\/kpod\//.test(path));
}

const fullName = (name: string): string => `k8s_${name}_shop_default_${pod.uid}_0`;

test("ten kpods at work in one store with containers-storage and podman lose and spoil nothing", async () => {
  const { world } = node;
  const renamed = await each(["left", "right"], (name) => node.create(pod, name, "true"));
  const stopped = await each(["stop-1", "stop-2"], (name) => node.start(pod, name, endless));
  const removed = await each(["rm-1", "rm-2", "rm-3", "rm-4"], (name) => node.start(pod, name, "sleep 1000"));
  const theirs: string[] = [];

  const rename = async ({ id }: Container, name: string): Promise<void> => {
    for (let turn = 1; turn <= 3; turn++)
      expect(await node.ok("rename", id, fullName(`${name}-${turn}`))).toBe("");
  };
  const remove = async (containers: readonly Container[]): Promise<void> => {
    for (const { id } of containers) expect(await node.ok("rm", "-f", id)).toBe(`${id}\n`);
  };
  const started: string[] = [];
  const run = async (name: string): Promise<void> => {
    for (let turn = 1; turn <= 2; turn++) {
      const args = ["--pod", pod.id, "--name", `${name}-${turn}`, "busybox", "sh", "-c", endless];
      started.push((await node.ok("run", "-d", ...args)).trim());
    }
  };
  const look = async (...args: string[]): Promise<void> => {
    for (let turn = 1; turn <= 4; turn++) {
      const ids = (JSON.parse(await node.ok(...args)) as { id: string }[]).map(({ id }) => id);
      // What nobody touches is always there, and nothing twice.
      expect(ids).toEqual(expect.arrayContaining([...renamed, ...stopped].map(({ id }) => id)));
      expect(new Set(ids).size).toBe(ids.length);
    }
  };
  const containersStorage = async (...args: string[]): Promise<string> =>
    succeeded(await world.containersStorage(args), `containers-storage ${args.join(" ")}`).stdout;
  const write = async (): Promise<void> => {
    for (let turn = 1; turn <= 5; turn++) {
      const text = await containersStorage(
        "create-container",
        "--name",
        `cs-${turn}`,
        "--json",
        pod.infraContainer.imageId,
      );
      const { id } = JSON.parse(text) as { id: string };
      await containersStorage("set-metadata", "--metadata", `note ${turn}`, id);
      if (turn % 2 === 0) await containersStorage("delete-container", id);
      else theirs.push(id);
    }
  };
  const podman = async (): Promise<void> => {
    for (let turn = 1; turn <= 3; turn++) {
      const list = await world.podman(["ps", "--all", "--storage", "--format", "json"]);
      // It gives up when one of those that it has listed is removed before it looks at it.
      const [, vanished] = /container ([0-9a-f]{64}): container not known$/m.exec(list.stderr) ?? [];
      if (vanished === undefined) succeeded(list, "podman ps");
      else expect([...renamed, ...stopped].map(({ id }) => id)).not.toContain(vanished);
      succeeded(await world.podman(["images"]), "podman images");
    }
  };

  await atOnce([
    ...renamed.map((container, index) => rename(container, `renamed-${index}`)),
    ...stopped.map(async ({ id }) => {
      expect(await node.ok("stop", id)).toBe(`${id}\n`);
    }),
    remove(removed.slice(0, 2)),
    remove(removed.slice(2)),
    run("run-a"),
    run("run-b"),
    look("ps", "-a", "--format", "json"),
    look("ps", "-a", "--size", "--format", "json"),
    write(),
    podman(),
  ]);

  await node.agree();
  for (const container of removed) expect(tracesOf(world, container)).toEqual([]);
  renamed.forEach((container, index) => {
    expect([...namesOnDisk(world, container)]).toEqual([fullName(`renamed-${index}-3`)]);
  });
  expect(stopped.map((container) => persistedState(container))).toMatchObject([
    { status: "stopped", exitCode: 0 },
    { status: "stopped", exitCode: 0 },
  ]);
  const own = [...renamed, ...stopped].map(({ id }) => id);
  const rows = JSON.parse(await node.ok("ps", "-a", "--format", "json")) as { id: string }[];
  expect(rows.map(({ id }) => id).sort()).toEqual([...own, ...started].sort());
  const listed = JSON.parse(await containersStorage("containers", "--json")) as {
    id: string;
    metadata: string;
  }[];
  expect(listed.map(({ id }) => id).sort()).toEqual([pod.id, ...own, ...started, ...theirs].sort());
  expect(listed.filter(({ id }) => theirs.includes(id)).map(({ metadata }) => metadata)).toEqual([
    "note 1",
    "note 3",
    "note 5",
  ]);
  expect(halfWritten()).toEqual([]);

  for (const id of theirs) await containersStorage("delete-container", id);
  await node.ok("rm", "-f", ...own, ...started);
  await node.agree();
  expect((await world.runc(["list", "--quiet"])).stdout.trim()).toBe(pod.id);
}, 120_000);

/** Runs several kpods at once. @returns what those that failed said; those that succeeded said nothing odd */
async function refusals(...calls: readonly (readonly string[])[]): Promise<string[]> {
  const results = await atOnce(calls.map((args) => node.kpod(...args)));
  return results.flatMap(({ exitCode, stderr }) => {
    const said = withoutWaits(stderr).trimEnd();
    if (exitCode === 0) expect(said).toBe("");
    return exitCode === 0 ? [] : [said];
  });
}

test("all of them at the same container: each succeeds or says why not, and it is whole or gone", async () => {
  const { world } = node;
  const one = await node.start(pod, "one", endless);
  const others = await each(["other-1", "other-2", "other-3"], (name) => node.create(pod, name, "true"));

  // Names: of several that want the same, one has it.
  const taken = await refusals(...others.map(({ id }) => ["rename", id, fullName("wanted")]));
  expect(taken).toHaveLength(others.length - 1);
  for (const line of taken) {
    expect(line).toMatch(/^Error: conflict, name "k8s_wanted_\S+" already reserved for ctr "[0-9a-f]{64}"/);
  }
  const names = others.map((container) => [...namesOnDisk(world, container)]);
  expect(names.map((all) => all.length)).toEqual([1, 1, 1]);
  expect(names.flat()).toContain(fullName("wanted"));

  const renames = ["a", "b", "c", "d"].map((letter) => fullName(`one-${letter}`));
  expect(await refusals(...renames.map((name) => ["rename", one.id, name]))).toEqual([]);
  const [name, ...more] = namesOnDisk(world, one);
  expect([renames.includes(name ?? ""), more]).toEqual([true, []]);

  const launch = ["run", "-d", "--pod", pod.id, "--name", "launched", "busybox", "sh", "-c", endless];
  const refused = await refusals(launch, launch, launch);
  expect(refused).toHaveLength(2);
  for (const line of refused) expect(line).toMatch(/^Error: conflict, name "k8s_launched_/);
  await node.agree();

  // Ends: whoever comes too late finds it stopped, or nothing any more.
  expect(await refusals(["stop", one.id], ["stop", "-t", "0", one.id], ["stop", one.id])).toEqual([]);
  const late = await refusals(
    ["rm", "-f", one.id],
    ["rm", "-f", one.id],
    ["rm", one.id],
    ["rm", "-f", "launched"],
    ["rm", "-f", "launched"],
    ["stop", "launched"],
    ["kill", "launched"],
    ["inspect", "launched"],
    ["rename", one.id, fullName("late")],
  );
  const honestly = new RegExp(
    [
      "^Error: container with ID starting with \\S+ not found: ID does not exist",
      "^Error: cannot kill container [0-9a-f]{64}: it is not running$",
      "^Error: container [0-9a-f]{64} has left the store meanwhile$",
    ].join("|"),
  );
  for (const line of late) expect(line).toMatch(honestly);
  expect(tracesOf(world, one)).toEqual([]);
  await node.ok("rm", ...others.map(({ id }) => id));
  await node.agree();
  expect((await world.runc(["list", "--quiet"])).stdout.trim()).toBe(pod.id);
  expect(halfWritten()).toEqual([]);
}, 120_000);

const bundleOf = (id: string): string => join(node.world.runRoot, "overlay-containers", id, "userdata");

/** How far a launch has come. */
const launching: readonly [what: string, isThere: (id: string) => boolean][] = [
  ["it is on record", () => true],
  ["its spec is written", (id) => existsSync(join(bundleOf(id), "config.json"))],
  ["its runtime has it", (id) => existsSync(join(node.world.runtimeRoots.runc, id, "state.json"))],
];

test.each(launching)(
  "of a container that is launched nothing is left when its pod goes once %s",
  async (_, isThere) => {
    const { world } = node;
    const doomed = await node.pod("doomed");
    const launched = (): { id: string; layer: string } | undefined => {
      const text = readFileSync(join(world.root, "overlay-containers/containers.json"), "utf8");
      const records = JSON.parse(text) as { id: string; layer: string; names: string[] }[];
      return records.find(({ names }) => names[0]?.startsWith("k8s_late_"));
    };
    let late: ReturnType<typeof launched>;
    const run = node.kpod("run", "-d", "--pod", doomed.id, "--name", "late", "busybox", "sh", "-c", endless);
    await until("the launch has come so far", () => {
      late = launched();
      return late !== undefined && isThere(late.id);
    });
    const [removed, ran] = await atOnce([node.kpod("pod", "rm", "-f", doomed.id), run]);
    expect([removed?.exitCode, withoutWaits(removed?.stderr ?? "")]).toEqual([0, ""]);
    const overtaken = "Error: container late is not launched: pod doomed was stopped or removed meanwhile\n";
    if (ran?.exitCode !== 0) expect(withoutWaits(ran?.stderr ?? "")).toBe(overtaken);
    expect(late && tracesOf(world, { id: late.id, layerId: late.layer })).toEqual([]);
    expect(tracesOf(world, doomed.infraContainer)).toEqual([]);
    await node.agree();
  },
  120_000,
);
