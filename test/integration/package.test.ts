import { lstatSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json";
import { freshEnvironment, installGlobally, packKpod, type Packed } from "../helpers/package";
import { runProcess, succeeded } from "../helpers/process";
import { testdir } from "../helpers/testdir";
import { createWorld, type World } from "../helpers/world";

const repository = join(__dirname, "../..");
const modules = join(repository, "node_modules");

let packed: Packed;
let prefix: string;
let home: string;
let world: World;

beforeAll(async () => {
  [packed, world] = await Promise.all([packKpod(), createWorld()]);
  ({ prefix, home } = await installGlobally([packed.file]));
}, 240_000);

afterAll(() => world.destroy());

/** Runs the kpod that was installed, in an environment that leads to nothing else. */
async function kpod(...args: string[]): Promise<string> {
  const result = await runProcess(join(prefix, "bin/kpod"), args, { env: freshEnvironment(home), cwd: home });
  expect({ args, ...result }).toEqual({ args, exitCode: 0, stderr: "", stdout: result.stdout });
  return result.stdout;
}

describe("the package", () => {
  test("holds what is to be installed and nothing else", () => {
    const outsideDist = packed.names.filter((name) => !name.startsWith("dist/"));
    expect(outsideDist.sort()).toEqual(
      [
        ...["CHANGELOG.md", "LICENSE", "README.md", "package.json"],
        ...["bin/code-cache.cjs", "bin/kpod", "bin/use-executable.cjs"],
        ...packageJson.man.map((page) => page.replace(/^\.\//, "")),
        ...readdirSync(join(repository, "schemas")).map((name) => `schemas/${name}`),
        ...["completions/_kpod", "completions/kpod.bash", "completions/kpod.fish"],
      ].sort(),
    );
  });

  test("has the bundle and the types, but no sources", () => {
    const needed = ["dist/kpod.cjs", "dist/reader.cjs", "dist/index.cjs", "dist/THIRD-PARTY.txt"];
    expect(packed.names).toEqual(expect.arrayContaining(needed));
    const licences = readFileSync(join(prefix, "lib/node_modules/kpod/dist/THIRD-PARTY.txt"), "utf8");
    for (const name of ["commander", "koffi", "execa"])
      expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
    expect(packed.names).toContain(packageJson.types.replace(/^\.\//, ""));
    const strange = packed.names.filter((name) => /\.tsx?$|\.map$|(^|\/)(test|src|scripts)\//.test(name));
    expect(strange.filter((name) => !/^dist\/types\/lib\/.*\.d\.ts$/.test(name))).toEqual([]);
  });
});

describe("installed by npm install --global", () => {
  test("kpod is a link into it, which names the package's version", async () => {
    expect(lstatSync(join(prefix, "bin/kpod")).isSymbolicLink()).toBe(true);
    expect(await kpod("--version")).toBe(`kpod version ${packageJson.version}\n`);
    expect(await kpod("ps", "--help")).toContain("kpod ps -a --pod");
  });

  test("it launches a pod and shows it", async () => {
    await world.loadImages();
    const config = ["--config", world.config];
    const pod = ["pod", "run", "--name", "shop", "--network", "host", "--cgroup-parent", world.cgroupParent];
    await kpod(...config, ...pod);
    await kpod(
      ...config,
      "run",
      "-d",
      "--pod",
      "shop",
      "--name",
      "web",
      "localhost/busybox",
      "sleep",
      "1000",
    );
    expect(await kpod(...config, "ps", "--format", "{{.Pod}} {{.State}} {{.Command}}")).toBe(
      "shop running sleep 1000\n",
    );
  });

  test("man finds its pages", async () => {
    const manuals = join(prefix, "share/man");
    for (const [section, page] of [
      ["1", "kpod"],
      ["1", "kpod-pod-ps"],
      ["5", "kpod.conf"],
    ] as const) {
      const found = await runProcess("mman", ["-M", manuals, "-w", section, page]);
      expect(succeeded(found, "mman").stdout.trim()).toBe(
        join(manuals, `man${section}`, `${page}.${section}`),
      );
    }
  });

  test("the completion scripts are those that it prints, and lie where the README says", async () => {
    const completions = join(prefix, "lib/node_modules/kpod/completions");
    const readme = readFileSync(join(repository, "README.md"), "utf8");
    expect(readme).toContain("$(npm root -g)/kpod/completions");
    for (const [shell, file] of [
      ["bash", "kpod.bash"],
      ["zsh", "_kpod"],
      ["fish", "kpod.fish"],
    ] as const) {
      expect(readFileSync(join(completions, file), "utf8")).toBe(await kpod("completion", shell));
    }
  });
});

describe("the executable of the package for this machine", () => {
  const launcher = ({ prefix: at }: { readonly prefix: string }) =>
    readFileSync(join(at, "lib/node_modules/kpod/bin/kpod")).subarray(0, 4).toString("latin1");
  const version = async ({ prefix: at, home: ownHome }: Awaited<ReturnType<typeof installGlobally>>) =>
    runProcess(join(at, "bin/kpod"), ["version"], { env: freshEnvironment(ownHome), cwd: ownHome });
  /** Both packages; undefined where there is no engine for this machine, and so no executable. */
  const files = () => (packed.executable === undefined ? undefined : [packed.executable, packed.file]);

  test("takes the place of the script when npm installs both", async () => {
    expect(launcher({ prefix })).toBe("#!/u");
    const both = files();
    if (both === undefined) return;
    const installed = await installGlobally(both);
    expect(launcher(installed)).toBe("\x7fELF");
    const { exitCode, stdout, stderr } = await version(installed);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(packageJson.version);
    const licences = join(installed.prefix, `lib/node_modules/kpod-linux-${process.arch}/THIRD-PARTY.txt`);
    expect(readFileSync(licences, "utf8")).toContain("JavaScriptCore");
  }, 120_000);

  test("does not where npm may run no scripts, or where it does not run: there kpod runs on Node", async () => {
    const both = files();
    if (both === undefined) return;
    const installed = await installGlobally(both, ["--ignore-scripts"]);
    expect(launcher(installed)).toBe("#!/u");
    expect(await version(installed)).toMatchObject({ exitCode: 0, stderr: "" });

    // Run by hand then, the script leaves what does not run, or is another version's.
    const modules = join(installed.prefix, "lib/node_modules");
    const executable = join(modules, `kpod-linux-${process.arch}/bin/kpod`);
    for (const script of ["#!/bin/sh\nkill -ILL $$\n", "#!/bin/sh\necho kpod version 0.0.1\n"]) {
      writeFileSync(executable, script);
      const done = await runProcess(process.execPath, [join(modules, "kpod/bin/use-executable.cjs")]);
      expect(done).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(launcher(installed)).toBe("#!/u");
    }
    const scripts = ["code-cache.cjs", "kpod", "use-executable.cjs"];
    expect(readdirSync(join(modules, "kpod/bin")).sort()).toEqual(scripts);
  }, 120_000);
});

describe("as a library", () => {
  const program = `
    import { ContainerServer, KpodError, defaultConfig, type ContainerStatus } from "kpod";
    const server: ContainerServer = new ContainerServer(defaultConfig());
    const names: string[] = server.listContainers().map(({ name }) => name);
    const status: ContainerStatus | undefined = server.listContainers()[0]?.state?.status;
    console.log(names, status, new KpodError("IO", "message").code);
  `;
  const wrong = `import { defaultConfig } from "kpod"; export const root: number = defaultConfig().root;`;

  function project(files: Readonly<Record<string, string>>): string {
    return testdir({
      ...files,
      "node_modules/kpod": { symlink: join(prefix, "lib/node_modules/kpod") },
      "node_modules/@types/node": { symlink: join(modules, "@types/node") },
    });
  }

  test.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("its types hold for --module %s --moduleResolution %s", async (module, moduleResolution) => {
    const options = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2022"],
      types: ["node"],
      skipLibCheck: false,
    };
    const compilerOptions = { ...options, strict: true, exactOptionalPropertyTypes: true, noEmit: true };
    const directory = project({
      "right.mts": program,
      "right.ts": program,
      "wrong.ts": wrong,
      "tsconfig.json": JSON.stringify({ compilerOptions, files: ["right.mts", "right.ts", "wrong.ts"] }),
    });
    const { stdout } = await runProcess(join(modules, ".bin/tsc"), ["-p", directory], { cwd: directory });
    expect(stdout.trim().split("\n")).toEqual([expect.stringMatching(/^wrong\.ts\(1,\d+\): error TS2322: /)]);
  });

  test("it is loaded by import and by require", async () => {
    const lines = [
      "const server = new ContainerServer(defaultConfig());",
      "console.log(server.listContainers());",
    ];
    const directory = project({
      "a.mjs": ['import { ContainerServer, defaultConfig } from "kpod";', ...lines].join("\n"),
      "a.cjs": ['const { ContainerServer, defaultConfig } = require("kpod");', ...lines].join("\n"),
    });
    for (const file of ["a.mjs", "a.cjs"]) {
      const result = await runProcess(process.execPath, [file], {
        cwd: directory,
        env: freshEnvironment(home),
      });
      expect(result).toEqual({ exitCode: 0, stdout: "[]\n", stderr: "" });
    }
  });
});
