import { execFile } from "node:child_process";
import { cpSync, existsSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import packageJson from "../../package.json";
import { ownEngine } from "../../scripts/lib/engine.mjs";
import { buildPackages } from "../../scripts/lib/packages.mjs";
import { runProcess, succeeded } from "./process";
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

/** A package registry on this machine. */
interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the packages of node_modules in the versions that are installed, so that npm can install kpod without a
 * network. A package that is not there, such as a binary for other systems, is not found.
 */
async function startRegistry(): Promise<Registry> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    const answer = path.endsWith(".tgz") ? archive(path.slice(0, -".tgz".length)) : describe(path);
    answer.then(
      (body) => response.writeHead(body === undefined ? 404 : 200).end(body ?? "{}"),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  function describe(name: string): Promise<string | undefined> {
    const file = join(repository, "node_modules", name, "package.json");
    if (!existsSync(file)) return Promise.resolve(undefined);
    const manifest = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
    const { version } = manifest;
    const versions = { [version]: { ...manifest, dist: { tarball: `${url}/${name}.tgz` } } };
    return Promise.resolve(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
  }

  async function archive(name: string): Promise<Buffer> {
    const args = ["-C", join(repository, "node_modules", name), "-cz", "--transform", "s,^\\.,package,", "."];
    const { stdout } = await promisify(execFile)("tar", args, { encoding: "buffer", maxBuffer: 2 ** 26 });
    return stdout;
  }

  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
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
