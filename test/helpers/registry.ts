import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const modules = join(__dirname, "../../node_modules");
const run = promisify(execFile);

/** A package registry on this machine. */
export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the packages of node_modules in the versions that are installed, so that npm can install kpod without a
 * network. A package that is not there, such as a binary for other systems, is not found.
 */
export async function startRegistry(): Promise<Registry> {
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
    const file = join(modules, name, "package.json");
    if (!existsSync(file)) return Promise.resolve(undefined);
    const manifest = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
    const { version } = manifest;
    const versions = { [version]: { ...manifest, dist: { tarball: `${url}/${name}.tgz` } } };
    return Promise.resolve(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
  }

  async function archive(name: string): Promise<Buffer> {
    const args = ["-C", join(modules, name), "-cz", "--transform", "s,^\\.,package,", "."];
    const { stdout } = await run("tar", args, { encoding: "buffer", maxBuffer: 2 ** 26 });
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
