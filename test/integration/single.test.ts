import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSingle } from "../../scripts/lib/single.mjs";
import { shells } from "../../src/cli/completion/scripts";
import { table } from "../../src/cli/table";
import packageJson from "../../package.json";
import { createBareRoot, type BareRoot } from "../helpers/bare-root";
import { listing } from "../helpers/listing";
import { completionFiles } from "../helpers/shells";
import { createWorld, type World } from "../helpers/world";

const repository = join(__dirname, "../..");
let world: World;
let root: BareRoot;

beforeAll(async () => {
  world = await createWorld();
  await world.loadImages();
  const directory = join(world.scratch, "bare");
  await buildSingle(repository, join(directory, "usr/bin/kpod"));
  root = await createBareRoot(directory, {
    own: ["usr/bin/kpod"],
    programs: ["runc", "crun", "conmon", "bash", "sed"],
    shared: [world.directory],
  });
}, 120_000);

afterAll(async () => {
  root.close();
  await world.destroy();
});

/** Runs kpod there, which must succeed without a word on stderr. */
async function kpod(...args: string[]): Promise<string> {
  const result = await root.run("/usr/bin/kpod", ["--config", world.config, ...args]);
  expect({ args, ...result }).toEqual({ args, exitCode: 0, stderr: "", stdout: result.stdout });
  return result.stdout;
}

test("it is kpod, and there is no node", async () => {
  expect(await kpod("--version")).toBe(`kpod version ${packageJson.version}\n`);
  const found = await root.run("/bin/find", ["/usr", "/bin", "/lib", "-name", "*node*"]);
  expect(found).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

test("words that node would take for its own are kpod's", async () => {
  const { exitCode, stderr } = await root.run("/usr/bin/kpod", ["--eval", "1"]);
  expect([exitCode, stderr.split("\n")[0]]).toEqual([2, "Error: unknown option '--eval'"]);
});

test("every command is in it", async () => {
  for (const { path, summary } of table) expect(await kpod(...path, "--help")).toContain(summary);
});

test("a pod's life", async () => {
  const parent = ["--cgroup-parent", world.cgroupParent];
  await kpod("pod", "run", "--name", "shop", "--network", "none", ...parent);
  const run = ["run", "-d", "--pod", "shop", "--name"];
  const script = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done";
  const id = (await kpod(...run, "web", "localhost/busybox", "sh", "-c", script)).trim();
  expect(await kpod("ps", "--format", "{{.Pod}} {{.State}}")).toBe("shop running\n");
  expect(JSON.parse(await kpod("inspect", "shop/web"))).toMatchObject({
    ID: id,
    State: { status: "running" },
  });
  expect(await kpod("stats", "--no-stream")).toMatch(new RegExp(`^CONTAINER .*\n${id.slice(0, 13)} `));
  expect(await kpod("images")).toContain("busybox");
  expect(await kpod("pod", "ps")).toContain("shop");
  expect(await kpod("config")).toContain("[crio.runtime]");
  expect(await kpod("info")).toContain(world.root);
  expect(await kpod("pause", "shop/web")).toBe(`${id}\n`);
  expect(await kpod("ps")).toContain("(Paused)");
  expect(await kpod("unpause", "shop/web")).toBe(`${id}\n`);
  expect(await kpod("logs", "shop/web")).toBe("ready\n");
  expect(await kpod("stop", "shop/web")).toBe(`${id}\n`);
  expect(await kpod("logs", "--follow", "--timestamps", "shop/web")).toMatch(/^\S+Z? ready\n$/);
  expect(await kpod("wait", "shop/web")).toBe("3\n");
  expect(await kpod("rename", "shop/web", "other")).toBe("");
  expect(await kpod("rm", "other")).toBe(`${id}\n`);
  await kpod("pod", "rm", "-f", "shop");
  expect(await kpod("ps", "-a", "-q")).toBe("");
});

test("completion", async () => {
  for (const shell of shells) {
    expect(await kpod("completion", shell)).toBe(readFileSync(completionFiles[shell], "utf8"));
  }
  const [driver, script] = [join(world.scratch, "driver.bash"), join(world.scratch, "kpod.bash")];
  copyFileSync(join(repository, "test/helpers/shells/complete.bash"), driver);
  writeFileSync(script, await kpod("completion", "bash"));
  const lines = ["kpod unp", `kpod --config ${world.config} rmi loc`];
  const offered = await root.run("bash", ["--norc", "--noprofile", driver, script, ...lines]);
  expect(offered).toEqual({
    exitCode: 0,
    stdout: "unpause\n=\nlocalhost/busybox:latest\nlocalhost/pause:latest\n=\n",
    stderr: "",
  });
});

describe("the native code", () => {
  const places = ["/dev/shm", "/tmp", "/var/tmp", "/run"];

  /** Looks at the containers where these directories let no code be run from them. */
  function psWithout(noexec: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    const mounts = noexec.map(
      (path) => `mount -o rbind ${path} ${path} && mount -o remount,bind,noexec ${path}`,
    );
    const script = [...mounts, 'exec kpod --config "$0" ps -q'].join(" && ");
    return root.run("/bin/unshare", ["-m", "sh", "-c", script, world.config], { variables });
  }

  test("is left nowhere", async () => {
    await kpod("ps");
    const found = await root.run("/bin/find", [...places, "-maxdepth", "1", "-name", "kpod-??????"]);
    expect(found).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const before = listing(world.root);
    await kpod("ps", "-a");
    expect(listing(world.root)).toEqual(before);
  });

  test("is loaded through another directory where one allows no code", async () => {
    const ok = { exitCode: 0, stdout: "", stderr: "" };
    expect(await psWithout(places.slice(0, 3))).toEqual(ok);
    expect(await psWithout(places, { TMPDIR: "/root" })).toEqual(ok);
  });

  test("is missed where none does, and kpod says what helps", async () => {
    const { exitCode, stderr } = await psWithout(places);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "Error: cannot load native code through any of /dev/shm, /tmp, /var/tmp, /run: " +
        "set TMPDIR to a directory that is writable and not mounted noexec\n",
    );
  });
});
