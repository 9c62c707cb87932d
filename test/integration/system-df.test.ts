import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testId } from "../helpers/store-tree";
import type { Container } from "../../src/lib/oci/container";
import { startLocker } from "../helpers/record-lock";
import { useNode, usePod } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { expectToFit } from "../helpers/schemas";

const node = useNode();
const pod = usePod(node, "shop");
let ended: Container;

const megabyte = 1_048_576;

interface Item {
  kind: string;
  id: string;
  name: string;
  path: string;
  size: number;
  shared: number;
  frees: number;
  active: boolean;
}
interface Row {
  type: string;
  total: number;
  active: number;
  size: number;
  reclaimable: number;
  items: Item[];
}

async function rows(): Promise<Record<string, Row>> {
  const list = JSON.parse(await node.ok("system", "df", "-v", "--format", "json")) as Row[];
  expectToFit("system-df", list);
  return Object.fromEntries(list.map((row) => [row.type, row]));
}

function du(...paths: string[]): number {
  const lines = execFileSync("du", ["-sxB1", ...paths], { encoding: "utf8" })
    .trim()
    .split("\n");
  return lines.reduce((sum, line) => sum + Number(line.split("\t")[0]), 0);
}

function old(path: string): void {
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

beforeAll(async () => {
  await node.start(pod, "web", "echo said; sleep 1000");
  ended = await node.start(pod, "ended", "dd if=/dev/urandom of=/made bs=1M count=3 2>/dev/null; exit 3");
  await node.ok("wait", "ended");
  // As image_volumes = "bind" makes them.
  mkdirSync(join(ended.bundlePath, "volumes/0"), { recursive: true });
  writeFileSync(join(ended.bundlePath, "volumes/0/data"), "x".repeat(100_000));
  succeeded(await node.world.podman(["create", "--name", "theirs", "localhost/busybox"]), "podman create");
}, 120_000);

test("tells what images, containers and logs take; the sum is what du says of the root", async () => {
  const { root } = node.world;
  const { Images, Containers, Logs, Unowned, Others, Volumes } = await rows();
  expect(Images).toMatchObject({ total: 2, active: 2, reclaimable: 0 });
  expect(Containers).toMatchObject({ total: 3, active: 2 });
  expect(Unowned).toMatchObject({ total: 0, size: 0 });
  const volumes = du(join(ended.bundlePath, "volumes"));
  expect(Volumes).toMatchObject({ total: 1, active: 0, size: volumes, reclaimable: volumes });
  // The pause image stands on the layer of busybox; nothing of either can go.
  expect(Images?.items.map(({ shared, frees }) => [shared > megabyte, frees])).toEqual([
    [true, 0],
    [true, 0],
  ]);
  const kinds = Containers?.items.map(({ kind, active }) => `${kind} ${active}`).sort();
  expect(kinds).toEqual(["container false", "container true", "pod true"]);
  const item = Containers?.items.find(({ id }) => id === ended.id);
  const { layerId, id } = ended;
  const own = du(join(root, "overlay", layerId), join(root, "overlay-containers", id));
  expect(item?.size).toBeGreaterThan(3 * megabyte);
  expect(Math.abs((item?.size ?? 0) - own)).toBeLessThan(20_000);
  expect(item?.frees).toBe(item?.size);
  expect(Containers?.reclaimable).toBe(item?.frees);
  // The container of podman is none of CRI-O's.
  expect(Others?.items.map(({ name }) => name)).toContain("theirs");
  expect(Others?.reclaimable).toBe(0);
  expect(Logs?.items.map(({ active }) => active).sort()).toEqual([false, true, true]);
  const sum = [Images, Containers, Unowned, Others].reduce((bytes, row) => bytes + (row?.size ?? 0), 0);
  const total = du(root);
  expect(Math.abs(sum - total)).toBeLessThan(total / 20);
});

test("what no record has is told, where somebody may be at work on it as such", async () => {
  const { root } = node.world;
  const id = testId("stray");
  const [layer, image, container] = ["overlay", "overlay-images", "overlay-containers"].map((name) =>
    join(root, name, id),
  ) as [string, string, string];
  const link = join(root, "overlay/l", "STRAY".padEnd(26, "X"));
  const temporary = join(root, "overlay/tempdirs/temp-dir-1");
  const lock = join(root, "overlay/tempdirs/lock-1");
  const made = [layer, image, container, link, temporary, lock];
  try {
    for (const path of [join(layer, "diff"), image, container, temporary])
      mkdirSync(path, { recursive: true });
    writeFileSync(join(layer, "diff/file"), "x".repeat(megabyte));
    writeFileSync(lock, "");
    symlinkSync(`../${testId("nowhere")}/diff`, link);
    for (const path of [layer, image, temporary]) old(path);
    const locker = startLocker(lock);
    await locker.lock("posix", "write");
    const { Unowned } = await rows();
    await locker.unlock("posix");
    expect(Unowned?.items.map(({ kind, path, active }) => [kind, path, active]).sort()).toEqual(
      [
        ["layer-directory", layer, false],
        ["image-directory", image, false],
        ["container-directory", container, true],
        ["link", link, true],
        ["temporary", temporary, true],
      ].sort(),
    );
    expect(Unowned?.size).toBe(du(layer, image, container, link, temporary));
    expect(Unowned?.reclaimable).toBe(du(layer, image));
    expect((await rows()).Unowned?.reclaimable).toBe(du(layer, image, temporary));
  } finally {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  }
});

test("is a table, of each thing with -v, and what a template makes of them", async () => {
  const table = await node.ok("system", "df");
  expect(table).toMatch(
    /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE\nImages +2 +2 +[\d.]+MB +0B \(0%\)\nContainers +3 +2 +3\.\d+MB +3\.\d+MB \(\d\d%\)\nLogs /,
  );
  const things = await node.ok("system", "df", "-v");
  expect(things).toMatch(/^TYPE +KIND +ID +NAME +SIZE +SHARED +FREES +ACTIVE\n/);
  expect(things).toContain(ended.name);
  expect(await node.ok("system", "df", "--format", "{{.Type}} {{.Total}}")).toMatch(
    /^Images 2\nContainers 3\n/,
  );
  const verbose = ["-v", "--no-trunc", "--format", "{{.Kind}} {{.ID}} {{.Active}}"];
  expect(await node.ok("system", "df", ...verbose)).toContain(`\ncontainer ${ended.id} false\n`);
  expect((await node.kpod("system", "df", "more")).exitCode).toBe(2);
  expect(await node.refusal("system", "df", "--format", "{{.Nope}}")).toContain("can't evaluate field Nope");
});

test("torn records are told in one line", async () => {
  const { root } = node.world;
  const { exitCode, stderr } = await node.kpod("--root", join(root, "nothing/here"), "system", "df");
  expect([exitCode, stderr]).toEqual([0, `Warning: the storage root ${root}/nothing/here does not exist\n`]);
  const broken = join(node.world.scratch, "broken");
  mkdirSync(join(broken, "overlay-layers"), { recursive: true });
  writeFileSync(join(broken, "overlay-layers/layers.json"), '[{"id":');
  expect(await node.refusal("--root", broken, "system", "df")).toContain(
    `${broken}/overlay-layers/layers.json does not hold valid JSON`,
  );
});
