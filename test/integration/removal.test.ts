import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ImageRecord } from "../../src/lib/storage/records";
import { RuntimeServer, type ContainerInfo } from "../../src/lib/storage/runtime-server";
import type { StorageId } from "../../src/lib/names/ids";
import { finish, succeeded } from "../helpers/process";
import { startLocker } from "../helpers/record-lock";
import { createStoreWorld, layerOf, type StoreWorld } from "../helpers/store-world";
import { until } from "../helpers/until";

let made: StoreWorld;
let server: RuntimeServer;
let busybox: ImageRecord;
let pod: ContainerInfo;
let number = 0;

beforeAll(async () => {
  made = await createStoreWorld();
  server = new RuntimeServer(made.store);
  busybox = await made.store.image("busybox");
  pod = await server.createPodSandbox({
    ...{ podName: "k8s_web_default_u1_0", containerName: "k8s_POD_web_default_u1_0", metadataName: "web" },
    ...{
      uid: "u1",
      namespace: "default",
      attempt: 0,
      imageName: "pause",
      image: await made.store.image("pause"),
    },
  });
  writeSpec(pod);
}, 120_000);

afterAll(() => made.world.destroy(), 120_000);

function writeSpec({ dir, runDir }: ContainerInfo): void {
  const spec = { ociVersion: "1.0.2", annotations: { "io.container.manager": "cri-o" } };
  for (const directory of [dir, runDir]) writeFileSync(join(directory, "config.json"), JSON.stringify(spec));
}

/** A container as it lies there when it does not run any more. */
async function create(): Promise<ContainerInfo & { layer: StorageId; diff: string }> {
  const name = `victim${number++}`;
  const info = await server.createContainer({
    ...{ podName: "k8s_web_default_u1_0", podId: pod.id, containerName: `k8s_${name}_web_default_u1_0` },
    ...{ metadataName: name, attempt: 0, imageName: "busybox", image: busybox },
  });
  writeSpec(info);
  const record = (await made.store.containers()).find(({ id }) => id === info.id);
  if (record === undefined) throw new Error("it is not on record");
  const layer = layerOf(record);
  return { ...info, layer, diff: made.store.driver.diffPath(layer) };
}

const inRoot = (...names: string[]): string => join(made.world.root, ...names);

/** All that waits to be deleted. */
function waiting(): string[] {
  return [
    inRoot("overlay/tempdirs"),
    inRoot("overlay-layers/tmp"),
    join(made.world.runRoot, "overlay-layers/tmp"),
  ]
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path));
}

async function remove(id: string): Promise<void> {
  const result = succeeded(await made.world.kpod(["rm", "-f", id]), "kpod rm -f");
  expect(result).toMatchObject({ stdout: `${id}\n`, stderr: "" });
}

test("a layer with paths of 8,000 letters and with files that are immutable goes with all the rest", async () => {
  const before = made.paths();
  const { id, diff } = await create();
  const script =
    'cd "$1"; for i in $(seq 40); do mkdir "$2" && cd -P "$2" || exit 1; done; echo > file; chattr +i file';
  execFileSync("bash", ["-c", script, "bash", diff, "n".repeat(200)]);
  mkdirSync(join(diff, "append"));
  execFileSync("chattr", ["+a", join(diff, "append")]);
  await remove(id);
  expect(made.paths()).toEqual(before);
  expect(waiting()).toEqual([]);
});

describe("records that are torn", () => {
  test.each([
    ["layers.json", () => inRoot("overlay-layers/layers.json")],
    ["images.json", () => inRoot("overlay-images/images.json")],
    ["mountpoints.json", () => join(made.world.runRoot, "overlay-layers/mountpoints.json")],
  ])("%s: nothing is changed, and when it is whole again the removal goes through", async (name, pathOf) => {
    const before = made.paths();
    const { id, layer } = await create();
    await made.store.mount(layer);
    const path = pathOf();
    renameSync(path, `${path}.whole`);
    writeFileSync(path, Buffer.alloc(200));
    const between = made.paths();
    const containers = readFileSync(inRoot("overlay-containers/containers.json"), "utf8");
    try {
      for (let attempt = 0; attempt < 2; attempt++) {
        const { exitCode, stdout, stderr } = await made.world.kpod(["rm", "-f", id]);
        expect([exitCode, stdout]).toEqual([1, ""]);
        expect(stderr).toMatch(new RegExp(`^Error: \\S+/${name} does not hold valid JSON[^\\n]*\\n$`));
      }
      expect(made.paths()).toEqual(between);
      expect(readFileSync(inRoot("overlay-containers/containers.json"), "utf8")).toBe(containers);
    } finally {
      renameSync(`${path}.whole`, path);
    }
    await remove(id);
    expect(made.paths()).toEqual(before);
  });
});

