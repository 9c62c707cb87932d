import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** What a registry does with a request instead of answering it; false where it answers as it should. */
export type Oddity = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A registry on a loopback port that misbehaves. */
export interface OddRegistry {
  /** `localhost:PORT` */
  readonly host: string;
  /** Requests that came, as `GET /v2/`. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts a registry that has the one image of an OCI layout under every name.
 * @param odd is asked of every request
 */
export async function startOddRegistry(layout: string, odd: Oddity): Promise<OddRegistry> {
  const requests: string[] = [];
  const blob = (digest: string): Buffer => readFileSync(join(layout, "blobs", digest.replace(":", "/")));
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
    manifests: { digest: string; mediaType: string }[];
  };
  const [manifest = { digest: "", mediaType: "" }] = manifests;
  const server = createServer((request, response) => {
    const { method = "", url = "" } = request;
    requests.push(`${method} ${url}`);
    if (odd(request, response)) return;
    if (url.includes("/manifests/")) {
      response.writeHead(200, {
        "Content-Type": manifest.mediaType,
        "Docker-Content-Digest": manifest.digest,
      });
      response.end(method === "HEAD" ? undefined : blob(manifest.digest));
    } else if (url.includes("/blobs/sha256:")) {
      response.end(blob(url.replace(/^.*\/blobs\//, "")));
    } else {
      response.end("{}");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
