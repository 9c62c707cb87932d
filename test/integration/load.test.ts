import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { makeBusyboxImage } from "../../scripts/lib/image.mjs";
import type { StorageId } from "../../src/lib/names/ids";
import { Store } from "../../src/lib/storage/store";
import { isMountPoint } from "../../src/lib/system/mount";
import { tarOf, writeLayout } from "../helpers/image-layout";
import { testImages, type TestImages } from "../helpers/images";
import { kpodCommand } from "../helpers/kpod";
import { pathsBelow } from "../helpers/listing";
import { runProcess, succeeded } from "../helpers/process";
import { makeRecordsVolatile } from "../helpers/modern-world";
import { testdir, writeTree } from "../helpers/testdir";
import { createWorld, type World } from "../helpers/world";

interface Image {
  readonly id: string;
  readonly names: string[];
  readonly digest: string;
}

let world: World;
let images: TestImages;

beforeAll(async () => {
  world = await createWorld();
  images = testImages();
  // So that the failures have something to leave alone.
  await load("--tag", "localhost/pause:latest", images.pause.layout);
}, 120_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

async function load(...args: string[]): Promise<string> {
  const result = await world.kpod(["load", ...args]);
  expect({ args, stderr: result.stderr, exitCode: result.exitCode }).toEqual({
    args,
    stderr: "",
    exitCode: 0,
  });
  return result.stdout;
}

const byId = (a: Image, b: Image): number => (a.id < b.id ? -1 : 1);

/** The images, as kpod, containers-storage and podman list them; they must agree. */
async function agreedImages(): Promise<Image[]> {
  const json = async (what: string, run: ReturnType<World["kpod"]>): Promise<unknown> =>
    JSON.parse(succeeded(await run, what).stdout);
  const listed = (await json("kpod images", world.kpod(["images", "--format", "json"]))) as Image[];
  const ours = listed.map(({ id, names, digest }) => ({ id, names: [...names].sort(), digest })).sort(byId);
  const theirs = (await json("containers-storage", world.apart.containersStorage(["images", "--json"]))) as
    (Omit<Image, "names"> & { names?: string[] })[] | null;
  expect(
    (theirs ?? []).map(({ id, names = [], digest }) => ({ id, names: [...names].sort(), digest })).sort(byId),
  ).toEqual(ours);
  const podman = (await json("podman", world.apart.podman(["images", "--no-trunc", "--format", "json"]))) as {
    Id: string;
    Digest: string;
  }[];
  expect(new Map(podman.map(({ Id, Digest }) => [Id, Digest]))).toEqual(
    new Map(ours.map(({ id, digest }) => [id, digest])),
  );
  return ours;
}

/** All of the store but locks, and all that is in the directory for files on their way. */
function contents(): string[] {
  const below = (place: string): string[] => pathsBelow(place).map((name) => join(place, name));
  const records = ["overlay-images/images.json", "overlay-layers/layers.json"];
  return [
    ...below(world.root).filter((path) => !path.endsWith(".lock") && !path.endsWith("/overlay-layers/tmp")),
    ...records.map((name) => readFileSync(join(world.root, name), "utf8")),
  ].sort();
}

/** Runs kpod with a directory of its own for files on their way. @returns what it left there */
async function loadApart(...args: string[]): Promise<{ stderr: string; exitCode: number; left: string[] }> {
  const directory = testdir();
  const { stderr, exitCode } = await world.kpod(["load", ...args], { env: { TMPDIR: directory } });
  return { stderr, exitCode, left: readdirSync(directory) };
}

const forms: [string, () => string][] = [
  ["docker archive", () => images.busybox.dockerArchive],
  ["OCI archive", () => images.busybox.ociArchive],
  ["OCI layout", () => images.busybox.layout],
  [
    "docker archive, gzip",
    () => packed("docker.tar.gz", gzipSync(readFileSync(images.busybox.dockerArchive))),
  ],
  [
    "docker archive, xz",
    () => packed("docker.tar.xz", execFileSync("xz", ["-c0", images.busybox.dockerArchive])),
  ],
  ["OCI archive, gzip", () => packed("oci.tar.gz", gzipSync(readFileSync(images.busybox.ociArchive)))],
  ["OCI layout with layers in zstd", () => recompressed("zstd")],
];

function packed(name: string, content: Uint8Array): string {
  const path = join(testdir(), name);
  writeFileSync(path, content);
  return path;
}

function recompressed(format: string): string {
  const target = join(testdir(), "layout");
  const words = ["copy", "--quiet", "--dest-compress", "--dest-compress-format", format];
  const { layout, name } = images.busybox;
  execFileSync("skopeo", [...words, `oci:${layout}:${name}`, `oci:${target}:${name}`]);
  return target;
}

test.each(forms)("%s: the image is there for all, with its name, id and files", async (form, make) => {
  const { id, name, digest } = images.busybox;
  expect(await load(make())).toBe(`Loaded image: ${name} (${id})\n`);
  const [busybox] = (await agreedImages()).filter((image) => image.id === id);
  expect(busybox?.names).toEqual([name]);
  // Docker archives have no manifest of OCI: its digest is that of the one made on the way.
  if (!/docker|zstd/.test(form)) expect(busybox?.digest).toBe(digest);
  const mounted = succeeded(await world.podman(["image", "mount", name]), "podman image mount").stdout.trim();
  expect(existsSync(join(mounted, "bin/busybox"))).toBe(true);
  succeeded(await world.podman(["image", "unmount", name]), "podman image unmount");
  succeeded(await world.kpod(["rmi", name]), "kpod rmi");
});

test("what was loaded runs, by kpod and by podman", async () => {
  await load("--tag", "localhost/run:1", images.busybox.dockerArchive);
  const args = ["run", "--rm", "--cgroup-parent", world.cgroupParent, "localhost/run:1", "echo", "hello"];
  expect(succeeded(await world.kpod(args), "kpod run").stdout).toBe("hello\n");
  const limits = ["--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000"];
  const places = ["--network", "none", "--cgroup-parent", world.cgroupParent];
  // Its containers would else be with those of the machine.
  const runtime = join(world.directory, "bin/runc-of-podman");
  const script = `#!/bin/sh\nexec runc --root ${join(world.directory, "podman/runc")} "$@"\n`;
  writeTree(world.directory, { "bin/runc-of-podman": { content: script, mode: 0o755 } });
  const words = ["run", "--rm", ...limits, ...places, "localhost/run:1", "echo", "hello"];
  const run = await world.podman(["--runtime", runtime, ...words]);
  expect(succeeded(run, "podman run").stdout).toBe("hello\n");
  expect(await load("-q", "--tag", "localhost/run:2", images.busybox.layout)).toBe(`${images.busybox.id}\n`);
  const [image] = (await agreedImages()).filter(({ id }) => id === images.busybox.id);
  expect(image?.names).toEqual(["localhost/run:1", "localhost/run:2"]);
  succeeded(await world.kpod(["rmi", "-f", images.busybox.id]), "kpod rmi");
});

test("beside containers whose layers are volatile, as those of CRI-O are: their mounts and the list stay", async () => {
  const store = new Store({
    root: world.root,
    runRoot: world.runRoot,
    storage: "overlay",
    storageOptions: [],
  });
  const { id, layer = "" } = await store.createContainer({
    names: ["of-crio"],
    image: images.pause.id as StorageId,
    layerName: "of-crio-layer",
    metadata: "",
  });
  const merged = await store.mount(layer as StorageId);
  makeRecordsVolatile(world);
  const persisted = readFileSync(store.layout.mountsFile, "utf8");
  expect(JSON.parse(persisted)).toEqual([{ id: layer, path: merged, count: 1 }]);
  const runDirectory = (): string[] => pathsBelow(world.runRoot).filter((path) => !path.endsWith(".lock"));
  const before = runDirectory();
  const layouts = [1, 2].map((number) => writeLayout(testdir(), [plain(`one-${number}`), plain("two")]));
  for (const [index, layout] of layouts.entries()) {
    const name = `localhost/beside:${index}`;
    const directory = testdir();
    const words = ["load", "--tag", name, layout];
    expect(await world.kpod(words, { env: { TMPDIR: directory } })).toMatchObject({
      stderr: "",
      exitCode: 0,
    });
    expect(readFileSync(store.layout.mountsFile, "utf8")).toBe(persisted);
    expect([isMountPoint(merged), existsSync(join(merged, "pause")), runDirectory()]).toEqual([
      true,
      true,
      before,
    ]);
    expect(readdirSync(directory)).toEqual([]);
    expect((await agreedImages()).flatMap(({ names }) => names)).toContain(name);
  }
  // The looks of the others have not spoilt it either, so that the next test sees what this one would have done.
  expect([readFileSync(store.layout.mountsFile, "utf8"), isMountPoint(merged)]).toEqual([persisted, true]);
  await store.deleteContainer(id);
  for (const index of layouts.keys())
    succeeded(await world.kpod(["rmi", `localhost/beside:${index}`]), "rmi");
});

test("a docker archive of several images brings all of them, each with its names", async () => {
  const other = makeBusyboxImage(join(testdir(), "other"), {
    name: "localhost/other:1",
    config: { Cmd: ["ls"] },
  });
  const both = join(testdir(), "both.tar");
  const names = ["localhost/run:1", "localhost/other:1"];
  await load("--tag", "localhost/run:1", images.busybox.layout);
  await load(other.layout);
  succeeded(await world.podman(["save", "--multi-image-archive", "--output", both, ...names]), "podman save");
  for (const name of names) succeeded(await world.kpod(["rmi", name]), "kpod rmi");
  const said = await load(both);
  expect(said.trim().split("\n").sort()).toEqual([
    `Loaded image: localhost/other:1 (${other.id})`,
    `Loaded image: localhost/run:1 (${images.busybox.id})`,
  ]);
  const refused = await world.kpod(["load", "--tag", "localhost/one:1", both]);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("holds 2 images")]);
  expect((await agreedImages()).flatMap((image) => image.names).sort()).toEqual(
    [...names, "localhost/pause:latest"].sort(),
  );
  for (const name of names) succeeded(await world.kpod(["rmi", name]), "kpod rmi");
});

