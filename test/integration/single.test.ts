import { once } from "node:events";
import { copyFileSync, cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { buildDeb, debName } from "../../scripts/lib/deb.mjs";
import { shells } from "../../src/program/completion/scripts/completion-script";
import { commands } from "../../src/program/command-list";
import packageJson from "../../package.json";
import { createBareRoot, type BareRoot } from "../helpers/bare-root";
import { listing } from "../helpers/listing";
import { completionFiles } from "../helpers/shells";
import { runProcess, succeeded } from "../helpers/process";
import { schemaNames } from "../helpers/schemas";
import { testdir, writeTree } from "../helpers/testdir";
import { createWorld, type World } from "../helpers/world";

const repository = join(__dirname, "../..");
let world: World;
let deb: string;
let root: BareRoot;

beforeAll(async () => {
  world = await createWorld();
  await world.loadImages();
  const directory = join(world.scratch, "bare");
  deb = join(world.scratch, debName(packageJson.version));
  await buildDeb(repository, deb);
  await installDeb(deb, directory);
  writeTree(directory, {
    "usr/share/containers/seccomp.json": readFileSync("/usr/share/containers/seccomp.json", "utf8"),
  });
  root = await createBareRoot(directory, {
    own: ["usr/bin/kpod"],
    programs: ["runc", "crun", "conmon", "bash", "sed"],
    shared: [world.directory],
  });
}, 240_000);

afterAll(async () => {
  root.close();
  await world.destroy();
});

/** Installs a package into an empty root, in which what it depends on counts as installed. */
async function installDeb(file: string, directory: string): Promise<void> {
  const library = [
    ...["Package: libc6", "Status: install ok installed", "Architecture: all", "Multi-Arch: foreign"],
    ...["Version: 99", "Maintainer: nobody <nobody@localhost>", "Description: of the test", "", ""],
  ].join("\n");
  writeTree(directory, {
    "var/lib/dpkg/status": library,
    "var/lib/dpkg/info/": null,
    "var/lib/dpkg/updates/": null,
    "var/log/": null,
  });
  const args = ["--root", directory, "--install", file];
  succeeded(await runProcess("dpkg", args, { timeout: 60_000 }), "dpkg --install");
}

/** Runs kpod there, which must succeed without a word on stderr. */
async function kpod(...args: string[]): Promise<string> {
  const result = await root.run("/usr/bin/kpod", ["--config", world.config, ...args]);
  expect({ args, ...result }).toEqual({ args, exitCode: 0, stderr: "", stdout: result.stdout });
  return result.stdout;
}

describe("the Debian package", () => {
  test("names itself, its version and what it needs", async () => {
    const fields = ["Package", "Version", "Architecture", "Depends"];
    const shown = succeeded(await runProcess("dpkg-deb", ["-f", deb, ...fields]), "dpkg-deb -f").stdout;
    const own = succeeded(await runProcess("dpkg", ["--print-architecture"]), "dpkg").stdout;
    expect(shown).toBe(
      [
        ...["Package: kpod", `Version: ${packageJson.version}`, `Architecture: ${own.trim()}`],
        ...["Depends: libc6 (>= 2.17)", ""],
      ].join("\n"),
    );
  });

  test("has everything in its place, for everybody to read", async () => {
    const listed = succeeded(await runProcess("dpkg-deb", ["-c", deb]), "dpkg-deb -c").stdout;
    const entries = listed.split("\n").slice(0, -1);
    const files = entries.filter((line) => line.startsWith("-")).map((line) => line.replace(/^.* \.\//, ""));
    const manuals = packageJson.man.map((page) => `usr/share/man/man${page.slice(-1)}/${basename(page)}.gz`);
    expect(files.sort()).toEqual(
      [
        ...["usr/bin/kpod", "usr/share/doc/kpod/copyright", "usr/share/doc/kpod/changelog.gz"],
        ...["usr/share/bash-completion/completions/kpod", "usr/share/zsh/vendor-completions/_kpod"],
        ...["usr/share/fish/vendor_completions.d/kpod.fish", ...manuals],
        ...schemaNames.map((name) => `usr/share/kpod/schemas/${name}.json`),
      ].sort(),
    );
    for (const line of entries) expect(line).toMatch(/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root\/root /);
  });

  test("its manual is found, and what is installed is what was packed", async () => {
    const directory = join(world.scratch, "bare");
    const manual = await runProcess("mman", ["-M", join(directory, "usr/share/man"), "-w", "kpod-ps"]);
    expect(manual.stdout.trim()).toBe(join(directory, "usr/share/man/man1/kpod-ps.1.gz"));
    const verified = await runProcess("dpkg", ["--root", directory, "--verify", "kpod"]);
    expect(verified).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const licences = readFileSync(join(directory, "usr/share/doc/kpod/copyright"), "utf8");
    for (const name of ["Apache License", "commander ", "execa ", "Bun ", "JavaScriptCore"])
      expect(licences).toContain(name);
  });
});

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
  for (const { path, summary } of commands) expect(await kpod(...path, "--help")).toContain(summary);
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

describe("native calls", () => {
  const places = ["/dev/shm", "/tmp", "/var/tmp", "/run", "/root"];

  test("leave no file anywhere", async () => {
    const files = async () => (await root.run("/bin/find", [...places, "-maxdepth", "1"])).stdout;
    const before = await files();
    const stored = listing(world.root);
    await kpod("ps", "-a");
    await kpod("images");
    expect(listing(world.root)).toEqual(stored);
    expect(await files()).toBe(before);
  });

  test("need no directory from which code can be run", async () => {
    const mounts = places.map(
      (path) => `mount -o rbind ${path} ${path} && mount -o remount,bind,noexec ${path}`,
    );
    const script = [...mounts, 'exec kpod --config "$@"'].join(" && ");
    const looked = await root.run("/bin/unshare", [
      "-m",
      "sh",
      "-c",
      script,
      "sh",
      world.config,
      "rmi",
      "pause",
    ]);
    expect(looked).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^\w+: /) as string, stderr: "" });
  });
});

