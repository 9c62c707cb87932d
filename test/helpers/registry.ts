import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry as serve, type RunningRegistry } from "../../scripts/lib/registry.mjs";

/** A registry on a loopback port. */
export interface Registry extends RunningRegistry {
  /** Its files; blobs can be spoilt there. */
  readonly directory: string;
  /** Directory with its CA as `ca.crt`; of one with TLS. */
  readonly certificates: string;
}

/** The user of a registry with a password. */
export const registryUser = "joe:secret";

/** The same as a line of htpasswd, by bcrypt. */
const passwordLine = "joe:$2y$04$URB02MjxSpOMAPUWGB1.uOeyIipeOYc7fM2ly7w4UAVo6Ndd6j4s2";

/** Starts Debian's docker-registry, plain, or with TLS and the password of {@link registryUser}. */
export async function startRegistry({ secure = false }: { secure?: boolean } = {}): Promise<Registry> {
  const directory = mkdtempSync(join(tmpdir(), "kpod-registry-"));
  const certificates = join(directory, "certs");
  mkdirSync(certificates);
  if (secure) {
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const files = ["-keyout", join(directory, "key"), "-out", join(certificates, "ca.crt")];
    const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    execFileSync("openssl", [...words, ...subject, ...files], { stdio: "ignore" });
    writeFileSync(join(directory, "htpasswd"), `${passwordLine}\n`);
  }
  const tls = { certificate: join(certificates, "ca.crt"), key: join(directory, "key") };
  const auth = { htpasswd: { realm: "kpod", path: join(directory, "htpasswd") } };
  const running = await serve(directory, secure ? { tls, auth } : {});
  return {
    ...running,
    directory,
    certificates,
    stop: async () => {
      await running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A way to a registry on which nothing comes any more after so many bytes of answers. */
export interface SlowWay {
  readonly host: string;
  /** Bytes that came through. */
  bytes(): number;
  stop(): Promise<void>;
}

/**
 * Opens a way to a registry that breaks off.
 * @param limit bytes of answers after which nothing comes any more
 * @param dies whether the connections are then closed, and not left open
 */
export async function slowWay(port: number, limit: number, dies = false): Promise<SlowWay> {
  const sockets = new Set<Socket>();
  let passed = 0;
  const server: Server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      if (passed + chunk.length > limit) {
        if (dies) for (const socket of sockets) socket.destroy();
        else upstream.pause();
        return;
      }
      passed += chunk.length;
      client.write(chunk);
    });
    upstream.on("close", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    bytes: () => passed,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