/** Two images without a name in one archive of docker, OCI archive, or layout. @returns its path and both ids */
function unnamedTwice(form: "docker" | "oci-archive" | "oci"): { path: string; ids: string[] } {
  const other = makeBusyboxImage(join(testdir(), "other"), {
    name: "localhost/other:1",
    config: { Cmd: ["ls"] },
  });
  const both = [images.busybox, other];
  const ids = both.map(({ id }) => id);
  const directory = testdir();
  const path = join(testdir(), "Two Images.tar");
  if (form === "docker") {
    const manifests = both.flatMap(({ dockerArchive }) => {
      execFileSync("tar", ["--extract", `--file=${dockerArchive}`, `--directory=${directory}`]);
      return JSON.parse(readFileSync(join(directory, "manifest.json"), "utf8")) as object[];
    });
    const unnamed = manifests.map((entry) => ({ ...entry, RepoTags: null }));
    writeFileSync(join(directory, "manifest.json"), JSON.stringify(unnamed));
  } else {
    const manifests = both.flatMap(({ layout }) => {
      execFileSync("cp", ["--recursive", `${layout}/.`, directory]);
      const index = JSON.parse(readFileSync(join(directory, "index.json"), "utf8")) as {
        manifests: object[];
      };
      return index.manifests.map((entry) => ({ ...entry, annotations: {} }));
    });
    writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
    if (form === "oci") return { path: directory, ids };
  }
  execFileSync("tar", ["--create", `--file=${path}`, `--directory=${directory}`, ...readdirSync(directory)]);
  return { path, ids };
}

