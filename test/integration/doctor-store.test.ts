import {
  closeSync,
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
import { expectSound, inShort, looked } from "../helpers/doctor";
import { useNode, usePod } from "../helpers/node";
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

type JsonRecord = Record<string, unknown> & { id: string };

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

/** Mends all, which a second look and the other programs must find sound. */
async function mended(): Promise<void> {
  await node.ok(...mending);
  await expectSound(node, "--min-age", "0s");
}

test("what no record has, and what waits in temporary directories, is told and deleted", async () => {
  const id = testId("stray");
  const directories = ["overlay", "overlay-images", "overlay-containers"].map((name) => inRoot(name, id));
  const link = inRoot("overlay/l", "STRAY".padEnd(26, "X"));
  const temporary = inRoot("overlay/staging/1");
  for (const path of [join(directories[0] ?? "", "diff"), ...directories, temporary])
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
  old(temporary);
  expect(inShort(await looked(node))).toEqual(
    [
      `storage.layer-unowned leaks ${id} S`,
      `storage.layer-unowned leaks ${directories[1] ?? ""} S`,
      `storage.layer-unowned leaks ${directories[2] ?? ""} S`,
      `storage.layer-unowned leaks ${link} S`,
      `storage.layer-unowned leaks ${unnamed} S`,
      `storage.temp-left leaks ${temporary} S`,
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
  await node.agree();
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
  await node.agree();
});
