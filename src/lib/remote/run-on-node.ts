import { statSync } from "node:fs";
import { KpodError } from "../errors";
import { callInWords, type Logger } from "../logger";
import { findExecutable } from "../system/executable";
import { runProgram, type ProgramOptions } from "../system/run-program";
import { executableFor } from "./own-executable";
import { noKpodCode, probe, receive, runCarried, runInstalled, shellCommand, toldValue } from "./scripts";

/** How kpod is called on another node. */
export interface RemoteOptions {
  /** The call gets a terminal there, for there is one here. */
  terminal: boolean;
  /** Standard input goes along; without it a loop over nodes in a shell keeps its own. */
  input: boolean;
  /** Ends it. */
  signal: AbortSignal;
  logger: Logger;
  /** Is told before an executable is carried over: its size in bytes. */
  carrying?: (bytes: number) => void;
}

/** How long what was carried waits for its call, in seconds: as long as an ssh server waits for a password. */
const patience = 120;

/** What ssh itself ends with where it failed. */
const sshFailed = 255;

/**
 * Runs kpod on another node by ssh, with this process's own streams: the one that is installed there, else this one's
 * executable, which is carried into a temporary directory for the call. Who is not root there becomes it by sudo.
 *
 * @param node as ssh takes it: `node`, `user@node`, `ssh://user@node:port`, or a name of ssh_config(5)
 * @param words what follows `kpod` over there; paths in them are those of the node
 * @returns the exit code of kpod over there; 255 where ssh failed, which has said why
 * @throws KpodError BAD_ARGUMENT for what is no node, NOT_FOUND without ssh, UNSUPPORTED where there is no executable
 * for the node, IO where it could not be carried there, INTERRUPTED
 */
export async function runOnNode(
  node: string,
  words: readonly string[],
  options: RemoteOptions,
): Promise<number> {
  checkNode(node);
  const { terminal, input } = options;
  const call = (script: string, args: readonly string[]) =>
    ssh(node, { flags: terminal ? ["-t"] : ["-T"], script, args }, options, {
      stdin: input || terminal ? "inherit" : "ignore",
      stdout: "inherit",
      stderr: "inherit",
    });
  const run = async (): Promise<number> => (await call(runInstalled(terminal), words)).code;
  // What ssh has sent of the input is gone when there is no kpod to read it: so that is asked before.
  const asksFirst = input && !terminal;
  const code = asksFirst ? noKpodCode : await run();
  if (code !== noKpodCode) return code;
  const asked = await ssh(node, { script: probe }, options, { stdin: "ignore", stderr: "inherit" });
  if (asked.code === sshFailed) return sshFailed;
  // Where there is one after all, the code was that of a command in a container.
  if (toldValue(asked.stdout, "found") !== undefined) return asksFirst ? run() : code;
  const directory = await carry(node, toldValue(asked.stdout, "machine") ?? "unknown processor", options);
  return (await call(runCarried(terminal), [directory, ...words])).code;
}

/** Carries the executable over. @returns its directory on the node */
async function carry(node: string, machine: string, options: RemoteOptions): Promise<string> {
  const executable = executableFor(machine, node);
  const { size } = statSync(executable);
  options.carrying?.(size);
  const script = { flags: ["-C"], script: receive, args: [String(size), String(patience)] };
  const { stdout, stderr } = await ssh(node, script, options, { inputFile: executable });
  const directory = toldValue(stdout, "directory");
  if (directory !== undefined) return directory;
  throw new KpodError("IO", `cannot carry the executable to ${node}: ${stderr.replaceAll("\n", ", ")}`, {
    hint: "install it there",
  });
}

function checkNode(node: string): void {
  if (/^(ssh:\/\/)?[\w.:%@[\]/+~-]+$/.test(node) && !node.startsWith("-")) return;
  throw new KpodError("BAD_ARGUMENT", `${JSON.stringify(node)} is no node that ssh could reach`, {
    hint: "give it as node, user@node or ssh://user@node:port",
  });
}

interface Script {
  flags?: readonly string[];
  script: string;
  args?: readonly string[];
}

async function ssh(
  node: string,
  { flags = [], script, args = [] }: Script,
  { signal, logger }: RemoteOptions,
  streams: Pick<ProgramOptions, "stdin" | "stdout" | "stderr" | "inputFile">,
): Promise<{ code: number; stdout: string; stderr: string }> {
  signal.throwIfAborted();
  const program = findExecutable("", "/usr/bin/ssh");
  if (program === undefined) {
    throw new KpodError("NOT_FOUND", "ssh is not at any place of PATH", {
      hint: "install an OpenSSH client",
    });
  }
  // Its own farewell of a closed connection is no error.
  const words = [...flags, "-o", "LogLevel=ERROR", "--", node];
  // Without the rest, in which what is secret is not told from what is not.
  logger.debug(callInWords(program, words));
  const { exitCode, stdout, stderr } = await runProgram(program, [...words, shellCommand(script, args)], {
    ...{ ...streams, signal, logger: undefined },
    interrupted: `the call on ${node} was interrupted`,
  });
  return { code: exitCode ?? sshFailed, stdout, stderr };
}
