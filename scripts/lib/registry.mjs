// A registry on a loopback port, for what is pulled and pushed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ScriptError } from "./run.mjs";

const PATIENCE_MS = 45_000;

/** See registry.d.mts. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** See registry.d.mts. */
export async function startRegistry(directory, { tls, auth } = {}) {
  const port = await freePort();
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, "data") }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, tls },
    auth,
  };
  // JSON is YAML, too.
  writeFileSync(join(directory, "config.yml"), JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", join(directory, "config.yml")], { stdio: "ignore" });
  const ended = new Promise((resolve) => {
    child.on("exit", resolve);
    child.on("error", resolve);
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  for (const end = Date.now() + PATIENCE_MS; !(await answers(port));) {
    if (Date.now() > end || child.exitCode !== null || child.pid === undefined) {
      if (child.pid !== undefined) await stop();
      throw new ScriptError("docker-registry does not answer");
    }
    await sleep(50);
  }
  return { host: `localhost:${port}`, port, stop };
}
