import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeBusyboxImage } from "../../scripts/lib/image.mjs";
import { tarOf, writeLayout } from "../helpers/image-layout";
import { testImages, type TestImages } from "../helpers/images";
import { listing, pathsBelow } from "../helpers/listing";
import { runProcess, succeeded, type ProcessResult } from "../helpers/process";
import { registryUser, slowWay, startRegistry, type Registry } from "../helpers/registry";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;
let plain: Registry;
let secure: Registry;

/** Where skopeo finds no credentials of this machine. */
const nowhere = { XDG_RUNTIME_DIR: "/nonexistent", HOME: "/nonexistent", REGISTRY_AUTH_FILE: undefined };

beforeAll(async () => {
  images = testImages();
  plain = await startRegistry();
  secure = await startRegistry({ secure: true });
  world = await createWorld({ settings: { "crio.image": { insecure_registries: [plain.host] } } });
  // So that the failures have something to leave alone.
  succeeded(await world.kpod(["load", "--tag", "localhost/pause:latest", images.pause.layout]), "kpod load");
  await publish(plain, "shop/busybox:1", "--dest-tls-verify=false");
  await publish(plain, "library/busybox:latest", "--dest-tls-verify=false");
  await publish(
    secure,
    "shop/busybox:1",
    "--dest-cert-dir",
    secure.certificates,
    "--dest-creds",
    registryUser,
  );
}, 120_000);

afterAll(async () => {
  await plain.stop();
  await secure.stop();
  await world.destroy();
}, 120_000);

async function publish(registry: Registry, name: string, ...flags: string[]): Promise<void> {
  const { layout, name: own } = images.busybox;
  const words = ["copy", "--quiet", ...flags, `oci:${layout}:${own}`, `docker://${registry.host}/${name}`];
  succeeded(await runProcess("skopeo", words), `skopeo copy ${name}`);
}

