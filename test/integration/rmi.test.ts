import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxImage } from "../../scripts/lib/image.mjs";
import type { ImageFiles } from "../../scripts/lib/image.mjs";
import { succeeded, type ProcessResult } from "../helpers/process";
import { startLocker } from "../helpers/record-lock";
import { listing } from "../helpers/listing";
import { createWorld, type World } from "../helpers/world";

let world: World;
/** An image whose layers are those of busybox: only its configuration differs. */
let derived: ImageFiles;

async function kpod(...args: string[]): Promise<string> {
  return succeeded(await world.kpod(args), `kpod ${args.join(" ")}`).stdout;
}

async function load(image: ImageFiles, ...names: string[]): Promise<void> {
  for (const name of names) await kpod("load", "--tag", name, image.ociArchive);
}

/** The ids of the images and their names, as each program lists them; they must agree. */
async function agreedImages(): Promise<Record<string, string[]>> {
  const known = succeeded(await world.containersStorage(["images", "--json"]), "containers-storage").stdout;
  const theirs = (JSON.parse(known) as { id: string; names?: string[] }[] | null) ?? [];
  const images = Object.fromEntries(theirs.map(({ id, names = [] }) => [id, [...names].sort()]));
  const listed = JSON.parse(await kpod("images", "--format", "json")) as { id: string; names: string[] }[];
  expect(Object.fromEntries(listed.map(({ id, names }) => [id, [...names].sort()]))).toEqual(images);
  const answer = succeeded(
    await world.podman(["images", "--all", "--no-trunc", "--format", "json"]),
    "podman",
  ).stdout;
  const podman = JSON.parse(answer) as { Id: string; Names?: string[] }[];
  // podman has an entry for each name.
  for (const { Id, Names = [] } of podman) expect(images[Id]).toEqual(expect.arrayContaining(Names));
  expect([...new Set(podman.map(({ Id }) => Id))].sort()).toEqual(Object.keys(images).sort());
  return images;
}

/** The layers, as containers-storage knows them; each must have its directory, and each directory its layer. */
async function agreedLayers(): Promise<string[]> {
  const known = succeeded(await world.containersStorage(["layers", "--json"]), "containers-storage").stdout;
  const ids = ((JSON.parse(known) as { id: string }[] | null) ?? []).map(({ id }) => id).sort();
  const overlay = join(world.root, "overlay");
  const directories = readdirSync(overlay).filter((name) => /^[0-9a-f]{64}$/.test(name));
  expect(directories.sort()).toEqual(ids);
  expect(readdirSync(join(overlay, "l"))).toHaveLength(ids.length);
  const splits = readdirSync(join(world.root, "overlay-layers")).filter((name) => name.endsWith(".gz"));
  for (const split of splits) expect(ids).toContain(split.replace(".tar-split.gz", ""));
  return ids;
}

