import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxImage, type ImageOptions } from "../../scripts/lib/image.mjs";
import { tarOf, writeIndexLayout, writeLayout } from "../helpers/image-layout";
import { testImages, type TestImages } from "../helpers/images";
import { contentsOf } from "../helpers/node";
import { runProcess, succeeded, type ProcessResult } from "../helpers/process";
import { registryUser, slowWay, startRegistry, type Registry } from "../helpers/registry";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;
let plain: Registry;
let secure: Registry;

/** An architecture that no test runs on. */
const foreign = "s390x";

/** This machine's, in Go's words. */
const own = process.arch === "x64" ? "amd64" : process.arch;

/** Where skopeo finds no credentials of this machine. */
const nowhere = { XDG_RUNTIME_DIR: "/nonexistent", HOME: "/nonexistent", REGISTRY_AUTH_FILE: undefined };

beforeAll(async () => {
  images = testImages();
  plain = await startRegistry();
  secure = await startRegistry({ secure: true });
  const auth = join(testdir(), "pause.json");
  const entry = { auth: Buffer.from(registryUser).toString("base64") };
  writeFileSync(auth, JSON.stringify({ auths: { [secure.host]: entry } }));
  const settings = {
    insecure_registries: [plain.host, secure.host],
    pause_image: `${secure.host}/infra/pause:1`,
    pause_image_auth_file: auth,
  };
  world = await createWorld({ settings: { "crio.image": settings } });
  const credentials = ["--dest-tls-verify=false", "--dest-creds", registryUser];
  await publish(`oci:${images.pause.layout}`, `${secure.host}/infra/pause:1`, ...credentials);
  await publish(`oci:${images.busybox.layout}`, `${plain.host}/busybox:1`);
}, 120_000);

afterAll(async () => {
  await plain.stop();
  await secure.stop();
  await world.destroy();
}, 120_000);

async function publish(source: string, name: string, ...flags: string[]): Promise<void> {
  const words = ["copy", "--all", "--quiet", "--dest-tls-verify=false", ...flags, source, `docker://${name}`];
  succeeded(await runProcess("skopeo", words), `skopeo copy ${name}`);
}

const kpod = (...args: string[]): Promise<ProcessResult> => world.kpod(args, { env: nowhere });

/** `kpod run` in a pod of its own, which goes with the container. */
const run = (...args: string[]): Promise<ProcessResult> =>
  kpod("run", "--rm", "--cgroup-parent", world.cgroupParent, ...args);

async function imageNames(): Promise<string[]> {
  const listed = JSON.parse((await kpod("images", "--format", "json")).stdout) as { names: string[] }[];
  return listed.flatMap(({ names }) => names).sort();
}

/** An image of one file, for another architecture. */
const foreignLayout = (): string =>
  writeLayout(testdir(), [tarOf(testdir({ file: "other" }), ["file"])], { architecture: foreign });

test("what is not there is pulled, the pause image with its own credentials; never fetches nothing", async () => {
  const name = `${plain.host}/busybox:1`;
  const never = await run("--pull", "never", name, "true");
  expect([never.exitCode, never.stderr]).toEqual([125, expect.stringMatching(/is not in the store/)]);
  // Not even the pause image, with the other one there.
  expect((await kpod("pull", "-q", name)).exitCode).toBe(0);
  const pauseless = await run("--pull", "never", name, "true");
  expect(pauseless.stderr).toMatch(
    /^Error: the pause image localhost:\d+\/infra\/pause:1 is not in the store/,
  );
  expect((await kpod("rmi", name)).exitCode).toBe(0);

  const first = await run(name, "echo", "hello");
  expect([first.exitCode, first.stdout]).toEqual([0, "hello\n"]);
  expect(first.stderr).toMatch(/^Trying to pull \S+busybox:1\.\.\.\n/);
  expect(first.stderr).toMatch(/Trying to pull \S+infra\/pause:1\.\.\.\n/);
  expect(await imageNames()).toEqual([name, `${secure.host}/infra/pause:1`].sort());
  expect(await run(name, "echo", "again")).toEqual({ exitCode: 0, stdout: "again\n", stderr: "" });
  expect(await run("--pull", "never", name, "true")).toMatchObject({ exitCode: 0, stderr: "" });
});

