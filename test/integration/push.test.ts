import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mount, unmount } from "../../src/lib/system/mount";
import { processIds, readCommandLine } from "../../src/lib/system/process";
import { testImages, type TestImages } from "../helpers/images";
import { runProcess, succeeded, type ProcessResult } from "../helpers/process";
import { registryUser, startRegistry, type Registry } from "../helpers/registry";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;
let plain: Registry;
let secure: Registry;

beforeAll(async () => {
  images = testImages();
  plain = await startRegistry();
  secure = await startRegistry({ secure: true });
  world = await createWorld({ settings: { "crio.image": { insecure_registries: [plain.host] } } });
  succeeded(await world.kpod(["load", images.busybox.layout]), "kpod load");
}, 120_000);

afterAll(async () => {
  await plain.stop();
  await secure.stop();
  await world.destroy();
}, 120_000);

/** Runs kpod with a directory of its own for files on their way, which must be empty in the end. */
async function push(...args: string[]): Promise<ProcessResult> {
  const directory = testdir();
  const env = { XDG_RUNTIME_DIR: "/nonexistent", HOME: "/nonexistent", TMPDIR: directory };
  const result = await world.kpod(["push", ...args], { env });
  expect(readdirSync(directory)).toEqual([]);
  return result;
}

const quiet = { exitCode: 0, stdout: "", stderr: "" };

/** The digest of the configuration of what was pushed, which is the image's id. */
async function pushedId(reference: string, ...flags: string[]): Promise<string> {
  const raw = succeeded(
    await runProcess("skopeo", ["inspect", "--raw", ...flags, reference]),
    "skopeo",
  ).stdout;
  return (JSON.parse(raw) as { config: { digest: string } }).config.digest.replace("sha256:", "");
}

test("to a registry, by name or transport, and what was pushed is pulled again as the same image", async () => {
  const { id } = images.busybox;
  const name = `${plain.host}/tools/busybox:1`;
  expect(await push("-q", "busybox", name)).toEqual(quiet);
  expect(await pushedId(`docker://${name}`, "--tls-verify=false")).toBe(id);
  const told = await push(id.slice(0, 12), `docker://${plain.host}/tools/other`);
  expect([told.exitCode, told.stdout]).toEqual([0, ""]);
  expect(told.stderr).toMatch(/^Getting image source signatures\nCopying blob/);
  expect(await pushedId(`docker://${plain.host}/tools/other:latest`, "--tls-verify=false")).toBe(id);
  succeeded(await world.kpod(["tag", "busybox", `${plain.host}/own:2`]), "kpod tag");
  expect(await push("-q", `${plain.host}/own:2`)).toEqual(quiet);
  expect(await pushedId(`docker://${plain.host}/own:2`, "--tls-verify=false")).toBe(id);
  succeeded(await world.kpod(["rmi", `${plain.host}/own:2`]), "kpod rmi");
  expect(succeeded(await world.kpod(["pull", "-q", name]), "kpod pull").stdout).toBe(`${id}\n`);
});

test("to a registry with TLS and a password", async () => {
  const name = `${secure.host}/tools/busybox:1`;
  const words = ["--cert-dir", secure.certificates, "--creds", registryUser];
  expect(await push("-q", ...words, "busybox", name)).toEqual(quiet);
  const flags = ["--cert-dir", secure.certificates, "--creds", registryUser];
  expect(await pushedId(`docker://${name}`, ...flags)).toBe(images.busybox.id);
});

test("to a directory, a layout, and archives of both kinds", async () => {
  const directory = testdir();
  for (const [target, reference] of [
    [`dir:${directory}/dir`, `dir:${directory}/dir`],
    [`oci:${directory}/oci:one`, `oci:${directory}/oci:one`],
    [`docker-archive:${directory}/docker.tar`, `docker-archive:${directory}/docker.tar`],
    [`oci-archive:${directory}/oci.tar:one`, `oci-archive:${directory}/oci.tar:one`],
  ] as const) {
    expect(await push("-q", "busybox", target)).toEqual(quiet);
    expect(await pushedId(reference)).toBe(images.busybox.id);
  }
  const loaded = await world.kpod(["load", "-q", join(directory, "docker.tar")]);
  expect(loaded.stdout).toBe(`${images.busybox.id}\n`);
  const again = await push("-q", "busybox", `docker-archive:${directory}/docker.tar`);
  expect(again.stderr).toBe(`Error: ${directory}/docker.tar exists: nothing is added to an archive\n`);
});

test("paths are those from where kpod is called; what could not be written whole is gone", async () => {
  const directory = testdir({ "here/": null, "tmp/": null, "full/": null });
  const pushFrom = (cwd: string, target: string): Promise<ProcessResult> =>
    world.kpod(["push", "-q", "busybox", target], {
      cwd: join(directory, cwd),
      env: { TMPDIR: "../tmp" },
    });
  mount({ source: "kpod-test", target: join(directory, "full"), type: "tmpfs", data: "size=700k" });
  try {
    for (const target of ["dir:one", "oci:two/deep:1", "docker-archive:one.tar", "oci-archive:./two.tar:1"]) {
      expect([target, await pushFrom("here", target)]).toEqual([target, quiet]);
      const { exitCode, stderr } = await pushFrom("full", target);
      expect([target, exitCode, stderr]).toEqual([
        target,
        1,
        expect.stringMatching(/^Error: [^\n]+no space left[^\n]+: make room in the destination\n$/),
      ]);
      expect(readdirSync(join(directory, "full"))).toEqual([]);
    }
  } finally {
    unmount(join(directory, "full"));
  }
  expect(readdirSync(join(directory, "here")).sort()).toEqual(["one", "one.tar", "two", "two.tar"]);
  expect(readdirSync(join(directory, "tmp"))).toEqual([]);
  expect((await pushFrom("here", "dir:nowhere/one")).stderr).toBe(
    `Error: cannot write ${directory}/here/nowhere/one: no such file or directory\n`,
  );
});

