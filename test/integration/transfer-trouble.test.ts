import { randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { mount, mountFlags, unmount } from "../../src/lib/system/mount";
import { tarOf, writeLayout } from "../helpers/image-layout";
import { testImages, type TestImages } from "../helpers/images";
import { KPOD } from "../helpers/kpod";
import { pathsBelow } from "../helpers/listing";
import { startOddRegistry, type Oddity, type OddRegistry } from "../helpers/odd-registry";
import { finish, runProcess, startProcess, succeeded, type ProcessResult } from "../helpers/process";
import { startRegistry, type Registry } from "../helpers/registry";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;
let plain: Registry;

/** Where skopeo finds no credentials of this machine. */
const nowhere = { XDG_RUNTIME_DIR: "/nonexistent", HOME: "/nonexistent", REGISTRY_AUTH_FILE: undefined };

beforeAll(async () => {
  images = testImages();
  plain = await startRegistry();
  world = await createWorld({
    settings: { "crio.image": { insecure_registries: [plain.host, "localhost"] } },
  });
  succeeded(await world.kpod(["load", images.busybox.layout]), "kpod load");
  succeeded(await world.kpod(["push", "-q", "busybox", `${plain.host}/shop/busybox:1`]), "kpod push");
}, 120_000);

afterAll(async () => {
  await plain.stop();
  await world.destroy();
}, 120_000);

/** Runs kpod with a directory of its own for files on their way, which must be empty in the end. */
async function kpod(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string | undefined> } = {},
): Promise<ProcessResult> {
  const directory = testdir();
  const result = await world.kpod(args, {
    ...options,
    env: { ...nowhere, TMPDIR: directory, ...options.env },
  });
  expect(readdirSync(directory)).toEqual([]);
  return result;
}

/** All of the store that transfers write, without locks. */
function contents(root = world.root): string[] {
  const isKept = (path: string): boolean =>
    !/\.lock$|overlay-layers\/tmp$|cache\/blob-info|tempdirs$/.test(path);
  return existsSync(root) ? pathsBelow(root).filter(isKept).sort() : [];
}

/** Runs kpod, which must refuse in one line and leave the store as it was. @returns that line */
async function refusal(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string | undefined> } = {},
): Promise<string> {
  const before = contents();
  const { exitCode, stdout, stderr } = await kpod(args, options);
  expect({ args, exitCode, stdout, stderr }).toEqual({
    ...{ args, exitCode: 1, stdout: "" },
    stderr: expect.stringMatching(/^Error: [^\n]+\n$/) as string,
  });
  expect(contents()).toEqual(before);
  return stderr;
}

/** Sends kpod a signal once something has happened. @returns its exit code */
async function interrupted(
  args: readonly string[],
  happened: () => boolean,
  start = (env: NodeJS.ProcessEnv) => world.startKpod(args, { env }),
): Promise<number> {
  const directory = testdir();
  const before = contents();
  const child = start({ ...nowhere, TMPDIR: directory });
  const ended = new Promise<number>((resolve) =>
    child.on("close", (code) => {
      resolve(code ?? -1);
    }),
  );
  await until(`${args[0] ?? ""} is under way`, () => happened() && readdirSync(directory).length > 0);
  child.kill("SIGINT");
  const code = await ended;
  expect(readdirSync(directory)).toEqual([]);
  expect(contents()).toEqual(before);
  return code;
}

/** A layout of one layer that cannot be compressed. */
const bigLayout = (): string =>
  writeLayout(testdir(), [tarOf(testdir({ file: randomBytes(600_000).toString("base64") }), ["file"])]);

async function withOdd<T>(
  layout: string,
  odd: Oddity,
  action: (registry: OddRegistry) => Promise<T>,
): Promise<T> {
  const registry = await startOddRegistry(layout, odd);
  try {
    return await action(registry);
  } finally {
    await registry.stop();
  }
}

/** Takes no blob: a push there never comes to its end. */
const stuck: Oddity = ({ method, url = "" }, response) => {
  if (method === "HEAD") response.writeHead(404).end();
  else if (method === "POST") response.writeHead(202, { Location: `${url}1` }).end();
  else return method === "PATCH";
  return true;
};

function configured(...lines: string[]): string {
  const path = join(testdir(), "crio.conf");
  const text = readFileSync(world.config, "utf8");
  writeFileSync(path, text.replace("[crio.image]", ["[crio.image]", ...lines].join("\n")));
  return path;
}

