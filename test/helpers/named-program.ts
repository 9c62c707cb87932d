import { spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";

/** A program by another name, called with words; ended after the action. */
export async function withProgram(
  directory: string,
  name: string,
  words: readonly string[],
  action: (pid: number) => Promise<void>,
): Promise<void> {
  const path = join(directory, name);
  copyFileSync("/bin/bash", path);
  // Not the child of this process, which stands for CRI-O.
  const script = ['exec 3<&0; "$@" <&3 & wait', "sh", path, "-c", "echo $$; read", name, ...words];
  const child = spawn("sh", ["-c", ...script], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const said = await new Promise<Buffer>((resolve) => child.stdout.once("data", resolve));
  try {
    await action(Number(said.toString()));
  } finally {
    child.stdin.end();
    await ended;
  }
}
