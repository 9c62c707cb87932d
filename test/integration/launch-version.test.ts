import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { examinedBy, looked } from "../helpers/doctor";
import { conmonOf, createNode, tracesOf, type Node } from "../helpers/node";
import { layersAtOdds, rawRecords } from "../helpers/modern-world";

// What a launch leaves depends on the version of CRI-O that is to take it over.

interface Expected {
  readonly version: string;
  /** The file of the records of containers. */
  readonly records: string;
  readonly layers: string;
  readonly volatile: boolean;
  /** Names of annotations that are there, and that are not. */
  readonly named: readonly string[];
  readonly absent: readonly string[];
  readonly movesConmon: boolean;
}

const now = ["pod-linux-overhead.crio.io", "platform-runtime-path.crio.io"];
const before = ["io.kubernetes.cri-o.PodLinuxOverhead", "io.kubernetes.cri-o.PlatformRuntimePath"];

describe.each<Expected>([
  {
    version: '"1.36.3+abc"',
    records: "volatile-containers.json",
    layers: "volatile-layers.json",
    volatile: true,
    named: now,
    absent: before,
    movesConmon: false,
  },
  {
    version: '"1.30.1"',
    records: "volatile-containers.json",
    layers: "volatile-layers.json",
    volatile: true,
    named: before,
    absent: now,
    movesConmon: true,
  },
  {
    version: '"1.24.0"',
    records: "containers.json",
    layers: "layers.json",
    volatile: true,
    named: [],
    absent: [...now, ...before],
    movesConmon: true,
  },
])("beside CRI-O $version", ({ version, records, layers, volatile, named, absent, movesConmon }) => {
  let node: Node;
  let pod: Sandbox;
  let web: Container;

  beforeAll(async () => {
    node = await createNode({}, ({ versionFile }) => {
      writeFileSync(versionFile, version);
    });
    pod = await node.pod("shop");
    web = await node.start(pod, "web", "sleep 1000");
  }, 120_000);

  afterAll(() => node.world.destroy(), 120_000);

  test("the records are where it looks for them, and flagged as it flags them", () => {
    const own = [pod.id, web.id];
    const found = rawRecords(node.world, `overlay-containers/${records}`).filter(({ id }) =>
      own.includes(id),
    );
    expect(found.map(({ id, flags }) => [id, flags])).toEqual(
      own.map((id) => [id, { MountLabel: "", ProcessLabel: "", ...(volatile ? { Volatile: true } : {}) }]),
    );
    const layerIds = rawRecords(node.world, `overlay-layers/${layers}`).map(({ id }) => id);
    expect(layerIds).toEqual(expect.arrayContaining([web.layerId, pod.infraContainer.layerId]));
    const all = ["containers.json", "volatile-containers.json"].flatMap((file) =>
      rawRecords(node.world, `overlay-containers/${file}`),
    );
    expect(all.map(({ id }) => id)).toEqual(own);
    expect(layersAtOdds(node.world)).toEqual([]);
  });

  test("to the doctor all of it is sound, on the node and on a disk of another one", async () => {
    expect(await looked(node)).toEqual([]);
    const { server } = await node.openServer();
    expect(await examinedBy(server, [], { live: false })).toEqual([]);
  });

  test("annotations have the names that it knows", () => {
    const keys = [web, pod.infraContainer].flatMap(({ dir }) => {
      const spec = JSON.parse(readFileSync(join(dir, "config.json"), "utf8")) as { annotations: object };
      return Object.keys(spec.annotations);
    });
    expect(keys).toEqual(expect.arrayContaining([...named, "kpod/created-by"]));
    expect(keys.filter((key) => absent.includes(key))).toEqual([]);
  });

  test(`conmon is ${movesConmon ? "moved into a cgroup of its own" : "left where it is"}`, () => {
    const cgroups = readFileSync(`/proc/${conmonOf(web)}/cgroup`, "utf8");
    expect(cgroups.includes(`crio-conmon-${web.id}`)).toBe(movesConmon);
  });

  test("kpod itself looks at them and removes them", async () => {
    const rows = JSON.parse(await node.ok("ps", "--format", "json")) as { id: string; status: string }[];
    expect(rows.map(({ id, status }) => [id, status])).toEqual([[web.id, "running"]]);
    await node.ok("pod", "rm", "-f", "shop");
    expect([...tracesOf(node.world, web), ...tracesOf(node.world, pod.infraContainer)]).toEqual([]);
    expect(rawRecords(node.world, `overlay-containers/${records}`)).toEqual([]);
    expect(existsSync(join(node.world.root, "overlay", web.layerId))).toBe(false);
  });

  test("info and config show the version, and what told it", async () => {
    const text = version.replaceAll('"', "").replace(/\+.*/, "");
    expect(await node.ok("info")).toMatch(
      new RegExp(`^crioVersion: "?${text}"?\ncrioVersionSource: ${node.world.versionFile}$`, "m"),
    );
    expect(JSON.parse(await node.ok("info", "--format", "json"))).toMatchObject({
      crioVersion: text,
      crioVersionSource: node.world.versionFile,
    });
    expect(await node.ok("config")).toMatch(`# CRI-O: ${text}, from ${node.world.versionFile}\n[crio]\n`);
  });
});

test("a launch is refused in one line where a CRI-O of an unknown version has made what is there", async () => {
  const node = await createNode();
  const pod = await node.pod("shop");
  for (const directory of [pod.infraContainer.dir, pod.infraContainer.bundlePath]) {
    const path = join(directory, "config.json");
    writeFileSync(path, readFileSync(path, "utf8").replace("kpod/created-by", "some.other"));
  }
  const config = readFileSync(node.world.config, "utf8");
  // What the world says, it goes by.
  await node.ok("run", "-d", "--pod", "shop", "busybox", "true");
  writeFileSync(node.world.config, config.replace(/^cgroup_manager = .*$/m, ""));
  const before = await node.ok("ps", "-aq");
  for (const command of [
    ["run", "-d", "--pod", "shop", "busybox", "true"],
    ["pod", "run", "--name", "other"],
  ]) {
    expect(await node.refusal(...command)).toMatch(
      /^the version of the CRI-O that uses the store is not known .*crio\.conf: cgroup_manager = "\w+" in \[crio\.runtime\]$/,
    );
  }
  expect(await node.ok("ps", "-aq")).toBe(before);
  writeFileSync(node.world.config, config);
  await node.ok("pod", "rm", "-f", "shop");
  await node.world.destroy();
}, 120_000);
