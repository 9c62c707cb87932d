import { cpSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json";
import { ownEngine } from "../../scripts/lib/engine.mjs";
import { buildPackages } from "../../scripts/lib/packages.mjs";
import { runProcess, succeeded } from "./process";
import { startRegistry } from "./registry";
import { testdir } from "./testdir";

const repository = join(__dirname, "../..");

/** What `npm run build:packages` has made. */
export interface Packed {
  /** The archive of kpod. */
  readonly file: string;
  /** That of the executable for this machine; undefined where there is none. */
  readonly executable: string | undefined;
  /** The names of the files in it. */
  readonly names: readonly string[];
}

/** What a program gets where nothing of whoever runs the tests is to reach it. */
export function freshEnvironment(home: string): Readonly<Record<string, string | undefined>> {
  const npm = Object.keys(process.env).filter((name) => /^npm_/i.test(name));
  return { ...Object.fromEntries(npm.map((name) => [name, undefined])), HOME: home, NO_UPDATE_NOTIFIER: "1" };
}

/**
 * Makes the packages for npm in a bare copy of the repository: that builds into dist/, from which other tests run kpod
 * meanwhile.
 */
export async function packKpod(): Promise<Packed> {
  const directory = testdir({ "home/": null });
  const copy = join(directory, "kpod");
  const left = [".git", "node_modules", "build", "dist", "test", "coverage"];
  for (const name of readdirSync(repository)) {
    if (!left.includes(name)) cpSync(join(repository, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  const { missing } = await ownEngine(copy);
  const paths = await buildPackages(copy, directory, missing === undefined ? [process.arch] : []);
  const file = join(directory, `kpod-${packageJson.version}.tgz`);
  expect(paths.at(-1)).toBe(file);
  const listed = succeeded(await runProcess("tar", ["-tzf", file]), "tar -t").stdout;
  const names = listed
    .split("\n")
    .slice(0, -1)
    .map((name) => name.replace(/^package\//, ""));
  return { file, names, executable: paths.at(-2) };
}

/** Installs packages as `npm install --global` does, below a prefix and with a home of its own. */
export async function installGlobally(
  files: readonly string[],
  options: readonly string[] = [],
): Promise<{ prefix: string; home: string }> {
  const directory = testdir({ "prefix/": null, "home/": null });
  const [prefix, home] = [join(directory, "prefix"), join(directory, "home")];
  const registry = await startRegistry();
  try {
    const flags = [
      "--prefix",
      prefix,
      "--registry",
      registry.url,
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ];
    const env = freshEnvironment(home);
    succeeded(
      await runProcess("npm", ["install", "--global", ...flags, ...options, ...files], {
        env,
        cwd: home,
        timeout: 110_000,
      }),
      "npm install",
    );
  } finally {
    await registry.close();
  }
  return { prefix, home };
}
