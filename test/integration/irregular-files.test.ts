import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { useNode, usePod } from "../helpers/node";
import type { ProcessResult } from "../helpers/process";
import { until } from "../helpers/until";

/** What can lie in the place of a file, and would keep its reader waiting or fill its memory. */
const kinds = {
  "a FIFO": (path: string) => execFileSync("mkfifo", [path]),
  "a link to /dev/zero": (path: string) => {
    symlinkSync("/dev/zero", path);
  },
  "a file of 64 GiB": (path: string) => {
    writeFileSync(path, "");
    truncateSync(path, 64 * 2 ** 30);
  },
};
type Kind = keyof typeof kinds;
const allKinds = Object.keys(kinds) as Kind[];

const node = useNode();
const pod = usePod(node, "shop");
let sick: Container;
let ended: Container;
let sound: Container;

beforeAll(async () => {
  sick = await node.start(pod, "sick", "echo said; sleep 1000");
  ended = await node.start(pod, "ended", "exit 3");
  sound = await node.start(pod, "sound", "sleep 1000");
  await until("it has ended", () => existsSync(join(node.world.exitsDir, ended.id)));
}, 120_000);

/** Puts something else in the place of a file while something happens. */
async function inPlaceOf<T>(path: string, kind: Kind, action: () => Promise<T>): Promise<T> {
  const aside = `${path}.aside`;
  const isThere = existsSync(path);
  if (isThere) renameSync(path, aside);
  else mkdirSync(dirname(path), { recursive: true });
  try {
    kinds[kind](path);
    return await action();
  } finally {
    rmSync(path, { recursive: true, force: true });
    if (isThere) renameSync(aside, path);
  }
}

const looks = [
  ["ps", "-a"],
  ["ps", "-a", "--format", "json"],
  ["inspect", "sick"],
  ["inspect", "ended"],
  ["pod", "ps"],
  ["pod", "inspect", "shop"],
  ["images"],
  ["info"],
  ["stats", "--no-stream"],
  ["logs", "sick"],
  ["__complete", "stop", ""],
];

/** Those that read the files of the node and the store, each in its own way. */
const looksAtNode = looks.filter(([verb]) => ["ps", "images", "info", "__complete"].includes(verb ?? ""));

/** Takes looks; one that waits is ended by the time limit of its process, and fails the test. */
async function takeLooks(taken = looks): Promise<ProcessResult[]> {
  const results = await Promise.all(taken.map((args) => node.world.kpod(args, { timeout: 30_000 })));
  results.forEach(({ exitCode, stderr }, index) => {
    const args = taken[index];
    expect({ args, exitCode: exitCode < 2, stderr }).toEqual({
      args,
      exitCode: true,
      stderr: expect.not.stringMatching(/unexpected failure/) as string,
    });
  });
  return results;
}

const ofContainers: Record<string, () => string> = {
  "state.json": () => join(sick.dir, "state.json"),
  "config.json": () => join(sick.dir, "config.json"),
  "the bundle's config.json": () => join(sick.bundlePath, "config.json"),
  "runc's state.json": () => join(node.world.runtimeRoots.runc, sick.id, "state.json"),
  "conmon's pid file": () => join(sick.bundlePath, "conmon-pidfile"),
  "the layer's lower": () => join(node.world.root, "overlay", sick.layerId, "lower"),
  "the layer's link": () => join(node.world.root, "overlay", sick.layerId, "link"),
  "the exit file": () => join(ended.dir, "exit"),
  "the exit file that CRI-O watches": () => join(node.world.exitsDir, ended.id),
  "a rotated log": () => `${sick.logPath}.20260101-000000.gz`,
};

describe.each(Object.keys(ofContainers))("in the place of %s", (name) => {
  test.each(allKinds)("%s spoils nothing but that container", async (kind) => {
    const path = ofContainers[name]?.() ?? "";
    const results = await inPlaceOf(path, kind, () => takeLooks());
    const [ps, json] = results;
    expect([ps?.exitCode, json?.exitCode]).toEqual([0, 0]);
    const shown = JSON.parse(json?.stdout ?? "") as { id: string; ctrRunning: boolean }[];
    expect(shown.map(({ id }) => id).sort()).toEqual([sick.id, ended.id, sound.id].sort());
    expect(shown.find(({ id }) => id === sound.id)?.ctrRunning).toBe(true);
  });
});