test("a layer that others stand on stays, whatever the record of a container says; the rest of it goes", async () => {
  const { store, world } = made;
  const others = [];
  for (let count = 0; count < 12; count++) others.push(await create());
  const { id, layer, dir, runDir } = await create();
  const top = busybox.layer ?? "";
  const path = inRoot("overlay-containers/containers.json");
  const text = readFileSync(path, "utf8");
  expect(text).toContain(layer);
  writeFileSync(path, text.replace(layer, top));
  for (const name of ["localhost/one:1", "localhost/two:1"]) {
    succeeded(await world.containersStorage(["create-image", "--name", name, top]), "create-image");
  }
  const { exitCode, stdout, stderr } = await world.kpod(["rm", "-f", id]);
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    new RegExp(
      `^Error: container ${id.slice(0, 13)} is removed, but not layer ${top.slice(0, 13)} that its record names: ` +
        `image \\S+, image \\S+ and 1\\d more need it\\n$`,
    ),
  );
  expect([dir, runDir].filter((directory) => existsSync(directory))).toEqual([]);
  expect((await store.containers()).some((record) => record.id === id)).toBe(false);
  expect(existsSync(inRoot("overlay", top, "diff/bin/busybox"))).toBe(true);
  expect(await made.agreedIds()).toEqual([pod.id, ...others.map((other) => other.id)].sort());
  expect((await store.layers()).some((record) => record.id === top)).toBe(true);

  // The layer that lost its container, as one of another container's.
  const [first, second] = others;
  if (first === undefined || second === undefined) throw new Error("there are twelve");
  const shared = readFileSync(path, "utf8").replace(second.layer, first.layer);
  writeFileSync(path, shared);
  expect((await world.kpod(["rm", "-f", first.id])).stderr).toContain(
    `: container ${second.id.slice(0, 13)} needs it\n`,
  );
  expect(existsSync(first.diff)).toBe(true);
  await remove(second.id);
  expect(existsSync(first.diff)).toBe(false);
  for (const other of others.slice(2)) await remove(other.id);
  for (const name of ["localhost/one:1", "localhost/two:1"])
    succeeded(await world.kpod(["rmi", name]), "kpod rmi");
  for (const stray of [layer, second.layer])
    succeeded(await world.containersStorage(["delete-layer", stray]), "delete-layer");
  expect(await made.agreedIds()).toEqual([pod.id]);
});

test("nobody waits for a lock while the files of a large layer are deleted", async () => {
  const { world } = made;
  const { id, layer, diff } = await create();
  for (let directory = 0; directory < 40; directory++) {
    mkdirSync(join(diff, `d${directory}`));
    for (let file = 0; file < 250; file++) writeFileSync(join(diff, `d${directory}/f${file}`), "");
  }
  const child = world.startKpod(["rm", "-f", id]);
  const done = finish(child, "kpod rm");
  // The record of the container goes last: from then on there is nothing left but to delete.
  const records = (): string => readFileSync(inRoot("overlay-containers/containers.json"), "utf8");
  while (records().includes(id)) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGSTOP");
  try {
    const lockers = [
      "overlay-layers/layers.lock",
      "overlay-images/images.lock",
      "overlay-containers/containers.lock",
    ];
    await until("the locks are given back, if it was stopped before that", async () => {
      for (const name of lockers) {
        const locker = startLocker(inRoot(name));
        if (!(await locker.lock("posix", "write"))) {
          child.kill("SIGCONT");
          await new Promise((resolve) => setTimeout(resolve, 1));
          child.kill("SIGSTOP");
          return false;
        }
        await locker.unlock("posix");
      }
      return true;
    });
    expect(child.exitCode).toBeNull();
    expect(waiting().some((name) => name.startsWith("temp-dir-"))).toBe(true);
    expect(existsSync(inRoot("overlay", layer))).toBe(false);
  } finally {
    child.kill("SIGCONT");
  }
  expect(await done).toMatchObject({ exitCode: 0, stdout: `${id}\n`, stderr: "" });
  expect(waiting()).toEqual([]);
});