/** Runs kpod with a directory of its own for files on their way, which must be empty in the end. */
async function pull(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<ProcessResult> {
  const directory = testdir();
  const result = await world.kpod(["pull", ...args], { env: { ...nowhere, TMPDIR: directory, ...env } });
  expect(readdirSync(directory)).toEqual([]);
  return result;
}

/** An image of two layers that cannot be compressed and that no other image has. */
function bigLayout(): string {
  const layers = ["first", "second"].map((file) =>
    tarOf(testdir({ [file]: randomBytes(400_000).toString("base64") }), [file]),
  );
  return writeLayout(testdir(), layers);
}

/** All of the store that pulls write, without locks. */
function contents(): string[] {
  const isKept = (path: string): boolean =>
    !/\.lock$|overlay-layers\/tmp$|cache\/blob-info|tempdirs$/.test(path);
  return existsSync(world.root) ? pathsBelow(world.root).filter(isKept).sort() : [];
}

async function namesIn(): Promise<string[]> {
  const listed = JSON.parse((await world.kpod(["images", "--format", "json"])).stdout) as {
    names: string[];
  }[];
  const theirs = JSON.parse(
    succeeded(await world.apart.containersStorage(["images", "--json"]), "containers-storage").stdout,
  ) as { names?: string[] }[] | null;
  const names = listed.flatMap((image) => image.names).sort();
  expect((theirs ?? []).flatMap((image) => image.names ?? []).sort()).toEqual(names);
  return names;
}

const remove = async (name: string): Promise<void> => {
  succeeded(await world.kpod(["rmi", name]), "kpod rmi");
};

describe("what is refused leaves nothing", () => {
  const cases: [string, () => string[], RegExp][] = [
    ["an unknown tag", () => [`${plain.host}/shop/busybox:2`], /manifest unknown/],
    ["an unknown repository", () => [`${plain.host}/nosuch`], /(?:manifest|name) unknown/],
    ["nobody there", () => ["127.0.0.1:1/busybox"], /connection refused.*cannot be reached/],
    [
      "no credentials",
      () => ["--cert-dir", secure.certificates, `${secure.host}/shop/busybox:1`],
      /--creds USER:PASSWORD/,
    ],
    [
      "wrong credentials",
      () => ["--creds", "joe:no", "--cert-dir", secure.certificates, `${secure.host}/shop/busybox:1`],
      /unauthorized|authentication required/,
    ],
    ["an unknown CA", () => ["--creds", registryUser, `${secure.host}/shop/busybox:1`], /x509.*--cert-dir/],
    [
      "credentials without a password",
      () => ["--creds", "joe", `${plain.host}/shop/busybox:1`],
      /no password/,
    ],
    ["capital letters", () => ["docker.io/library/BusyBox"], /is not the name.*small letters: docker/],
    ["a platform that is none", () => ["--platform", "arm64", `${plain.host}/shop/busybox:1`], /OS\/ARCH/],
    ["a blank", () => [" "], /^Error: " " is not the name of an image: it is \[REGISTRY/],
    ["a transport that kpod has not", () => ["docker-daemon:busybox"], /it pulls by docker:\/\//],
    ["a transport alone", () => ["oci:"], /^Error: oci: alone names no place: give oci:DIRECTORY/],
    [
      "a directory of certificates that is not there",
      () => ["--cert-dir", "/nowhere", `${plain.host}/shop/busybox:1`],
      /^Error: --cert-dir \/nowhere: there is no such directory\n/,
    ],
    ["an archive that is not there", () => ["docker-archive:/nowhere.tar"], /no such file/],
  ];

  test.each(cases)("%s", async (_, args, message) => {
    const before = contents();
    const { exitCode, stdout, stderr } = await pull(["-q", ...args()]);
    expect([exitCode, stdout, stderr]).toEqual([1, "", expect.stringMatching(/^Error: [^\n]+\n$/)]);
    expect(stderr).toMatch(message);
    expect(contents()).toEqual(before);
  });

  test("a blob that is not what its digest says", async () => {
    const own = await startRegistry();
    try {
      const words = ["copy", "-q", "--dest-tls-verify=false", `oci:${bigLayout()}`];
      succeeded(await runProcess("skopeo", [...words, `docker://${own.host}/spoilt:1`]), "skopeo copy");
      let spoilt = 0;
      const blobs = pathsBelow(own.directory).filter((path) => /blobs\/sha256\/.*\/data$/.test(path));
      for (const blob of blobs.map((path) => join(own.directory, path))) {
        const bytes = readFileSync(blob);
        if (bytes.length < 100_000) continue;
        spoilt += 1;
        bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 0xff;
        writeFileSync(blob, bytes);
      }
      expect(spoilt).toBe(2);
      const before = contents();
      const { exitCode, stderr } = await pull(["-q", "--tls-verify=false", `${own.host}/spoilt:1`]);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^Error: [^\n]+\n$/)]);
      expect(contents()).toEqual(before);
    } finally {
      await own.stop();
    }
  });

  test("wrong usage is exit 2", async () => {
    for (const args of [[], ["--policy", "never", "x"], ["--nope", "x"], ["--tls-verify=no", "x"]]) {
      expect([args, (await pull(args)).exitCode]).toEqual([args, 2]);
    }
  });
});

/** What lies in the runroot but for locks, and for the journal of changes, in which the pull itself stands. */
const withoutOwn = (lines: readonly string[]): string[] =>
  lines.filter((line) => !/\.lock |^kpod-events\.jsonl /.test(line));

test("the id is all of stdout, and each step a line of stderr; -q has none", async () => {
  const name = `${plain.host}/shop/busybox:1`;
  // The list of CRI-O's mounts, and all else of the store's run directory, is not skopeo's to touch.
  const mounts = join(world.runRoot, "overlay-layers/mountpoints.json");
  mkdirSync(dirname(mounts), { recursive: true });
  writeFileSync(mounts, `[ {"id":"${"a".repeat(64)}","path":"/of/crio","count":1} ]`);
  const before = listing(world.runRoot);
  const { exitCode, stdout, stderr } = await pull([name]);
  expect(withoutOwn(listing(world.runRoot))).toEqual(withoutOwn(before));
  rmSync(mounts);
  expect([exitCode, stdout]).toEqual([0, `${images.busybox.id}\n`]);
  expect(stderr).toMatch(/^Trying to pull \S+\.\.\.\nGetting image source signatures\nCopying blob sha256:/);
  expect(await namesIn()).toEqual(["localhost/pause:latest", name]);
  expect(await pull(["-q", name])).toEqual({ exitCode: 0, stdout: `${images.busybox.id}\n`, stderr: "" });
  const other = await pull(["-q", "--platform", "linux/s390x", name]);
  expect([other.exitCode, other.stderr]).toEqual([
    0,
    expect.stringMatching(/^Warning: .* not for linux\/s390x/),
  ]);
  const podman = await world.apart.podman(["image", "inspect", "--format", "{{.Id}}", name]);
  expect(succeeded(podman, "podman").stdout.trim()).toBe(images.busybox.id);
  await remove(name);
});