test.each(["docker", "oci-archive", "oci"] as const)(
  "%s: of two images without a name each gets one of its own, the same at every load",
  async (form) => {
    const { path, ids } = unnamedTwice(form);
    const said = await load(path);
    const names = said
      .trim()
      .split("\n")
      .map((line) => /^Loaded image: (\S+) /.exec(line)?.[1] ?? "");
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^localhost\/[a-z0-9.-]+:[0-9a-f]{12}$/);
    const listed = (await agreedImages()).filter(({ id }) => ids.includes(id));
    expect(new Map(listed.map(({ id, names: persisted }) => [id, persisted]))).toEqual(
      new Map(ids.map((id, index) => [id, [names[index]]])),
    );
    expect(await load(path)).toBe(said);
    for (const name of names) succeeded(await world.kpod(["rmi", name]), "kpod rmi");
  },
);

const plain = (name: string): Buffer => tarOf(testdir({ [name]: name }), [name]);

const broken: [string, () => string, RegExp][] = [
  [
    "a docker archive that is cut off",
    () => packed("cut.tar", readFileSync(images.busybox.dockerArchive).subarray(0, 700_000)),
    /is not an image archive: tar: Unexpected EOF/,
  ],
  [
    "a packed docker archive that is cut off",
    () => packed("cut.tar.gz", gzipSync(readFileSync(images.busybox.dockerArchive)).subarray(0, 700_000)),
    /is not an image archive: /,
  ],
  [
    "an OCI archive that is cut off",
    () => packed("cut.tar", readFileSync(images.busybox.ociArchive).subarray(0, 700_000)),
    /is not an image archive: tar: Unexpected EOF/,
  ],
  [
    "a layer that is not what its digest says, above one that is",
    () =>
      writeLayout(testdir(), [plain("below"), plain("above")], {
        spoil: (content, index) => (index === 1 ? gzipSync(plain("forged")) : content),
      }),
    /Digest did not match/,
  ],
  [
    "a layer that ends too early, above one that is whole",
    () =>
      writeLayout(testdir(), [
        plain("below"),
        tarOf(testdir({ big: "x".repeat(100_000) }), ["big"]).subarray(0, 5_000),
      ]),
    /unexpected EOF/,
  ],
  [
    "a manifest that is missing",
    () => {
      const layout = writeLayout(testdir(), [plain("below"), plain("above")]);
      const manifest = readFileSync(join(layout, "index.json"), "utf8");
      writeFileSync(
        join(layout, "index.json"),
        manifest.replace(/sha256:[0-9a-f]{64}/, `sha256:${"1".repeat(64)}`),
      );
      return layout;
    },
    /no such file or directory/,
  ],
  [
    "a layer that leads out by a symbolic link",
    () => {
      const directory = testdir({ way: { symlink: world.scratch }, "load/": null, escaped: "out" });
      return writeLayout(testdir(), [
        Buffer.concat([
          tarOf(directory, ["way"]).subarray(0, 512),
          tarOf(directory, ["escaped"], "s,^,way/,"),
        ]),
      ]);
    },
    /skopeo cannot load the image/,
  ],
];