test("a short name is found again under the name it was pulled by", async () => {
  const conf = join(testdir(), "registries.conf");
  writeFileSync(conf, `unqualified-search-registries = ["${plain.host}"]\n`);
  await publish(`oci:${images.busybox.layout}`, `${plain.host}/kpodshort:latest`);
  const env = { ...nowhere, CONTAINERS_REGISTRIES_CONF: conf };
  const args = ["run", "--rm", "--cgroup-parent", world.cgroupParent, "kpodshort", "echo", "hello"];
  expect((await world.kpod(args, { env })).stderr).toMatch(/^Trying to pull localhost:\d+\/kpodshort:latest/);
  expect(await world.kpod(args, { env })).toEqual({ exitCode: 0, stdout: "hello\n", stderr: "" });
});

test("always asks the registry: another image under the name, and a registry that is away", async () => {
  const name = `${plain.host}/moving:1`;
  const options: ImageOptions = { name: "localhost/moving:1", config: { Cmd: ["echo", "second"] } };
  await publish(`oci:${images.busybox.layout}`, name);
  expect((await run(name, "true")).exitCode).toBe(0);
  await publish(`oci:${makeBusyboxImage(join(testdir(), "image"), options).layout}`, name);
  expect(await run(name, "echo", "first")).toMatchObject({ stdout: "first\n", stderr: "" });
  expect(await run("--pull", "always", name)).toMatchObject({ exitCode: 0, stdout: "second\n" });
  const gone = "127.0.0.1:1/moving:1";
  expect((await kpod("tag", name, gone)).exitCode).toBe(0);
  expect((await run(gone)).stdout).toBe("second\n");
  const away = await run("--pull", "always", gone);
  expect([away.exitCode, away.stdout]).toEqual([125, ""]);
  expect(away.stderr).toMatch(/connection refused/);
});

test("of an index the image for this node is taken; the image of another architecture is refused, but comes into the store", async () => {
  const before = contentsOf(world);
  const layout = foreignLayout();
  await publish(
    `oci:${writeIndexLayout(testdir(), { [foreign]: layout, [own]: images.busybox.layout })}`,
    `${plain.host}/both:1`,
  );
  expect(await run(`${plain.host}/both:1`, "echo", "mine")).toMatchObject({ exitCode: 0, stdout: "mine\n" });
  await publish(`oci:${writeIndexLayout(testdir(), { [foreign]: layout })}`, `${plain.host}/foreign:1`);
  const none = await run(`${plain.host}/foreign:1`);
  expect([none.exitCode, none.stderr]).toEqual([
    125,
    expect.stringMatching(/\nError: image \S+ is not in the store .*no image found .* for architecture/),
  ]);
  const pulled = await kpod("pull", "-q", "--platform", `linux/${foreign}`, `${plain.host}/both:1`);
  expect([pulled.exitCode, pulled.stderr]).toEqual([0, ""]);
  const archive = join(testdir(), "foreign.tar");
  succeeded(
    await runProcess("skopeo", ["copy", "-q", `oci:${layout}`, `docker-archive:${archive}:foreign:1`]),
    "skopeo",
  );
  expect((await kpod("load", "-q", "-i", archive)).exitCode).toBe(0);
  for (const name of [`${plain.host}/both:1`, "foreign:1"]) {
    const refused = await run(name);
    expect([refused.exitCode, refused.stdout]).toEqual([125, ""]);
    expect(refused.stderr).toBe(
      `Error: image ${name} is for linux/${foreign}, and this node is linux/${own}: ` +
        `pull the one for this node with kpod pull --platform linux/${own}\n`,
    );
  }
  expect((await kpod("rmi", `${plain.host}/both:1`, "foreign:1")).exitCode).toBe(0);
  // What runs of an index has lost its name to the other one.
  expect((await kpod("rmi", "--prune")).exitCode).toBe(0);
  expect(await imageNames()).toEqual([`${secure.host}/infra/pause:1`]);
  expect(contentsOf(world).filter((line) => line.includes("overlay-containers/"))).toEqual(
    before.filter((line) => line.includes("overlay-containers/")),
  );
});

