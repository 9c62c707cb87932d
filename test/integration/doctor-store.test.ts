import { execFileSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { isMountPoint, mount, unmount } from "../../src/lib/system/mount";
import { examined, examinedBy, expectSound, inShort, looked } from "../helpers/doctor";
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
  // No CRI-O persists that it has ended.
  await node.ok("stop", "ended");
  await node.ok("mount", "ended");
}, 120_000);

const inRoot = (...names: string[]): string => join(node.world.root, ...names);

const containersFile = (): string => inRoot("overlay-containers/containers.json");

type JsonRecord = Record<string, unknown> & { id: string };

function records(): JsonRecord[] {
  return JSON.parse(readFileSync(containersFile(), "utf8")) as JsonRecord[];
}

function edit(path: string, change: (records: JsonRecord[]) => JsonRecord[]): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")) as JsonRecord[])));
}

function old(path: string): void {
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

function mountAt(target: string): void {
  mkdirSync(target, { recursive: true });
  mount({ source: "tmpfs", target, type: "tmpfs" });
}

/** Has all mended, which stops at what is mounted: that stays. */
async function expectKept(target: string, said: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await node.kpod(...mending);
  expect(exitCode).not.toBe(0);
  expect(stdout + stderr).toMatch(said);
  expect(isMountPoint(target)).toBe(true);
}

const mending = ["doctor", "--mend", "--quick", "--yes", "--min-age", "0s"];

/** Mends all, which a second look must find sound. */
async function mended(): Promise<void> {
  // Of metadata that cannot be read every command warns.
  expect((await node.kpod(...mending)).exitCode).toBe(0);
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

test("a file of records that has lost all bytes is told, and nothing of it is taken for left over", async () => {
  const before = records().map(({ id }) => id);
  writeFileSync(containersFile(), "");
  const { findings, unknown } = await examined(node, "--min-age", "0s");
  expect(findings.map(({ id, severity, object, mend }) => [id, severity, object.path, mend.class])).toEqual([
    ["storage.record-corrupt", "breaks-now", containersFile(), "S"],
  ]);
  expect(findings[0]?.evidence).toEqual([
    {
      file: containersFile(),
      says: `has no bytes, and lacks ${before.length} containers that have their directories`,
    },
  ]);
  expect(unknown.map(({ id }) => id)).toContain("storage.layer-unowned");
  await mended();
  expect(records().map(({ id }) => id)).toEqual(expect.arrayContaining(before));
  const images = inRoot("overlay-images/images.json");
  const text = readFileSync(images, "utf8");
  writeFileSync(images, "");
  const emptied = await examined(node, "--min-age", "0s");
  expect(emptied.findings.map(({ id, object }) => [id, object.path])).toEqual([
    ["storage.record-corrupt", images],
  ]);
  writeFileSync(images, text);
  await expectSound(node, "--min-age", "0s");
  await node.agree();
});

test("what belongs to a container that runs is not deleted because its record is lost", async () => {
  const texts = [containersFile(), inRoot("overlay-layers/layers.json")].map(
    (path) => [path, readFileSync(path, "utf8")] as const,
  );
  edit(containersFile(), (all) => all.filter(({ id }) => id !== web.id));
  edit(inRoot("overlay-layers/layers.json"), (layers) =>
    layers.map((layer) => (layer.id === web.layerId ? { ...layer, created: "2020-01-01T00:00:00Z" } : layer)),
  );
  const kept = inRoot("overlay-containers", web.id);
  expect(inShort(await looked(node))).toEqual(
    [
      `proc.monitor-orphan leaks ${web.id} S`,
      `storage.layer-unowned leaks ${kept} N`,
      `storage.layer-unowned leaks ${web.layerId} N`,
    ].sort(),
  );
  expect((await node.kpod(...mending)).exitCode).toBe(1);
  expect(existsSync(join(kept, "userdata/config.json"))).toBe(true);
  expect(isMountPoint(inRoot("overlay", web.layerId, "merged"))).toBe(true);
  // Of a pod that runs neither its namespaces are unpinned, nor is its /dev/shm unmounted.
  edit(containersFile(), (all) => all.filter(({ id }) => id !== pod.id && id !== ended.id));
  expect((await looked(node)).map(({ id, mend }) => `${id} ${mend.class}`)).not.toContainEqual(
    expect.stringMatching(/^(ns\.pin-left|storage\.mount-leaked)/),
  );
  for (const [path, text] of texts) writeFileSync(path, text);
  expect(await node.ok("exec", "web", "echo", "here")).toBe("here\n");
  await expectSound(node, "--min-age", "0s");
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

test("what was made by half and left is removed though nobody knows its state: a container, and a pod", async () => {
  const half = await node.start(pod, "half", "exit 0");
  await node.ok("wait", "half");
  const torn = await node.pod("torn");
  await node.ok("pod", "stop", "torn");
  for (const { id, dir, bundlePath } of [half, torn.infraContainer]) {
    for (const directory of [dir, bundlePath, join(node.world.runtimeRoots.runc, id)])
      rmSync(directory, { recursive: true, force: true });
    rmSync(join(node.world.exitsDir, id), { force: true });
  }
  edit(containersFile(), (all) =>
    all.map((record) =>
      [half.id, torn.id].includes(record.id) ? { ...record, created: "2020-01-01T00:00:00Z" } : record,
    ),
  );
  const found = await looked(node, "storage.name-held");
  expect(found.map(({ object, mend }) => [object.id, mend.class, ...mend.commands]).sort()).toEqual(
    [
      [half.id, "Q", `kpod rm -f ${half.id.slice(0, 13)}`],
      [torn.id, "Q", `kpod pod rm -f ${torn.id.slice(0, 13)}`],
    ].sort(),
  );
  await mended();
  await node.agree();
});

test("what no record has, and what waits in temporary directories, is told and deleted", async () => {
  const id = testId("stray");
  const directories = ["overlay", "overlay-images", "overlay-containers"].map((name) => inRoot(name, id));
  const link = inRoot("overlay/l", "STRAY".padEnd(26, "X"));
  const temporary = inRoot("overlay/staging/1");
  const tried = inRoot("overlay/opaque-bug-check44962913");
  const others = inRoot("overlay/backup2024");
  for (const path of [
    join(directories[0] ?? "", "diff"),
    ...directories,
    temporary,
    join(tried, "l1/d"),
    others,
  ])
    mkdirSync(path, { recursive: true });
  symlinkSync(`../${testId("nowhere")}/diff`, link);
  // What is young may be being made.
  await expectSound(node);
  const unnamed = testId("unnamed");
  mkdirSync(inRoot("overlay", unnamed, "diff"), { recursive: true });
  writeFileSync(inRoot("overlay", unnamed, "link"), "UNNAMED".padEnd(26, "X"));
  symlinkSync(`../${unnamed}/diff`, inRoot("overlay/l", "UNNAMED".padEnd(26, "X")));
  edit(inRoot("overlay-layers/layers.json"), (layers) => [
    ...layers,
    { id: unnamed, created: "2020-01-01T00:00:00Z" },
  ]);
  for (const path of [temporary, tried, others]) old(path);
  expect(inShort(await looked(node))).toEqual(
    [
      `storage.layer-unowned leaks ${id} S`,
      `storage.layer-unowned leaks ${directories[1] ?? ""} S`,
      `storage.layer-unowned leaks ${directories[2] ?? ""} S`,
      `storage.layer-unowned leaks ${link} S`,
      `storage.layer-unowned leaks ${unnamed} S`,
      `storage.temp-left leaks ${temporary} S`,
      `storage.temp-left leaks ${tried} S`,
    ].sort(),
  );
  // One that somebody works in is not unmounted for it.
  const merged = inRoot("overlay", unnamed, "merged");
  mountAt(merged);
  const user = openSync(merged, "r");
  try {
    await expectKept(merged, /in use and stays mounted/);
  } finally {
    closeSync(user);
  }
  await mended();
  expect(isMountPoint(merged)).toBe(false);
  expect([tried, others].map((path) => existsSync(path))).toEqual([false, true]);
  await node.agree();
});

test("files that were written to a mount point meanwhile are moved away, and put back by undo", async () => {
  const merged = inRoot("overlay", ended.layerId, "merged");
  unmount(merged);
  const stray = join(merged, "stray");
  writeFileSync(stray, "written meanwhile");
  expect(inShort(await looked(node))).toEqual([`storage.mount-leaked informs ${ended.id} S`]);
  await mended();
  expect(existsSync(stray)).toBe(false);
  await node.ok("doctor", "undo", "--yes");
  expect(readFileSync(stray, "utf8")).toBe("written meanwhile");
  // What is mounted there by now is not moved.
  const [finding] = await looked(node);
  await node.ok("mount", "ended");
  expect((await node.kpod(...mending, finding?.finding ?? "")).exitCode).not.toBe(0);
  await node.ok("umount", "ended");
  await mended();
  expect(existsSync(stray)).toBe(false);
});

test("a layer that was made by half goes; so does one without its directory, with the container that had it", async () => {
  const half = testId("half");
  edit(inRoot("overlay-layers/layers.json"), (layers) => [
    ...layers,
    { id: half, flags: { incomplete: true } },
  ]);
  unmount(inRoot("overlay", ended.layerId, "merged"));
  rmSync(inRoot("overlay", ended.layerId), { recursive: true });
  expect(inShort(await looked(node))).toEqual([
    `storage.layer-incomplete breaks-at-start ${half} S`,
    `storage.layer-lost breaks-now ${ended.layerId} Q`,
  ]);
  // Somebody works in it: no change of the store unmounts that, nor does the one that was to mend it.
  const merged = inRoot("overlay", half, "merged");
  mountAt(merged);
  const user = openSync(merged, "r");
  try {
    await expectKept(merged, /in use and stays mounted/);
    expect(readFileSync(inRoot("overlay-layers/layers.json"), "utf8")).toContain(half);
  } finally {
    closeSync(user);
  }
  await mended();
  expect(await node.ok("ps", "-a", "-q", "--no-trunc")).toBe(`${web.id}\n`);
  await node.agree();
});

test("layers made by half, which every change of the store takes away, are in the history of mendings", async () => {
  const halves = [testId("half"), testId("other half")];
  const add = (): void => {
    edit(inRoot("overlay-layers/layers.json"), (layers) => [
      ...layers,
      ...halves.map((id) => ({ id, flags: { incomplete: true } })),
    ]);
  };
  add();
  const findings = (await looked(node, "storage.layer-incomplete")).map(({ finding }) => finding);
  const printed = (await node.ok(...mending)).trim().split("\n");
  expect([...printed].sort()).toEqual([...findings].sort());
  const lines = (await node.ok("doctor", "history", "--noheading")).trim().split("\n").slice(-2);
  const rows = lines.map((line) => line.split(/ {2,}/).slice(1));
  expect(rows).toEqual(printed.map((finding) => [finding, "mended", "remove it"]));
  const undone = await node.kpod("doctor", "undo", "--yes");
  expect([undone.exitCode, undone.stdout]).toEqual([1, `${[...printed].reverse().join("\n")}\n`]);
  for (const id of halves) expect(undone.stderr).toContain(`layer ${id.slice(0, 13)} was deleted`);
  // Both were named, and one change of the store takes both away.
  add();
  expect((await node.ok(...mending, ...findings)).trim().split("\n").sort()).toEqual([...findings].sort());
  await expectSound(node, "--min-age", "0s");
});

test("an image whose manifest is lost: one that is used is to be pulled, another goes", async () => {
  const images = JSON.parse(readFileSync(inRoot("overlay-images/images.json"), "utf8")) as JsonRecord[];
  const busybox = images.find(({ names }) => String(names).includes("busybox"));
  const [image] = [busybox?.id ?? ""];
  const manifest = inRoot("overlay-images", image, "manifest");
  renameSync(manifest, `${manifest}.away`);
  const [finding, ...others] = await looked(node);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    id: "storage.image-broken",
    object: { id: image },
    evidence: [{ file: manifest, says: "is missing" }],
    consequence: expect.stringMatching(
      /; what there is of it stays: container shop\/\w+(, container shop\/\w+)*$/,
    ) as string,
    mend: { class: "S", commands: [expect.stringMatching(/^kpod pull .*busybox/)] },
  });
  expect(finding?.mend.steps).toBeUndefined();
  renameSync(`${manifest}.away`, manifest);
  const copy = testId("copy");
  edit(inRoot("overlay-images/images.json"), (all) => [
    ...all,
    { ...busybox, id: copy, names: ["localhost/copy:1"] },
  ]);
  mkdirSync(inRoot("overlay-images", copy));
  expect(inShort(await looked(node))).toEqual([`storage.image-broken breaks-now ${copy} S`]);
  const mounted = inRoot("overlay-images", copy, "mounted");
  mountAt(mounted);
  await expectKept(mounted, /something is mounted at/);
  unmount(mounted);
  rmSync(mounted, { recursive: true });
  await mended();
  expect(await node.ok("images", "--format", "{{.Repository}}")).not.toContain("copy");

  // One with fewer layers than its configuration names.
  const sizes = busybox?.["big-data-sizes"] as Record<string, number>;
  const config = Object.keys(sizes).find((name) => name === `sha256:${image}`) ?? "";
  const file = `=${Buffer.from(config).toString("base64")}`;
  cpSync(inRoot("overlay-images", image), inRoot("overlay-images", copy), { recursive: true });
  const text = readFileSync(inRoot("overlay-images", copy, file), "utf8");
  const longer = text.replace(/"diff_ids":\s*\[/, `$&"sha256:${testId("lost")}",`);
  writeFileSync(inRoot("overlay-images", copy, file), longer);
  edit(inRoot("overlay-images/images.json"), (all) => [
    ...all,
    {
      ...busybox,
      id: copy,
      names: ["localhost/copy:1"],
      "big-data-sizes": { ...sizes, [config]: longer.length },
    },
  ]);
  const { server } = await node.openServer();
  const [short, ...more] = await examinedBy(server, ["storage.image-broken"]);
  expect(more).toEqual([]);
  expect(short).toMatchObject({
    object: { id: copy },
    evidence: [{ says: "gives the image a layer that has 0 beneath it" }, { says: "names 2 layers" }],
  });
  await node.ok("doctor", "--mend", "--yes", "storage.image-broken");
  await node.agree();
});
