import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestImages } from "../helpers/images";
import { startLocker } from "../helpers/record-lock";
import { succeeded } from "../helpers/process";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;

beforeAll(async () => {
  world = await createWorld();
  images = await world.loadImages();
}, 120_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

async function kpod(...args: string[]): Promise<void> {
  const { stdout, stderr, exitCode } = await world.kpod(args);
  expect({ args, stdout, stderr, exitCode }).toEqual({ args, stdout: "", stderr: "", exitCode: 0 });
}

async function refused(...args: string[]): Promise<string> {
  const before = readFileSync(file(), "utf8");
  const { stdout, stderr, exitCode } = await world.kpod(args);
  expect([stdout, exitCode]).toEqual(["", 1]);
  expect(readFileSync(file(), "utf8")).toBe(before);
  return stderr;
}

const file = (): string => join(world.root, "overlay-images/images.json");

/** The records of the images, by their ids, without what only their order tells. */
function records(): Record<string, Record<string, unknown>> {
  const all = JSON.parse(readFileSync(file(), "utf8")) as { id: string }[];
  return Object.fromEntries(all.map((record) => [record.id, record]));
}

/** The names of an image, as podman knows them. */
async function podmanNames(id: string): Promise<string[]> {
  const answer = succeeded(
    await world.podman(["image", "inspect", "--format", "{{json .RepoTags}}", id]),
    "podman",
  ).stdout;
  return JSON.parse(answer) as string[];
}

test("a name is written as podman writes it", async () => {
  const { busybox, pause } = images;
  const before = readFileSync(file(), "utf8");
  await kpod("tag", "busybox", "app", "registry.example/team/app:2", "docker.io/box");
  const names = [
    "localhost/app:latest",
    "registry.example/team/app:2",
    "docker.io/library/box:latest",
    busybox.name,
  ];
  expect(records()[busybox.id]?.names).toEqual(names);
  expect(await podmanNames(busybox.id)).toEqual(names);
  // It has them already.
  const written = readFileSync(file(), "utf8");
  await kpod("tag", "box", "app:latest", "localhost/app");
  expect(readFileSync(file(), "utf8")).toBe(written);

  // A name that another image has moves.
  await kpod("tag", pause.id.slice(0, 10), "app");
  expect(await podmanNames(pause.id)).toEqual(["localhost/app:latest", pause.name]);
  expect(await podmanNames(busybox.id)).toEqual(names.slice(1));
  await kpod("untag", "app", "app");
  await kpod("untag", busybox.id, "registry.example/team/app:2", "box");
  const ours = records();

  const untouched = JSON.parse(before) as Record<string, unknown>[];
  for (const { id, names, ...rest } of untouched as { id: string; names: string[] }[]) {
    expect(ours[id]).toMatchObject({ ...rest, names, "names-history": expect.anything() as unknown });
  }
});

test("after the same steps the file is the same as podman's", async () => {
  const { busybox, pause } = images;
  const steps = [
    ["tag", busybox.id, "localhost/one", "localhost/two:2"],
    ["tag", pause.id, "localhost/two:2"],
    ["untag", busybox.id, "localhost/one:latest"],
    ["untag", pause.id, "localhost/two:2"],
  ];
  for (const step of steps) succeeded(await world.podman(step), "podman");
  const theirs = records();
  for (const step of steps) await kpod(...step);
  expect(records()).toEqual(theirs);
});

test("untag without names takes all, the image stays, and is found by its id", async () => {
  const { pause } = images;
  await kpod("untag", "pause");
  expect(records()[pause.id]).not.toHaveProperty("names");
  expect(await podmanNames(pause.id)).toEqual([]);
  await kpod("untag", pause.id);
  await kpod("tag", pause.id.slice(0, 12), pause.name);
  expect(await podmanNames(pause.id)).toEqual([pause.name]);
});

test("a name of containers-storage's is found however it is written", async () => {
  const { busybox } = images;
  await kpod("tag", "busybox", "docker.io/library/whale:latest");
  for (const name of [
    "whale",
    "docker.io/whale",
    "library/whale",
    "index.docker.io/library/whale:latest",
    `whale@${busybox.digest}`,
    `docker.io/whale:latest@${busybox.digest}`,
    busybox.id.slice(0, 8),
  ]) {
    const { stdout } = succeeded(
      await world.kpod(["inspect", "-t", "image", "--format", "{{.ID}}", name]),
      name,
    );
    expect([name, stdout]).toEqual([name, `${busybox.id}\n`]);
  }
  await kpod("untag", "whale", "docker.io/whale");
});

test("what cannot be is refused in one line, and nothing is written", async () => {
  const { busybox } = images;
  expect(await refused("tag", "nosuch", "a")).toContain("image nosuch is not in the store");
  expect(await refused("tag", "busybox", "UPPER:x")).toContain('"UPPER:x" is not the name of an image');
  expect(await refused("tag", "busybox", "fine", "not fine")).toContain("not fine");
  expect(await refused("tag", "busybox", `a@${busybox.digest}`)).toContain("has a digest");
  expect(await refused("tag", "busybox", "0".repeat(64))).toContain("is not the name of an image");
  expect(await refused("untag", "busybox", "pause")).toContain("pause is not a name of image");
  expect(await refused("untag", "nosuch")).toContain("image nosuch is not in the store");
  for (const args of [["tag", "busybox"], ["tag"], ["untag"]])
    expect((await world.kpod(args)).exitCode).toBe(2);
});

test("somebody who holds the lock of the images is waited for, and named", async () => {
  const locker = startLocker(join(world.root, "overlay-images/images.lock"));
  expect(await locker.lock("posix", "write")).toBe(true);
  try {
    expect(await refused("--lock-timeout", "0.2", "tag", "busybox", "late")).toContain(String(locker.pid));
  } finally {
    await locker.unlock("posix");
  }
});