test.each(broken)("%s: an error of one line, and nothing of it is left", async (_, make, message) => {
  const before = contents();
  const { stderr, exitCode, left } = await loadApart("--tag", "localhost/broken:1", make());
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^Error: [^\n]+\n$/)]);
  expect(stderr).toMatch(message);
  expect(left).toEqual([]);
  expect(contents()).toEqual(before);
  expect(existsSync(join(world.scratch, "escaped"))).toBe(false);
  await agreedImages();
});

test("names with .. stay within the layer", async () => {
  const directory = testdir({ escaped: "out" });
  const layout = writeLayout(testdir(), [tarOf(directory, ["escaped"], "s,^,../../../../scratch/,")]);
  await load("--tag", "localhost/dots:1", layout);
  expect(existsSync(join(world.scratch, "escaped"))).toBe(false);
  const found = pathsBelow(join(world.root, "overlay"));
  expect(found.filter((path) => /^[0-9a-f]{64}\/.*escaped$/.test(path))).toEqual([
    expect.stringMatching(/\/diff\/scratch\/escaped$/),
  ]);
  succeeded(await world.kpod(["rmi", "localhost/dots:1"]), "kpod rmi");
});

test("bad input", async () => {
  for (const args of [["a", "b"], ["--tag"], ["--nope", "x"]]) {
    expect([args, (await world.kpod(["load", ...args])).exitCode]).toEqual([args, 2]);
  }
  const missing = await world.kpod(["load", "/nowhere/image.tar"]);
  expect([missing.exitCode, missing.stderr]).toEqual([
    1,
    "Error: cannot load /nowhere/image.tar: no such file or directory\n",
  ]);
  const { exitCode, stderr } = await world.kpod(["load", "--tag", "Not A Name", images.busybox.layout]);
  expect([exitCode, stderr]).toEqual([
    1,
    'Error: "Not A Name" is not the name of an image: give [REGISTRY/]REPOSITORY[:TAG]\n',
  ]);
});

