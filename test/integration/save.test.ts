import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxImage } from "../../scripts/lib/image.mjs";
import { testImages, type TestImages } from "../helpers/images";
import { kpodCommand } from "../helpers/kpod";
import { runProcess, succeeded, type ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;
let otherId: string;

beforeAll(async () => {
  images = testImages();
  world = await createWorld();
  const other = makeBusyboxImage(join(testdir(), "other"), {
    name: "localhost/other:1",
    config: { Cmd: ["ls"] },
  });
  otherId = other.id;
  for (const layout of [images.busybox.layout, images.pause.layout, other.layout]) {
    succeeded(await world.kpod(["load", layout]), "kpod load");
  }
}, 120_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

/** Runs kpod with a directory of its own for files on their way, which must be empty in the end. */
async function save(...args: string[]): Promise<ProcessResult> {
  const directory = testdir();
  const result = await world.kpod(["save", ...args], { env: { TMPDIR: directory } });
  expect(readdirSync(directory)).toEqual([]);
  return result;
}

const quiet = { exitCode: 0, stdout: "", stderr: "" };

/** What kpod load of an archive says, in a store of its own. */
async function loaded(archive: string): Promise<string[]> {
  const elsewhere = testdir();
  const places = ["--root", join(elsewhere, "root"), "--runroot", join(elsewhere, "run")];
  const result = succeeded(await world.kpod([...places, "load", archive]), "kpod load");
  await runProcess("umount", [join(elsewhere, "root/overlay")]);
  return result.stdout.trim().split("\n").sort();
}

const line = (name: string, id: string): string => `Loaded image: ${name} (${id})`;

test.each(["docker-archive", "oci-archive"])("%s: one image, with its name and id", async (format) => {
  const archive = join(testdir(), "image.tar");
  expect(await save("-q", "--format", format, "-o", archive, "busybox")).toEqual(quiet);
  expect(await loaded(archive)).toEqual([line(images.busybox.name, images.busybox.id)]);
  const config = succeeded(
    await runProcess("skopeo", ["inspect", "--raw", `${format}:${archive}`]),
    "skopeo inspect",
  ).stdout;
  expect(config).toContain(images.busybox.id);
});

test.each(["docker-archive", "oci-archive"])(
  "%s: several images; a layer that two of them share is in it once",
  async (format) => {
    const archive = join(testdir(), "images.tar");
    const names = ["busybox", images.pause.id, "localhost/other:1"];
    expect(await save("-q", "--format", format, "-o", archive, ...names)).toEqual(quiet);
    expect(await loaded(archive)).toEqual(
      [
        line(images.busybox.name, images.busybox.id),
        line("localhost/other:1", otherId),
        line(images.pause.name, images.pause.id),
      ].sort(),
    );
    const members = execFileSync("tar", ["--list", `--file=${archive}`], { encoding: "utf8" }).split("\n");
    if (format === "docker-archive") expect(members.filter((name) => name.endsWith(".tar"))).toHaveLength(2);
    const root = testdir();
    const podman = ["--root", join(root, "root"), "--runroot", join(root, "run"), "--storage-driver", "vfs"];
    if (format === "docker-archive") {
      const said = await runProcess("podman", [...podman, "load", "-q", "-i", archive]);
      expect(succeeded(said, "podman load").stdout).toContain("localhost/other:1");
      await runProcess("umount", [join(root, "root/vfs")]);
    }
  },
);

test.each(['"$@" > archive', '"$@" -o >(cat > archive); wait $!'])(
  "to a pipe comes the archive alone, progress to stderr: %s",
  async (script) => {
    const directory = testdir();
    const words = [...kpodCommand, "--config", world.config, "save", "busybox"];
    const { exitCode, stdout, stderr } = await runProcess("bash", ["-c", script, "bash", ...words], {
      cwd: directory,
    });
    expect([exitCode, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^Getting image source signatures\n/);
    expect(readdirSync(directory)).toEqual(["archive"]);
    expect(await loaded(join(directory, "archive"))).toEqual([line(images.busybox.name, images.busybox.id)]);
  },
);

test("what is refused is a line, and leaves the file as it was", async () => {
  const directory = testdir();
  const archive = join(directory, "there.tar");
  writeFileSync(archive, "before");
  const missing = await save("-q", "-o", archive, "busybox", "nosuch");
  expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringMatching(/^Error: .*nosuch[^\n]*\n$/)]);
  expect(readFileSync(archive, "utf8")).toBe("before");
  expect(readdirSync(directory)).toEqual(["there.tar"]);
  const nowhere = await save("-q", "-o", "/nowhere/image.tar", "busybox");
  expect([nowhere.exitCode, nowhere.stderr]).toEqual([1, expect.stringMatching(/^Error: [^\n]*\/nowhere/)]);
  for (const args of [[], ["--format", "zip", "busybox"], ["-o"]]) {
    expect([args, (await save(...args)).exitCode]).toEqual([args, 2]);
  }
  expect(await save("-q", "-o", archive, "busybox")).toEqual(quiet);
  expect(existsSync(archive) && readFileSync(archive).length).toBeGreaterThan(500_000);
});
