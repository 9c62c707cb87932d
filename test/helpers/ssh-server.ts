import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { freePort } from "../../scripts/lib/registry.mjs";
import { finish, startProcess } from "./process";
import { until } from "./until";

/** An ssh server on a loopback port, which knows one key. */
export interface SshServer {
  readonly port: number;
  /** Holds an `ssh` that goes there with the key, whatever it is told of the user's own settings. */
  readonly bin: string;
  /** The private key's file. */
  readonly key: string;
  stop(): Promise<void>;
}

/**
 * Starts sshd.
 * @param path PATH of those who come in
 */
export async function startSshServer(path: string): Promise<SshServer> {
  const directory = mkdtempSync(join(tmpdir(), "kpod-sshd-"));
  const file = (name: string): string => join(directory, name);
  // It goes there before anybody comes in, and Debian makes it with the service.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  for (const name of ["host", "key"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(name)]);
  const port = await freePort();
  writeFileSync(
    file("sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${file("host")}`,
      `AuthorizedKeysFile ${file("key.pub")}`,
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      // What ends with the test is found by its mark.
      `SetEnv PATH=${path} KPOD_TEST_RUN=${process.env.KPOD_TEST_RUN ?? ""}`,
      "",
    ].join("\n"),
  );
  writeFileSync(
    file("ssh_config"),
    [
      "Host *",
      `  Port ${port}`,
      `  IdentityFile ${file("key")}`,
      `  UserKnownHostsFile ${file("known")}`,
      "  StrictHostKeyChecking no",
      "  LogLevel ERROR",
      "",
    ].join("\n"),
  );
  mkdirSync(file("bin"));
  const client = findProgram("ssh") ?? "ssh";
  const script = `#!/bin/sh\nexec ${client} -F ${file("ssh_config")} "$@"\n`;
  writeFileSync(file("bin/ssh"), script, { mode: 0o755 });
  // It wants to be called by its whole path.
  const child = startProcess(findProgram("sshd") ?? "sshd", ["-D", "-e", "-f", file("sshd_config")]);
  const ended = finish(child, "sshd", { timeout: 900_000 });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += String(chunk)));
  await until("sshd listens", () => said.includes("Server listening"));
  return {
    port,
    bin: file("bin"),
    key: file("key"),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