test("from a pipe, and by name out of an archive", async () => {
  const { id, name, dockerArchive } = images.busybox;
  const shell = async (script: string): Promise<string> => {
    const words = ["-c", script, "sh", ...kpodCommand, "--config", world.config];
    return succeeded(await runProcess("bash", words), script).stdout;
  };
  expect(await shell(`cat ${dockerArchive} | "$@" load -q`)).toBe(`${id}\n`);
  expect(await shell(`"$@" load -q -i - < ${dockerArchive}`)).toBe(`${id}\n`);
  expect(await shell(`"$@" load -i <(cat ${dockerArchive}) busybox`)).toBe(`Loaded image: ${name} (${id})\n`);
  // An argument is a name where nothing on disk has it, and that of the image where it has none in the archive.
  expect(await shell(`"$@" load busybox < ${dockerArchive}`)).toBe(`Loaded image: ${name} (${id})\n`);
  const unnamed = `"$@" untag busybox && "$@" save -q ${id} | "$@" load shop/app:2`;
  expect(await shell(unnamed)).toBe(`Loaded image: localhost/shop/app:2 (${id})\n`);
  expect(await shell(`"$@" load --tag app ${dockerArchive}`)).toBe(
    `Loaded image: localhost/app:latest (${id})\n`,
  );
  expect(await shell(`"$@" load busybox.tr < /dev/null 2>&1 || true`)).toMatch(
    /^Error: cannot load busybox\.tr: no such file or directory: if it is the name of an image, redirect [^\n]+\n$/,
  );
  expect(await shell(`: | "$@" load busybox.tr 2>&1 || true`)).toMatch(
    /^Error: standard input is not an image archive: it is empty: give the archive that holds busybox\.tr/,
  );
  // Without -i it is not read, nor waited for.
  const fifo = join(testdir(), "fifo");
  execFileSync("mkfifo", [fifo]);
  expect((await loadApart(fifo)).stderr).toBe(`Error: ${fifo} is a FIFO: pipes are read by kpod load -i\n`);
  const loop = join(testdir(), "loop");
  symlinkSync("loop", loop);
  const tooMany = `Error: cannot load ${loop}: too many levels of symbolic links\n`;
  expect((await loadApart(loop)).stderr).toBe(tooMany);
  expect((await loadApart("-i", loop)).stderr).toBe(tooMany);
  expect((await loadApart("/dev/null")).stderr).toMatch(
    /^Error: \/dev\/null is not an image archive: it is a device: give a docker archive/,
  );
  const nosuch = await loadApart("-i", dockerArchive, "nosuch");
  expect(nosuch).toEqual({
    exitCode: 1,
    left: [],
    stderr: expect.stringMatching(/^Error: \S+ holds no image nosuch.*localhost\/busybox/) as string,
  });
  const nothing = await loadApart();
  expect(nothing).toEqual({
    exitCode: 1,
    left: [],
    stderr: expect.stringMatching(/^Error: standard input is not an image archive: it is empty/) as string,
  });
  succeeded(await world.kpod(["rmi", "-f", id]), "kpod rmi");
});
