import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { isMountPoint } from "../../src/lib/system/mount";
import { examined, expectSound, inShort, looked } from "../helpers/doctor";
import { contentsOf, useNode, usePod } from "../helpers/node";
import { testId } from "../helpers/store-tree";

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;
let ended: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
  ended = await node.start(pod, "ended", "exit 3");
  await node.ok("wait", "ended");
}, 120_000);

const inRoot = (...names: string[]): string => join(node.world.root, ...names);
const containersFile = (): string => inRoot("overlay-containers/containers.json");

type JsonRecord = Record<string, unknown> & { id: string };

function records(): JsonRecord[] {
  return JSON.parse(readFileSync(containersFile(), "utf8")) as JsonRecord[];
}

async function mended(): Promise<void> {
  // Of metadata that cannot be read every command warns.
  expect((await node.kpod("doctor", "--mend", "--quick", "--yes", "--min-age", "0s")).exitCode).toBe(0);
  await expectSound(node, "--min-age", "0s");
}

test("torn records of containers are made anew from their directories, and all programs read them", async () => {
  const before = records();
  const shown = await node.ok("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Image}}");
  const text = readFileSync(containersFile(), "utf8");
  writeFileSync(containersFile(), text.slice(0, text.indexOf("}") + 20));
  const { findings, unknown } = await examined(node, "--min-age", "0s", "storage.record-corrupt");
  expect(unknown).toEqual([]);
  expect(findings.map(({ id, object, mend }) => [id, object.path, mend.class])).toEqual([
    ["storage.record-corrupt", containersFile(), "S"],
  ]);
  expect(findings[0]?.mend.what).toMatch(/make \d anew from their directories/);
  await mended();
  const after = records();
  expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
  for (const record of before) {
    const { names, layer, image, metadata } = after.find(({ id }) => id === record.id) ?? { id: "" };
    expect({ names, layer, image }).toEqual({
      names: record.names,
      layer: record.layer,
      image: record.image,
    });
    const persisted = (value: unknown): unknown => {
      const fields = JSON.parse(String(value)) as JsonRecord;
      // The name that was asked for, and how it was started, stand nowhere else.
      return { ...fields, "image-name": undefined, privileged: undefined };
    };
    expect(persisted(metadata)).toEqual(persisted(record.metadata));
  }
  expect(await node.ok("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Image}}")).toBe(shown);
  await node.agree();
});

test("torn records of layers and mounts, metadata that cannot be read, and an empty spec", async () => {
  const paths = contentsOf(node.world).filter((line) => line.startsWith("/"));
  writeFileSync(inRoot("overlay-layers/layers.json"), '[{"id":"');
  const mounts = join(node.world.runRoot, "overlay-layers/mountpoints.json");
  writeFileSync(mounts, "[{");
  expect(inShort(await looked(node, "storage.record-corrupt"))).toEqual([
    `storage.record-corrupt breaks-now ${inRoot("overlay-layers/layers.json")} S`,
    `storage.record-corrupt breaks-now ${mounts} S`,
  ]);
  await mended();
  await node.agree();
  expect(
    contentsOf(node.world).filter((line) => line.startsWith("/") && !/libpod|NetworkBackend/.test(line)),
  ).toEqual(paths.filter((line) => !/libpod|NetworkBackend/.test(line)));

  writeFileSync(
    containersFile(),
    JSON.stringify(
      records().map((record) => (record.id === web.id ? { ...record, metadata: '{"pod-' } : record)),
    ),
  );
  writeFileSync(join(ended.dir, "config.json"), "");
  expect(inShort(await looked(node))).toEqual(
    [
      `storage.record-corrupt breaks-at-start ${web.id} S`,
      `storage.record-corrupt breaks-at-start ${ended.id} S`,
    ].sort(),
  );
  await mended();
  expect(await node.ok("inspect", "--format", "{{.Name}}", "ended")).toContain("ended");
});

test("a name that is held, a mount that is left, and what CRI-O does next", async () => {
  const layer = testId("half-layer");
  const half = await node.start(pod, "half", "exit 0");
  await node.ok("wait", "half");
  await node.ok("umount", "half");
  for (const directory of [half.dir, half.bundlePath]) rmSync(directory, { recursive: true });
  expect(inShort(await looked(node))).toEqual([`storage.name-held breaks-now ${half.id} Q`]);
  await mended();

  const merged = inRoot("overlay", layer, "merged");
  mkdirSync(merged, { recursive: true });
  execFileSync("mount", [
    "-t",
    "overlay",
    "overlay",
    "-o",
    `lowerdir=${node.world.scratch}:${node.world.logDir}`,
    merged,
  ]);
  try {
    expect(inShort(await looked(node, "storage.mount-leaked"))).toEqual([
      `storage.mount-leaked leaks ${merged} S`,
    ]);
    await mended();
    expect(existsSync(merged)).toBe(false);
  } finally {
    if (isMountPoint(merged)) execFileSync("umount", [merged]);
  }

  const { cleanShutdownFile } = node.world;
  writeFileSync(`${cleanShutdownFile}.supported`, "");
  const clean = (await examined(node)).findings;
  expect(clean.map((each) => [each.id, each.severity, each.mend.class])).toContainEqual([
    "storage.wipe-ahead",
    "informs",
    "X",
  ]);
  rmSync(inRoot("overlay/l", readFileSync(inRoot("overlay", web.layerId, "link"), "utf8")));
  mkdirSync(inRoot("overlay", layer));
  const { forecast, findings } = await examined(node, "--min-age", "0s");
  expect(findings.map((each) => [each.id, each.severity])).toEqual(
    expect.arrayContaining([
      ["storage.wipe-ahead", "breaks-at-start"],
      ["storage.layer-unowned", "leaks"],
    ]),
  );
  expect(forecast).toMatchObject({
    action: "repair",
    why: [expect.stringContaining(cleanShutdownFile), expect.any(String)],
  });
  await node.ok(
    "doctor",
    "--mend",
    "--quick",
    "--yes",
    "--min-age",
    "0s",
    "storage.layer-unowned",
    "storage.link-lost",
  );
  const [ahead] = await looked(node, "storage.wipe-ahead");
  await node.ok("doctor", "--mend", "--quick", "--yes", ahead?.finding ?? "");
  expect(existsSync(cleanShutdownFile)).toBe(true);
  await expectSound(node);
  await node.agree();
});