test("Ctrl-C while the image comes leaves nothing", async () => {
  const layer = tarOf(testdir({ file: randomBytes(600_000).toString("base64") }), ["file"]);
  await publish(`oci:${writeLayout(testdir(), [layer])}`, `${plain.host}/big:1`);
  const way = await slowWay(plain.port, 300_000);
  try {
    const config = join(testdir(), "crio.conf");
    const text = readFileSync(world.config, "utf8").replaceAll(`"${plain.host}"`, `"${way.host}"`);
    writeFileSync(config, text);
    const before = contentsOf(world);
    const words = ["--config", config, "run", "--cgroup-parent", world.cgroupParent, `${way.host}/big:1`];
    const child = world.startKpod(words, { env: nowhere });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    await until("some of it came", () => way.bytes() > 200_000);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(contentsOf(world)).toEqual(before);
    expect(existsSync("/var/tmp") && (await imageNames()).some((name) => name.includes("big"))).toBe(false);
  } finally {
    await way.stop();
  }
});

describe("image_volumes, and what of an image comes into the annotations", () => {
  const name = "localhost/volumes:1";

  beforeAll(async () => {
    const config = {
      Volumes: { "/data/own": {} },
      Labels: { of: "the image" },
      StopSignal: "SIGUSR1",
      Cmd: ["sh"],
    };
    const { ociArchive } = makeBusyboxImage(join(testdir(), "image"), { name, config });
    succeeded(await kpod("load", "-q", "-i", ociArchive), "kpod load");
    succeeded(
      await kpod("pod", "run", "--name", "volumes", "--cgroup-parent", world.cgroupParent),
      "pod run",
    );
  });

  async function runWith(imageVolumes: string): Promise<ProcessResult> {
    const config = join(testdir(), "crio.conf");
    const text = readFileSync(world.config, "utf8").replace(/^image_volumes.*\n/m, "");
    writeFileSync(config, text.replace("[crio.image]", `[crio.image]\nimage_volumes = "${imageVolumes}"`));
    const script =
      "if [ -d /data/own ]; then touch /data/own/x && grep -c ' /data/own ' /proc/mounts; else echo none; fi";
    const words = ["run", "--pod", "volumes", "--name", imageVolumes, name, "sh", "-c", script];
    return kpod("--config", config, ...words);
  }

  test.each([
    ["mkdir", "0\n"],
    ["bind", "1\n"],
    ["ignore", "none\n"],
  ])("%s", async (kind, printed) => {
    expect((await runWith(kind)).stdout).toBe(printed);
    const { Annotations, Labels, State } = JSON.parse((await kpod("inspect", `volumes/${kind}`)).stdout) as {
      Annotations: Record<string, string>;
      Labels: Record<string, string>;
      State: { annotations: Record<string, string> };
    };
    expect(State.annotations).toMatchObject({
      "org.opencontainers.image.stopSignal": "SIGUSR1",
      "io.kubernetes.cri-o.Image": name,
      "io.kubernetes.cri-o.ImageName": name,
    });
    // As for CRI-O, the labels of an image are not those of its containers.
    expect(Object.keys({ ...Annotations, ...Labels, ...State.annotations })).not.toContain("of");
    expect((await kpod("rm", `volumes/${kind}`)).exitCode).toBe(0);
  });
});