test("mirrors of registries.conf are tried one after the other; a blocked registry is refused", async () => {
  const conf = join(testdir(), "registries.conf");
  writeFileSync(
    conf,
    `[[registry]]
location = "kpod.invalid/shop"
[[registry.mirror]]
location = "127.0.0.1:1/dead"
[[registry.mirror]]
location = "${plain.host}/shop"
insecure = true
[[registry]]
location = "blocked.invalid"
blocked = true
`,
  );
  for (const variable of ["CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH"]) {
    const env = { [variable]: conf };
    const name = "kpod.invalid/shop/busybox:1";
    const pulled = await kpod(["pull", "-q", name], { env });
    expect(pulled).toEqual({ exitCode: 0, stdout: `${images.busybox.id}\n`, stderr: "" });
    expect((await kpod(["rmi", name])).exitCode).toBe(0);
    expect(await refusal(["pull", "-q", "blocked.invalid/x:1"], { env })).toMatch(/blocked/);
  }
});

describe("a registry that misbehaves", () => {
  const busy: Oddity = (request, response) => {
    if (!(request.url ?? "").includes("/manifests/")) return false;
    response.writeHead(429, { "Retry-After": "0" });
    response.end('{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}');
    return true;
  };

  test("429: what it says is waited for, and it is told where that does not help", async () => {
    let first = true;
    const once: Oddity = (request, response) => first && busy(request, response) && !(first = false);
    await withOdd(images.busybox.layout, once, async ({ host, requests }) => {
      expect((await kpod(["pull", "-q", `${host}/x:1`])).exitCode).toBe(0);
      expect(requests.filter((request) => request.endsWith("/manifests/1")).length).toBeGreaterThan(1);
      expect((await kpod(["rmi", `${host}/x:1`])).exitCode).toBe(0);
    });
    await withOdd(images.busybox.layout, busy, async ({ host }) => {
      expect(await refusal(["pull", "-q", `${host}/x:1`])).toMatch(/the registry limits pulls/);
    });
    const later: Oddity = (request, response) => {
      if (!(request.url ?? "").includes("/manifests/")) return false;
      response.writeHead(429, { "Retry-After": "600" });
      response.end();
      return true;
    };
    await withOdd(images.busybox.layout, later, async ({ host, requests }) => {
      const asked = (): boolean => requests.some((request) => request.includes("/manifests/"));
      expect(await interrupted(["pull", "-q", `${host}/x:1`], asked)).toBe(130);
    });
  });

  test("401, a manifest of another digest, and one that is none", async () => {
    const answer =
      (status: number, text: string): Oddity =>
      (request, response) => {
        if (!(request.url ?? "").includes("/manifests/")) return false;
        response.writeHead(status, { "Content-Type": "application/vnd.oci.image.manifest.v1+json" });
        response.end(text);
        return true;
      };
    const unauthorized = answer(401, '{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}');
    await withOdd(images.busybox.layout, unauthorized, async ({ host }) => {
      expect(await refusal(["pull", "-q", `${host}/x:1`])).toMatch(/kpod login, or give --creds/);
    });
    await withOdd(
      images.busybox.layout,
      () => false,
      async ({ host }) => {
        expect(await refusal(["pull", "-q", `${host}/x@sha256:${"1".repeat(64)}`])).toMatch(/digest/);
      },
    );
    await withOdd(images.busybox.layout, answer(200, "<html>"), async ({ host }) => {
      expect(await refusal(["pull", "-q", `${host}/x:1`])).toMatch(/skopeo cannot pull/);
    });
  });

  test("one that takes no blob: Ctrl-C ends push", async () => {
    await withOdd(images.busybox.layout, stuck, async ({ host, requests }) => {
      const asked = (): boolean => requests.some((request) => request.startsWith("PATCH"));
      expect(await interrupted(["push", "busybox", `${host}/x:1`], asked)).toBe(130);
    });
  });
});