test("TLS with a password, by --creds and by files", async () => {
  const name = `${secure.host}/shop/busybox:1`;
  const words = ["-q", "--cert-dir", secure.certificates];
  const auth = join(testdir(), "auth.json");
  const entry = { auth: Buffer.from(registryUser).toString("base64") };
  writeFileSync(auth, JSON.stringify({ auths: { [secure.host]: entry } }));
  const config = join(testdir(), "crio.conf");
  writeFileSync(
    config,
    `${readFileSync(world.config, "utf8")}\n`.replace(
      "[crio.image]",
      `[crio.image]\nglobal_auth_file = "${auth}"`,
    ),
  );
  const ways: [string[], Record<string, string>][] = [
    [["pull", "--creds", registryUser, ...words, name], {}],
    [["pull", "--authfile", auth, ...words, name], {}],
    [["pull", ...words, name], { REGISTRY_AUTH_FILE: auth }],
    [["--config", config, "pull", ...words, name], {}],
    [["pull", "-q", "--creds", registryUser, "--tls-verify=false", name], {}],
  ];
  for (const [args, env] of ways) {
    const result = await world.kpod(args, { env: { ...nowhere, ...env } });
    expect({ args, ...result }).toEqual({ args, exitCode: 0, stdout: `${images.busybox.id}\n`, stderr: "" });
    await remove(name);
  }
});

test("short names: registries.conf of both versions, aliases, and crio.conf; what failed is told", async () => {
  const file = (text: string): Record<string, string> => {
    const path = join(testdir(), "registries.conf");
    writeFileSync(path, text);
    return { CONTAINERS_REGISTRIES_CONF: path };
  };
  const away = "127.0.0.1:1";
  // busybox itself may be an alias of the distribution's.
  const name = `${plain.host}/kpodtest:latest`;
  await publish(plain, "kpodtest:latest", "--dest-tls-verify=false");
  const v2 = (search: string): Record<string, string> =>
    file(`unqualified-search-registries = [${search}]\n[aliases]\n"bb/own" = "${plain.host}/shop/busybox"\n`);
  const v1 = file(`[registries.search]\nregistries = ["${away}", "${plain.host}"]\n`);
  for (const env of [
    v2(`"${away}", "${plain.host}"`),
    v1,
    { REGISTRIES_CONFIG_PATH: v1.CONTAINERS_REGISTRIES_CONF },
  ]) {
    const { exitCode, stdout, stderr } = await pull(["kpodtest"], env);
    expect([exitCode, stdout]).toEqual([0, `${images.busybox.id}\n`]);
    expect(stderr).toContain(`Trying to pull ${away}/kpodtest:latest...\nTrying to pull ${name}...\n`);
    await remove(name);
  }
  expect((await pull(["-q", "bb/own:1"], v2(""))).exitCode).toBe(0);
  await remove(`${plain.host}/shop/busybox:1`);
  const none = await pull(["-q", "nosuch"], v2(`"${away}", "${plain.host}"`));
  expect([none.exitCode, none.stderr]).toEqual([
    1,
    expect.stringMatching(/^Error: .*refused.*; .*unknown.*\n$/),
  ]);
  const nowhereToLook = await pull(["-q", "nosuch"], v2(""));
  expect(nowhereToLook.stderr).toMatch(/names no registry.*docker\.io\/library\/nosuch/);
  const enforcing = file(
    `short-name-mode = "enforcing"\nunqualified-search-registries = ["${away}", "${plain.host}"]\n`,
  );
  expect((await pull(["-q", "kpodtest"], enforcing)).stderr).toMatch(/may be of .*enforcing/);
});