describe("directories that wait for their deletion", () => {
  test("are deleted by the next change, whoever left them, but for those that somebody is at work on", async () => {
    const { id } = await create();
    const place = inRoot("overlay/tempdirs");
    for (const name of ["111", "222", "333"]) {
      mkdirSync(join(place, `temp-dir-${name}/0-${"a".repeat(64)}/diff`), { recursive: true });
      if (name !== "333") writeFileSync(join(place, `lock-${name}`), "");
    }
    writeFileSync(join(place, "lock-444"), "");
    const locker = startLocker(join(place, "lock-222"));
    expect(await locker.lock("posix", "write")).toBe(true);
    await remove(id);
    expect(readdirSync(place).sort()).toEqual(["lock-222", "temp-dir-222"]);
    await locker.unlock("posix");
    await remove((await create()).id);
    expect(waiting()).toEqual([]);
  });

  test("and cannot be deleted are told of, do not stand in the way of others, and are tried again", async () => {
    const { id, diff, layer } = await create();
    const file = join(diff, "swap");
    execFileSync("dd", ["if=/dev/zero", `of=${file}`, "bs=1M", "count=1", "status=none"]);
    execFileSync("mkswap", ["-q", file], { stdio: "ignore" });
    execFileSync("swapon", [file], { stdio: "ignore" });
    let remains = "";
    try {
      const { exitCode, stdout, stderr } = await made.world.kpod(["rm", "-f", id]);
      expect([exitCode, stdout]).toEqual([0, `${id}\n`]);
      const [name = "none", ...more] = waiting();
      expect([name, more]).toEqual([expect.stringMatching(/^remains-/), []]);
      remains = inRoot("overlay/tempdirs", name);
      expect(stderr).toBe(
        `Warning: cannot remove ${remains}/…/swap: operation not permitted\n`.replace("…", `0-${layer}/diff`),
      );
      await made.agreedIds();
    } finally {
      execFileSync("swapoff", [existsSync(file) ? file : join(remains, `0-${layer}/diff/swap`)]);
    }
    await remove((await create()).id);
    expect(waiting()).toEqual([]);
  });
});

test("layers that somebody made or deleted by half are deleted by the next change", async () => {
  const { world, store } = made;
  const before = made.paths();
  const { id, layer } = await create();
  const path = inRoot("overlay-layers/layers.json");
  const top = busybox.layer ?? "";
  const half = "a".repeat(64);
  const records = JSON.parse(readFileSync(path, "utf8")) as object[];
  writeFileSync(
    path,
    JSON.stringify([...records, { id: half, parent: top, flags: { incomplete: true, kept: 1 } }]),
  );
  (await store.loadDriver()).create(half as StorageId, top as StorageId);
  rmSync(inRoot("overlay", half, "link"));
  // One that is named is left to the removal of what names it.
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(`"id":"${layer}"`, `"id":"${layer}","flags":{"incomplete":true}`),
  );
  await remove((await create()).id);
  expect(readFileSync(path, "utf8")).not.toContain(half);
  expect(readFileSync(path, "utf8")).toContain(layer);
  await remove(id);
  expect(made.paths()).toEqual(before);
  const links = readdirSync(inRoot("overlay/l")).map((name) => readlinkSync(inRoot("overlay/l", name)));
  expect(links.filter((target) => target.includes(half))).toEqual([]);
  expect(await made.agreedIds()).toEqual([pod.id]);
  expect(world.leftovers().filter((line) => line.startsWith("process"))).toEqual([]);
});