test.each(allKinds.slice(0, 2))("%s in the place of a log is refused at once", async (kind) => {
  const path = sick.logPath;
  const { exitCode, stderr } = await inPlaceOf(path, kind, () =>
    node.world.kpod(["logs", "sick"], { timeout: 30_000 }),
  );
  expect([exitCode, stderr]).toEqual([1, `Error: the log ${path} is not a regular file\n`]);
});

const ofNodes: Record<string, () => string> = {
  "crio.conf": () => node.world.config,
  "containers.json": () => join(node.world.root, "overlay-containers/containers.json"),
  "volatile-containers.json": () => join(node.world.root, "overlay-containers/volatile-containers.json"),
};

describe.each(Object.keys(ofNodes))("in the place of %s", (name) => {
  test.each(allKinds)("%s is told at once", async (kind) => {
    const path = ofNodes[name]?.() ?? "";
    const [ps] = await inPlaceOf(path, kind, () => takeLooks(looksAtNode));
    expect(ps?.exitCode).toBe(1);
    expect(ps?.stderr).toMatch(/^Error: [^\n]*\n$/);
    expect(ps?.stderr).toContain(path);
    expect(ps?.stderr).toMatch(/not a regular file|is larger than \d+ MiB/);
  });
});

const ofStores: Record<string, () => string> = {
  "layers.json": () => join(node.world.root, "overlay-layers/layers.json"),
  "images.json": () => join(node.world.root, "overlay-images/images.json"),
  "mountpoints.json": () => join(node.world.runRoot, "overlay-layers/mountpoints.json"),
  "containers.lock": () => join(node.world.root, "overlay-containers/containers.lock"),
  "layers.lock": () => join(node.world.root, "overlay-layers/layers.lock"),
  "images.lock": () => join(node.world.root, "overlay-images/images.lock"),
};

describe.each(Object.keys(ofStores))("in the place of %s", (name) => {
  test.each(allKinds)("%s keeps no list of containers from being shown", async (kind) => {
    const path = ofStores[name]?.() ?? "";
    const [ps] = await inPlaceOf(path, kind, () => takeLooks(looksAtNode));
    expect(ps?.exitCode).toBe(0);
    expect(ps?.stdout).toContain("k8s_sick_shop");
  });
});

test.each(allKinds)("%s in the place of an archive is refused at once", async (kind) => {
  const path = join(node.world.scratch, "archive.tar");
  const { exitCode, stderr } = await inPlaceOf(path, kind, () =>
    node.world.kpod(["load", path], { timeout: 30_000 }),
  );
  expect(exitCode).toBe(1);
  expect(stderr).toContain(path);
});

describe("an image whose /etc/passwd is", () => {
  test.each(allKinds)("%s is refused, and nothing is left of the container", async (kind) => {
    const { server } = await node.openServer();
    const image = await server.store.image("busybox");
    const top = join(node.world.root, "overlay", image.layer ?? "", "diff/etc/passwd");
    const before = await node.ok("ps", "-aq");
    const words = ["run", "--pod", "shop", "busybox", "true"];
    const { exitCode, stdout, stderr } = await inPlaceOf(top, kind, () =>
      node.world.kpod(words, { timeout: 30_000 }),
    );
    expect([exitCode, stdout]).toEqual([125, ""]);
    // A link leads to what the container has there, and that is nothing by now: its runtime refuses it.
    const said = kind === "a link to /dev/zero" ? "" : "\\/etc\\/passwd of the container is ";
    expect(stderr).toMatch(new RegExp(`^Error: ${said}[^\\n]*\\n$`));
    expect(await node.ok("ps", "-aq")).toBe(before);
  });
});