beforeAll(async () => {
  world = await createWorld();
  derived = makeBusyboxImage(join(world.scratch, "derived"), {
    name: "localhost/derived:1",
    config: { Labels: { a: "b" } },
  });
}, 120_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

test("an image goes with the layers that nobody else needs", async () => {
  const { busybox, pause } = await world.loadImages();
  await load(derived, "localhost/derived:1");
  const before = await agreedLayers();
  expect(await kpod("rmi", "localhost/derived:1")).toBe(
    `Untagged: localhost/derived:1\nDeleted: ${derived.id}\n`,
  );
  expect(Object.keys(await agreedImages()).sort()).toEqual([busybox.id, pause.id].sort());
  // busybox stands on the same layers.
  expect(await agreedLayers()).toEqual(before);
  expect(existsSync(join(world.root, "overlay-images", derived.id))).toBe(false);

  expect(await kpod("rmi", "busybox", pause.id.slice(0, 12))).toBe(
    `Untagged: localhost/busybox:latest\nDeleted: ${busybox.id}\n` +
      `Untagged: localhost/pause:latest\nDeleted: ${pause.id}\n`,
  );
  expect(await agreedImages()).toEqual({});
  expect(await agreedLayers()).toEqual([]);
  expect(readdirSync(join(world.root, "overlay-images")).sort()).toEqual(["images.json", "images.lock"]);
}, 120_000);

test("a mounted image is kept, also by --prune; forced, it is unmounted and goes", async () => {
  await load(derived, "localhost/derived:1");
  const path = (await kpod("mount", "derived:1")).trim();
  const refused = await world.kpod(["rmi", "derived:1"]);
  expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
  expect(refused.stderr).toContain(`is mounted at ${path}: unmount it first, or use -f`);
  expect(await kpod("rmi", "--prune")).toBe("");
  expect(Object.keys(await agreedImages())).toEqual([derived.id]);
  expect(existsSync(join(path, "bin/busybox"))).toBe(true);
  expect(await kpod("rmi", "-f", "derived:1")).toContain(`Deleted: ${derived.id}`);
  expect(await agreedLayers()).toEqual([]);
}, 120_000);

test("an image of several names loses the one that is given, and goes with the last", async () => {
  await load(derived, "localhost/derived:1", "localhost/derived:2", "localhost/other:1");
  expect(await kpod("rmi", "derived:1")).toBe("Untagged: localhost/derived:1\n");
  expect(await agreedImages()).toEqual({ [derived.id]: ["localhost/derived:2", "localhost/other:1"] });
  const byId = await world.kpod(["rmi", derived.id]);
  expect(byId.exitCode).toBe(1);
  expect(byId.stderr).toMatch(/^Error: image [0-9a-f]{13} \(.*\) has several names: .*, .*: give one .*\n$/);
  expect(await kpod("rmi", "localhost/derived:2")).toBe("Untagged: localhost/derived:2\n");
  expect(await kpod("rmi", "other:1")).toBe(`Untagged: localhost/other:1\nDeleted: ${derived.id}\n`);
  expect(await agreedLayers()).toEqual([]);

  await load(derived, "localhost/derived:1", "localhost/derived:2");
  const forced = await kpod("rmi", "-f", derived.id.slice(0, 8));
  expect(forced.split("\n").sort()).toEqual(
    ["", `Deleted: ${derived.id}`, "Untagged: localhost/derived:1", "Untagged: localhost/derived:2"].sort(),
  );
  expect(await agreedImages()).toEqual({});
}, 120_000);

test("an image in use is kept; forced, it goes, and the containers run on", async () => {
  const { busybox, pause } = await world.loadImages();
  await kpod("pod", "run", "--name", "shop", "--cgroup-parent", world.cgroupParent);
  const id = (await kpod("run", "-d", "--pod", "shop", "--name", "web", "busybox", "sleep", "1000")).trim();
  const before = [await agreedImages(), await agreedLayers()];
  for (const name of ["busybox", busybox.id]) {
    const refused = await world.kpod(["rmi", name]);
    expect([refused.exitCode, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain(`is used by container ${id.slice(0, 13)} (k8s_web_shop_default_`);
  }
  expect((await world.kpod(["rmi", "pause"])).stderr).toContain("(k8s_POD_shop_default_");
  expect([await agreedImages(), await agreedLayers()]).toEqual(before);

  await kpod("rmi", "--force", "busybox", "pause");
  expect(await agreedImages()).toEqual({});
  expect(await agreedLayers()).toEqual(before[1]);
  expect(await kpod("inspect", "-t", "container", "-f", "{{.State.Status}}", "web")).toBe("running\n");
  // The image can be had again, on the layers that stayed, and the containers be removed.
  await world.loadImages();
  expect(Object.keys(await agreedImages()).sort()).toEqual([busybox.id, pause.id].sort());
  expect(await agreedLayers()).toEqual(before[1]);
  await kpod("pod", "rm", "-f", "shop");
  expect(await kpod("rmi", "busybox", "pause")).toContain(`Deleted: ${busybox.id}`);
  expect([await agreedImages(), await agreedLayers()]).toEqual([{}, []]);
}, 180_000);

test("what podman and containers-storage made is removed as well, and what kpod leaves they remove", async () => {
  const { busybox } = await world.loadImages();
  succeeded(await world.podman(["tag", "localhost/busybox:latest", "localhost/podmans:1"]), "podman tag");
  const made = succeeded(await world.containersStorage(["create-container", "--json", busybox.id]), "create");
  const container = (JSON.parse(made.stdout) as { id: string }).id;
  expect((await world.kpod(["rmi", "podmans:1"])).stdout).toBe("Untagged: localhost/podmans:1\n");
  expect((await world.kpod(["rmi", "busybox"])).stderr).toContain(
    `is used by container ${container.slice(0, 13)}`,
  );
  succeeded(await world.containersStorage(["delete-container", container]), "delete-container");
  await kpod("rmi", "busybox");
  succeeded(await world.podman(["rmi", "localhost/pause:latest"]), "podman rmi");
  expect([await agreedImages(), await agreedLayers()]).toEqual([{}, []]);
}, 120_000);

test("one of several that fails does not keep the others", async () => {
  const { busybox } = await world.loadImages();
  const result: ProcessResult = await world.kpod(["rmi", "nosuch", "busybox", "a/b\u001b[31m"]);
  expect([result.exitCode, result.stdout]).toEqual([
    1,
    `Untagged: localhost/busybox:latest\nDeleted: ${busybox.id}\n`,
  ]);
  const lines = result.stderr.trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^Error: image nosuch is not in the store .*: see kpod images$/);
  expect(lines[1]).toContain("a/b\\x1b[31m");
  await kpod("rmi", "pause");
});

test("without an argument, and while somebody holds a lock, it says so and removes nothing", async () => {
  await world.loadImages();
  const none = await world.kpod(["rmi"]);
  expect([none.exitCode, none.stdout]).toEqual([2, ""]);
  expect(none.stderr).toMatch(/^Error: .*IMAGE\.\.\.\nRun 'kpod rmi --help' for help\.\n$/);
  const locker = startLocker(join(world.root, "overlay-images/images.lock"));
  expect(await locker.lock("posix", "read")).toBe(true);
  const before = listing(join(world.root, "overlay-images"));
  const result = await world.kpod(["--lock-timeout", "1", "rmi", "busybox"]);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(new RegExp(`Error: .*images.lock is still locked by .*pid ${locker.pid}`));
  expect(listing(join(world.root, "overlay-images"))).toEqual(before);
  await locker.unlock("posix");
});

describe("all, and what nothing uses", () => {
  const names = ["localhost/derived:1", "localhost/derived:2"];

  beforeEach(async () => {
    await world.loadImages();
    await load(derived, ...names);
  });

  test("--prune leaves what a container has, the pause image, and what is pinned", async () => {
    const { busybox, pause } = await world.loadImages();
    succeeded(await world.podman(["create", "--name", "user", "localhost/busybox"]), "podman create");
    const left = [busybox.id, pause.id];
    const settings = join(world.scratch, "pinned.conf");
    const write = (...pinned: string[]): void => {
      const text = readFileSync(world.config, "utf8");
      const own = text.includes("[crio.image]") ? text : `${text}\n[crio.image]\n`;
      writeFileSync(
        settings,
        own.replace("[crio.image]\n", `[crio.image]\npinned_images = ${JSON.stringify(pinned)}\n`),
      );
    };
    for (const pattern of ["localhost/der*", "*rived*", "localhost/derived:2"]) {
      write(pattern);
      expect(await kpod("--config", settings, "rmi", "--prune")).toBe("");
    }
    write("localhost/derive", "*nothing*", "derived:3");
    const printed = (await kpod("--config", settings, "rmi", "--prune")).split("\n").slice(0, -1);
    expect(printed.sort()).toEqual(
      [`Deleted: ${derived.id}`, ...names.map((name) => `Untagged: ${name}`)].sort(),
    );
    expect(Object.keys(await agreedImages()).sort()).toEqual([...left].sort());
    await agreedLayers();
    expect(await kpod("rmi", "--prune")).toBe("");

    // Its container has gone: nothing uses it.
    succeeded(await world.podman(["rm", "user"]), "podman rm");
    expect(await kpod("rmi", "--prune")).toContain(`Deleted: ${busybox.id}\n`);
    expect(Object.keys(await agreedImages())).toEqual([pause.id]);
  });

  test("-a removes all, and what a container has only with -f", async () => {
    const { busybox } = await world.loadImages();
    succeeded(await world.podman(["create", "--name", "user", "localhost/busybox"]), "podman create");
    const { stdout, stderr, exitCode } = await world.kpod(["rmi", "-a"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: image .*is used by container .*\n$/);
    expect(stdout).toContain(`Deleted: ${derived.id}\n`);
    expect(Object.keys(await agreedImages())).toEqual([busybox.id]);
    succeeded(await world.podman(["rm", "user"]), "podman rm");
    expect(await kpod("rmi", "--all")).toContain(`Deleted: ${busybox.id}\n`);
    expect(await agreedImages()).toEqual({});
    expect(await agreedLayers()).toEqual([]);
    expect(await kpod("rmi", "-a")).toBe("");
  });
});

test.each([[["-a", "busybox"]], [["--prune", "busybox"]], [["-a", "--prune"]], [["-f", "--prune"]]])(
  "%j is wrong usage",
  async (args) => {
    const { stdout, exitCode } = await world.kpod(["rmi", ...args]);
    expect([stdout, exitCode]).toEqual(["", 2]);
  },
);

test("many at once, with podman in between, leave a store that all can read", async () => {
  await world.loadImages();
  const names = Array.from({ length: 6 }, (_, index) => `localhost/many:${index}`);
  await load(derived, ...names);
  const results = await Promise.all([
    ...names.map((name) => world.kpod(["rmi", name])),
    world.podman(["tag", "localhost/pause:latest", "localhost/meanwhile:1"]),
    world.kpod(["rmi", "busybox"]),
  ]);
  for (const { stderr, exitCode } of results) {
    // On a busy machine one may wait for another for so long that it says so.
    const said = stderr
      .split("\n")
      .filter((line) => !/^(Warning: waiting for \S+(?:layers|images)\.lock, .*)?$/.test(line));
    expect([said, exitCode]).toEqual([[], 0]);
  }
  const left = await agreedImages();
  expect(Object.values(left)).toEqual([["localhost/meanwhile:1", "localhost/pause:latest"]]);
  expect(results.filter(({ stdout }) => stdout.includes(`Deleted: ${derived.id}`))).toHaveLength(1);
  await agreedLayers();
}, 120_000);