test("--policy: missing asks nobody, newer keeps the stored one", async () => {
  const name = `${plain.host}/shop/busybox:1`;
  expect((await pull(["-q", "--policy", "missing", name])).stdout).toBe(`${images.busybox.id}\n`);
  const gone = "127.0.0.1:1/shop/busybox:1";
  succeeded(await world.kpod(["tag", name, gone]), "kpod tag");
  expect(await pull(["-q", "--policy", "missing", gone])).toMatchObject({ exitCode: 0, stderr: "" });
  const newer = await pull(["-q", "--policy", "newer", gone]);
  expect([newer.exitCode, newer.stdout]).toEqual([0, `${images.busybox.id}\n`]);
  expect(newer.stderr).toContain("the stored image is kept");
  expect((await pull(["-q", gone])).exitCode).toBe(1);
  await remove(gone);
  await remove(name);
});

test("--all-tags, digests, archives and layouts", async () => {
  const other = makeBusyboxImage(join(testdir(), "other"), {
    name: "localhost/other:1",
    config: { Cmd: ["ls"] },
  });
  const words = ["copy", "--quiet", "--dest-tls-verify=false", `oci:${other.layout}:localhost/other:1`];
  succeeded(await runProcess("skopeo", [...words, `docker://${plain.host}/two:b`]), "skopeo");
  await publish(plain, "two:a", "--dest-tls-verify=false");
  const all = await pull(["-q", "--all-tags", `${plain.host}/two`]);
  expect(all).toEqual({ exitCode: 0, stdout: `${images.busybox.id}\n${other.id}\n`, stderr: "" });
  expect(await namesIn()).toEqual(["localhost/pause:latest", `${plain.host}/two:a`, `${plain.host}/two:b`]);
  for (const tag of ["a", "b"]) await remove(`${plain.host}/two:${tag}`);
  const digest = `${plain.host}/two@${images.busybox.digest}`;
  expect((await pull(["-q", digest])).stdout).toBe(`${images.busybox.id}\n`);
  expect(await namesIn()).toEqual(["localhost/pause:latest", digest]);
  await remove(digest);
  const { layout, dockerArchive, ociArchive, name } = images.busybox;
  const sources = [
    `oci:${layout}:${name}`,
    `oci:${layout}`,
    `docker-archive:${dockerArchive}`,
    `oci-archive:${ociArchive}`,
  ];
  for (const source of sources) {
    expect(await pull(["-q", source])).toEqual({ exitCode: 0, stdout: `${images.busybox.id}\n`, stderr: "" });
    await remove(name);
  }
  const directory = join(testdir(), "Some Image");
  succeeded(
    await runProcess("skopeo", ["copy", "-q", `oci:${layout}:${name}`, `dir:${directory}`]),
    "skopeo",
  );
  expect((await pull(["-q", `dir:${directory}`])).stdout).toBe(`${images.busybox.id}\n`);
  await remove("localhost/some-image:latest");
  expect((await pull(["-q", "dir:/nosuch"])).stderr).toMatch(
    /^Error: cannot pull dir:\/nosuch: there is no \/nosuch\/manifest.json: give a directory/,
  );
});

test.each([false, true])(
  "a registry that stops in mid-blob (closed: %s): Ctrl-C, and nothing is left",
  async (dies) => {
    const layout = bigLayout();
    const copying = ["copy", "-q", "--dest-tls-verify=false", `oci:${layout}`];
    succeeded(await runProcess("skopeo", [...copying, `docker://${plain.host}/big:1`]), "skopeo copy");
    const way = await slowWay(plain.port, 550_000, dies);
    const directory = testdir();
    try {
      const before = contents();
      const words = ["pull", "--tls-verify=false", `${way.host}/big:1`];
      const child = world.startKpod(words, { env: { ...nowhere, TMPDIR: directory } });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
      if (!dies) {
        await until("some of it came", () => way.bytes() > 450_000);
        child.kill("SIGINT");
      }
      expect([await ended, stderr]).toEqual([dies ? 1 : 130, expect.any(String)]);
      expect(readdirSync(directory)).toEqual([]);
      // What was whole may stay, and the next pull goes on with it.
      expect(readFileSync(join(world.root, "overlay-layers/layers.json"), "utf8")).not.toContain(
        "incomplete",
      );
      expect(await namesIn()).toEqual(["localhost/pause:latest"]);
      expect((await pull(["-q", "--tls-verify=false", `${plain.host}/big:1`])).exitCode).toBe(0);
      await remove(`${plain.host}/big:1`);
      expect(contents()).toEqual(before);
    } finally {
      await way.stop();
    }
  },
);