describe("what lies about is not for the engine", () => {
  test.each([
    [".env", "KPOD_TRACE=1\nCONTAINER_CONFIG=/nowhere\n"],
    ["bunfig.toml", 'preload = ["./evil.js"]\n'],
    ["tsconfig.json", '{ "compilerOptions": { "paths": { "*": ["./evil.js"] } } }'],
    ["package.json", '{ "type": "module", "imports": { "#x": "./evil.js" } }'],
  ])("%s in the user's directory", async (name, content) => {
    const directory = testdir({ [name]: content, "evil.js": 'console.log("evil");\n' });
    const executable = join(world.scratch, "bare/usr/bin/kpod");
    const words = ["--config", world.config, "ps", "-a", "-q"];
    expect(await runProcess(executable, words, { cwd: directory })).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
  });

  test.each(["NODE_OPTIONS=--require=./evil.js", "NODE_EXTRA_CA_CERTS=/nowhere", "BUN_INSPECT=1"])(
    "%s in the environment",
    async (variable) => {
      const [name = "", value] = variable.split("=");
      const result = await root.run("/usr/bin/kpod", ["--version"], { variables: { [name]: value ?? "" } });
      expect(result).toEqual({ exitCode: 0, stdout: `kpod version ${packageJson.version}\n`, stderr: "" });
    },
  );
});

test("no variable makes the engine listen for a debugger", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  try {
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const variables = { BUN_INSPECT: `ws://127.0.0.1:${port}/kpod` };
    const result = await root.run("/usr/bin/kpod", ["version"], { variables });
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
  } finally {
    taken.close();
  }
});

describe("npm run build:single", () => {
  const script = join(repository, "scripts/build-single.mjs");
  const inOwnPlace = (directory: string, before: string, ...args: string[]) =>
    runProcess("unshare", ["-m", "sh", "-c", `${before} && exec "$0" "$@"`, process.execPath, ...args], {
      cwd: directory,
      timeout: 120_000,
    });

  function copyOfRepository(): string {
    const directory = testdir({ "node_modules/": null });
    for (const name of ["src", "scripts", "package.json", "package-lock.json", "tsconfig.json"])
      cpSync(join(repository, name), join(directory, name), { recursive: true });
    return directory;
  }

  test("makes the same bytes in another directory", async () => {
    const directory = copyOfRepository();
    const mount = `mount --bind '${join(repository, "node_modules")}' node_modules`;
    const made = await inOwnPlace(directory, mount, "scripts/build-single.mjs", "kpod");
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    const hash = async (path: string) => (await runProcess("sha256sum", [path])).stdout.replace(/ .*/s, "");
    expect(await hash(join(directory, "kpod"))).toBe(await hash(join(world.scratch, "bare/usr/bin/kpod")));
  }, 120_000);

  test("says what it makes in its place where there is no engine for the machine", async () => {
    const directory = copyOfRepository();
    const mounts = `mount --bind '${join(repository, "node_modules")}' node_modules && mount -t tmpfs none node_modules/@oven`;
    const { exitCode, stdout, stderr } = await inOwnPlace(directory, mounts, "scripts/build-single.mjs");
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^No executable: npm has not installed @oven\/\S+ on this machine\. In its place: dist\/, which \S+ runs on Node\.$/m,
    );
    expect(readdirSync(join(directory, "dist"))).toContain("kpod.cjs");
  }, 120_000);

  test("refuses what it does not know", async () => {
    for (const args of [
      ["--arch", "vax"],
      ["a", "b"],
      ["--archh", "x64"],
    ]) {
      const { exitCode, stderr } = await runProcess(process.execPath, [script, ...args]);
      expect([exitCode, stderr]).toEqual([
        1,
        "Error: usage: npm run build:single [-- [--arch x64|arm64] [FILE]]\n",
      ]);
    }
  });
});