test("an archive is there whole, or as it was before", async () => {
  const directory = testdir();
  const archive = join(directory, "one.tar");
  const former = Buffer.alloc(100, "former ");
  mount({ source: "kpod-test", target: directory, type: "tmpfs", data: "size=700k" });
  try {
    writeFileSync(archive, former, { mode: 0o640 });
    expect((await push("-q", "busybox", `oci-archive:${archive}`)).stderr).toMatch(
      new RegExp(`^Error: skopeo cannot push to oci-archive:${archive}: [^\n]*no space left[^\n]*\n$`),
    );
    expect(readFileSync(archive)).toEqual(former);
    expect(readdirSync(directory)).toEqual(["one.tar"]);
  } finally {
    unmount(directory);
  }
  writeFileSync(archive, former, { mode: 0o640 });
  expect(await push("-q", "busybox", `oci-archive:${archive}`)).toEqual(quiet);
  expect(await pushedId(`oci-archive:${archive}`)).toBe(images.busybox.id);
  expect(statSync(archive).mode & 0o777).toBe(0o640);
});

test.each(["docker-archive", "oci-archive"])(
  "of one that is killed no part is taken for a whole %s",
  async (transport) => {
    const directory = testdir({ "out/": null, "tmp/": null });
    const archive = join(directory, "out/one.tar");
    const child = world.startKpod(["push", "-q", "busybox", `${transport}:${archive}`], {
      env: { TMPDIR: join(directory, "tmp") },
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    // It has made the file, and skopeo not begun.
    const watcher = watch(join(directory, "out"), () => child.kill("SIGKILL"));
    try {
      await ended;
    } finally {
      watcher.close();
    }
    const isSkopeo = (pid: number): boolean => readCommandLine(pid)?.join(" ").includes(directory) === true;
    await until("skopeo has ended by itself", () => !processIds().some(isSkopeo));
    expect(readdirSync(join(directory, "out"))).toEqual([
      expect.stringMatching(/^one\.tar\.tmp-[0-9a-f]{12}$/),
    ]);
  },
);

test("a link that leads nowhere, or to itself, is named", async () => {
  const directory = testdir({ file: "" });
  const nowhere = join(directory, "nowhere");
  const loop = join(directory, "loop");
  symlinkSync("gone", nowhere);
  symlinkSync("loop", loop);
  for (const transport of ["dir", "oci", "docker-archive", "oci-archive"]) {
    expect((await push("-q", "busybox", `${transport}:${nowhere}`)).stderr).toBe(
      `Error: cannot write ${nowhere}: it is a symbolic link that leads nowhere: remove it, or name another path\n`,
    );
    expect((await push("-q", "busybox", `${transport}:${loop}`)).stderr).toBe(
      `Error: cannot write ${loop}: too many levels of symbolic links\n`,
    );
  }
  for (const transport of ["dir", "oci"]) {
    expect((await push("-q", "busybox", `${transport}:${directory}/file`)).stderr).toBe(
      `Error: cannot write ${directory}/file: what is there is no directory\n`,
    );
  }
  expect((await push("-q", "busybox", `oci-archive:${directory}`)).stderr).toBe(
    `Error: cannot write ${directory}: is a directory\n`,
  );
  for (const flag of ["--cert-dir", "--authfile"]) {
    expect((await push("-q", flag, loop, "busybox", `${secure.host}/x`)).stderr).toBe(
      `Error: ${flag} ${loop}: too many levels of symbolic links\n`,
    );
  }
  expect(readdirSync(directory).sort()).toEqual(["file", "loop", "nowhere"]);
});

test("the store's list of mounts stays, and what is refused is a line", async () => {
  const mounts = join(world.runRoot, "overlay-layers/mountpoints.json");
  const before = existsSync(mounts) ? readFileSync(mounts, "utf8") : "";
  const refused: [string[], RegExp][] = [
    [["nosuch", `${plain.host}/x`], /nosuch/],
    [["busybox", "busybox"], /names no registry.*give REGISTRY\/busybox/],
    [["busybox", ""], /^Error: "" names no registry to push to: give REGISTRY\/REPOSITORY:TAG/],
    [["busybox", " "], /^Error: " " names no registry to push to: give REGISTRY\/REPOSITORY:TAG/],
    [["busybox", "dir:"], /^Error: dir: alone names no place: give dir:DIRECTORY\n/],
    [["--cert-dir", "/nowhere", "busybox", `${secure.host}/x`], /^Error: --cert-dir \/nowhere: there is no/],
    [["--authfile", "/nowhere", "busybox", `${secure.host}/x`], /^Error: --authfile \/nowhere: there is no/],
    [["busybox", "containers-storage:busybox"], /is the store that the image is in/],
    [["busybox", "127.0.0.1:1/busybox"], /connection refused/],
    [["--cert-dir", secure.certificates, "busybox", `${secure.host}/x`], /--creds USER:PASSWORD/],
    [["busybox", `${plain.host}/Capital`], /127|invalid|Capital/],
  ];
  for (const [args, message] of refused) {
    const { exitCode, stdout, stderr } = await push("-q", ...args);
    expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  }
  expect((await push()).exitCode).toBe(2);
  expect((await push("a", "b", "c")).exitCode).toBe(2);
  expect(existsSync(mounts) ? readFileSync(mounts, "utf8") : "").toBe(before);
});