test("signature_policy refuses what comes into the store, and not what is in it", async () => {
  const policy = join(testdir(), "policy.json");
  writeFileSync(policy, JSON.stringify({ default: [{ type: "reject" }] }));
  const config = ["--config", configured(`signature_policy = "${policy}"`)];
  const name = `${plain.host}/shop/busybox:1`;
  expect(await refusal([...config, "pull", "-q", name])).toMatch(/rejected by policy.*signature_policy/);
  expect(await refusal([...config, "load", "-q", images.busybox.layout])).toMatch(/rejected by policy/);
  const archive = join(testdir(), "busybox.tar");
  expect(await kpod([...config, "save", "-q", "-o", archive, "busybox"])).toMatchObject({ exitCode: 0 });
  expect(await kpod([...config, "push", "-q", "busybox", name])).toMatchObject({ exitCode: 0, stderr: "" });
  // What a flag names counts for both.
  for (const verb of [
    ["pull", "-q"],
    ["push", "-q", "busybox"],
  ])
    expect(await refusal([...verb, "--signature-policy", policy, name])).toMatch(/rejected by policy/);
  const none = join(testdir(), "none.json");
  expect(await refusal(["pull", "-q", "--signature-policy", none, name])).toMatch(/no such file/);
});

test("archives that are none, names that are none", async () => {
  const empty = join(testdir({ "empty.tar": "" }), "empty.tar");
  expect(await refusal(["load", empty])).toMatch(/empty\.tar is not an image archive: it is empty/);
  expect(await refusal(["load", "-i", empty])).toMatch(/it is empty/);
  expect(await refusal(["load"], { input: "no archive" })).toMatch(
    /^Error: standard input is not an image archive/,
  );
  expect(await kpod(["pull", ""])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/^Error: an empty argument names nothing/) as string,
  });
  expect(await refusal(["push", "busybox", `${plain.host}/Capital:1`])).toMatch(/small letters/);
  expect(await refusal(["tag", "busybox", "Capital"])).toMatch(/small letters/);
  const gone = await world.kpod(["pull", "-q", `${plain.host}/shop/busybox:1`], {
    env: { ...nowhere, TMPDIR: "/nonexistent" },
  });
  expect(gone.stderr).toBe(
    "Error: cannot make a directory in /nonexistent: no such file or directory: " +
      "set TMPDIR to a directory with room for images on their way\n",
  );
});

test("no room in the store, or for files on their way", async () => {
  const layout = bigLayout();
  const words = ["copy", "-q", "--dest-tls-verify=false", `oci:${layout}`, `docker://${plain.host}/big:1`];
  succeeded(await runProcess("skopeo", words), "skopeo copy");
  const small = testdir();
  mount({ source: "kpod-test", target: small, type: "tmpfs", data: "size=400k" });
  try {
    const root = join(small, "root");
    for (const args of [
      ["pull", "-q", `${plain.host}/big:1`],
      ["load", "-q", layout],
    ]) {
      const { exitCode, stdout, stderr } = await kpod(["--root", root, ...args]);
      expect([exitCode, stdout, stderr]).toEqual([
        1,
        "",
        expect.stringMatching(/^Error: [^\n]+no space left[^\n]+: make room in the store\n$/),
      ]);
      expect(contents(root).filter((path) => /[0-9a-f]{64}/.test(path))).toEqual([]);
    }
    const files = { ...nowhere, TMPDIR: join(small, "tmp") };
    mkdirSync(files.TMPDIR);
    const archive = join(testdir(), "big.tar");
    succeeded(
      await runProcess("skopeo", ["copy", "-q", `oci:${layout}`, `docker-archive:${archive}:big:1`]),
      "skopeo",
    );
    const piped = finish(world.startKpod(["load", "-q"], { env: files }), "kpod load", {
      input: readFileSync(archive, "latin1"),
    });
    const { exitCode, stderr } = await piped;
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^Error: [^\n]+No space left[^\n]+TMPDIR[^\n]+\n$/),
    ]);
    expect(readdirSync(files.TMPDIR)).toEqual([]);
    execFileSync("gzip", ["-1", archive]);
    for (const args of [
      ["load", "-q", `${archive}.gz`],
      ["pull", "-q", `${plain.host}/big:1`],
    ]) {
      const { stderr } = await world.kpod(args, { env: files });
      expect(stderr).toMatch(
        /^Error: [^\n]+no space left on device[^\n]*: set TMPDIR to a directory with room\n$/i,
      );
      expect(readdirSync(files.TMPDIR)).toEqual([]);
    }
  } finally {
    unmount(small);
  }
});

test("a store that can only be read is named", async () => {
  mount({ source: world.root, target: world.root, flags: mountFlags.bind });
  mount({
    source: "",
    target: world.root,
    flags: mountFlags.remount | mountFlags.bind | mountFlags.readonly,
  });
  try {
    const archive = join(testdir(), "x.tar");
    for (const args of [
      ["pull", "-q", `${plain.host}/shop/busybox:1`],
      ["load", "-q", images.busybox.layout],
      ["push", "-q", "busybox", `${plain.host}/x:1`],
      ["save", "-q", "-o", archive, "busybox"],
      ["tag", "busybox", "other"],
      ["rmi", "busybox"],
    ]) {
      expect(await refusal(args)).toMatch(/root.*: read-only file system/);
    }
    expect(existsSync(archive)).toBe(false);
  } finally {
    unmount(world.root);
  }
});

test("Ctrl-C while nobody takes what save writes, or writes what load reads", async () => {
  const out = join(testdir(), "out");
  execFileSync("mkfifo", [out]);
  const reader = openSync(out, constants.O_RDWR | constants.O_NONBLOCK);
  const hasCome = (): boolean => {
    try {
      return readSync(reader, Buffer.alloc(1)) === 1;
    } catch {
      // Nothing yet.
      return false;
    }
  };
  const words = ["-c", 'exec "$@" > "$0"', out, KPOD, "--config", world.config, "save", "-q", "busybox"];
  try {
    // A pipe of which nobody takes more is full after 64 KiB.
    expect(await interrupted(["save"], hasCome, (env) => startProcess("sh", words, { env }))).toBe(130);
  } finally {
    closeSync(reader);
  }
  const fifo = join(testdir(), "fifo");
  execFileSync("mkfifo", [fifo]);
  expect(await interrupted(["load", "-i", fifo], () => true)).toBe(130);
});

test("what skopeo tries of overlay when it opens a store does not stay where it is ended meanwhile", async () => {
  const overlay = join(world.root, "overlay");
  const before = readdirSync(overlay);
  const directory = testdir();
  await withOdd(images.busybox.layout, stuck, async ({ host }) => {
    const env = { ...nowhere, TMPDIR: directory };
    const child = world.startKpod(["push", "-q", "busybox", `${host}/x:1`], { env });
    const ended = new Promise((resolve) => child.on("close", resolve));
    let seen = false;
    const watcher = watch(overlay, (_, name) => {
      if (name === null || !name.startsWith("compat") || seen) return;
      seen = true;
      child.kill("SIGTERM");
    });
    try {
      expect(await ended).toBe(143);
    } finally {
      watcher.close();
    }
  });
  expect(readdirSync(overlay)).toEqual(before);
});

test("nothing is left below /var/tmp, whether it is interrupted or not", async () => {
  const directory = testdir();
  const archive = join(testdir(), "busybox.tar");
  const name = `${plain.host}/shop/busybox:1`;
  // A /var/tmp of its own, for that of the machine is everybody's.
  const start = (args: readonly string[]) =>
    startProcess(
      "unshare",
      [
        "--mount",
        "sh",
        "-c",
        'mount --bind "$1" /var/tmp && shift && exec "$@"',
        "sh",
        directory,
        KPOD,
      ].concat("--config", world.config, args),
      { env: { ...nowhere, TMPDIR: undefined } },
    );
  for (const args of [
    ["pull", "-q", name],
    ["push", "-q", name, `${plain.host}/other:1`],
    ["save", "-q", "-o", archive, name],
    ["load", "-q", "-i", archive],
    ["load", "-q", archive],
    ["rmi", name],
  ]) {
    expect(await finish(start(args), args.join(" "))).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readdirSync(directory)).toEqual([]);
  }
  const never: Oddity = ({ url = "", method }) =>
    url.includes("/blobs/") || method === "PATCH" || method === "HEAD";
  await withOdd(images.busybox.layout, never, async ({ host }) => {
    const fifo = join(testdir(), "fifo");
    execFileSync("mkfifo", [fifo]);
    for (const args of [
      ["pull", "-q", `${host}/x:1`],
      ["push", "-q", "busybox", `${host}/x:1`],
      ["load", "-q", "-i", fifo],
    ]) {
      const before = contents();
      const child = start(args);
      const ended = new Promise((resolve) => child.on("close", resolve));
      await until("files are on their way", () => readdirSync(directory).length > 0);
      child.kill("SIGTERM");
      expect([args, await ended]).toEqual([args, 143]);
      expect(readdirSync(directory)).toEqual([]);
      expect(contents()).toEqual(before);
    }
  });
});
