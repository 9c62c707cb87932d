import { closeSync } from "node:fs";
import { fileError, isNotFound, KpodError, launchExitCode } from "../errors";
import { containerInWords, type Container } from "../oci/container";
import { furtherProcess, readOwnProcess, type FurtherProcess, type OwnProcess } from "../oci/exec-process";
import { hasProc, openRootOf, requireCommand, requireReadable } from "../oci/find-command";
import { commandError } from "../oci/runtime/command-failure";
import type { ExecRequest, ExecResult } from "../oci/runtime/exec";
import { lookUpUser, requireMapped, withOwnGroup } from "../oci/user";
import type { ServerParts } from "../server-parts";
import { isAlive } from "../system/process";
import { notRunning } from "./kill";
import { noteContainer } from "./note-event";

/** What is run in a container, and how. */
export interface ExecOptions extends Pick<
  ExecRequest,
  "streams" | "preserveFds" | "timeoutMs" | "interceptSignals"
> {
  /** The program with its arguments. */
  readonly command: readonly string[];
  /** `NAME=value`, over those of the container. */
  readonly env?: readonly string[] | undefined;
  /** `USER`, `USER:GROUP` or in numbers; left out, the container's own. */
  readonly user?: string | undefined;
  /** Its working directory; left out, the container's own. */
  readonly cwd?: string | undefined;
  /** Gives it a terminal; the value is what TERM is where the container does not say. */
  readonly terminal?: string | undefined;
  /** All capabilities, no AppArmor. What seccomp and SELinux keep from the container, they keep from it, too. */
  readonly privileged?: boolean | undefined;
}

/** The exit code for a command that did not end in time, that of timeout(1). */
const timedOutExitCode = 124;

/**
 * Runs a further command in a container that runs: with its environment, user, capabilities, labels and limits, in its
 * namespaces and cgroup. Its runtime alone is needed for it, neither conmon nor CRI-O.
 *
 * A command that does not end in time is killed with all that it has started, but for what has made a session of its own.
 * @returns its exit code, 124 when it did not end in time. Where a runtime says on the standard error of the streams why it
 * could not start it: 127 for a program that is not there, 126 for one that cannot be executed, else 125
 * @throws KpodError BAD_STATE when it does not run; BAD_ARGUMENT for an unknown user, one that its user namespace does not
 * have, or a working directory that is not there; COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE; CORRUPT, RUNTIME_FAILED, UNSUPPORTED, IO
 */
export async function execInContainer(
  server: ServerParts,
  container: Container,
  options: ExecOptions,
): Promise<number> {
  server.requireNode();
  await server.runtime.updateStatus(container);
  requireRunning(container);
  const own = readOwnProcess(container);
  const { process, unlikely } = prepare(container, own, options);
  const { streams, preserveFds, timeoutMs, interceptSignals } = options;
  noteContainer(server, container, "exec", { attributes: { command: shownCommand(options.command) } });
  const result = await server.runtime.execProcess(container, {
    process: process.json,
    terminal: options.terminal !== undefined,
    directory: container.bundlePath,
    unprivileged: process.uid !== 0 || own.mappings.uids.length > 0,
    ...{ unlikely, streams, preserveFds, timeoutMs, interceptSignals },
  });
  const exitCode = exitCodeOf(result, `cannot exec in ${containerInWords(container)}`);
  // One without streams runs on.
  if (streams !== undefined) noteContainer(server, container, "exec_died", { exitCode });
  return exitCode;
}

/** Enough to know what was run: secrets stand rather in what follows. */
export function shownCommand([program = ""]: readonly string[]): string {
  return program.slice(0, 256);
}

/**
 * The exit code of what a runtime has run.
 * @param failed what could not be done where the runtime failed
 * @param missing what a look at the container's own files found to be missing, if they alone have the command
 * @throws KpodError RUNTIME_FAILED, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE where nobody has said so yet
 */
export function exitCodeOf(
  { exitCode, timedOut, failure, said }: ExecResult,
  failed: string,
  missing?: KpodError,
): number {
  if (timedOut) return timedOutExitCode;
  if (failure === undefined) return exitCode;
  const error = commandError(failure, failed);
  if (missing?.code === error.code) throw missing;
  if (said) return launchExitCode(error);
  throw error;
}

/** @throws KpodError BAD_STATE that says what to do */
function requireRunning(container: Container): void {
  const { status } = container.state ?? {};
  if (status === "running") return;
  const [why, hint] =
    status === "paused"
      ? ["it is paused", "unpause it first"]
      : status === "created"
        ? ["it was created and never started", undefined]
        : [notRunning(container), undefined];
  throw new KpodError("BAD_STATE", `cannot exec in ${containerInWords(container)}: ${why}`, { hint });
}

/** Makes the process, and makes sure that the container has what it needs. */
function prepare(
  container: Container,
  own: OwnProcess,
  options: ExecOptions,
): { readonly process: FurtherProcess; readonly unlikely: boolean } {
  const { command, env, user, cwd, terminal, privileged } = options;
  const { pid = 0, initPid, initStartTime } = container.state ?? {};
  const root = openRoot(container, pid);
  try {
    // The pid could be somebody else's by now; what was opened stays what it is.
    if (!isAlive({ pid, startTime: pid === initPid ? initStartTime : undefined })) throw hasEnded(container);
    requireReadable(root.path, containerInWords(container));
    const asking = `${containerInWords(container)} cannot run it as`;
    const named = user === undefined ? undefined : lookUpUser(root.path, user, asking);
    const who = named === undefined ? undefined : withOwnGroup(named);
    if (who !== undefined) requireMapped(who, own.mappings, asking);
    const process = furtherProcess(own, {
      ...{ args: command, env, cwd, terminal, privileged },
      user: who,
    });
    requireCommand(root.path, process, containerInWords(container));
    return { process, unlikely: !hasProc(root.path) };
  } finally {
    closeSync(root.fd);
  }
}

function openRoot(container: Container, pid: number): ReturnType<typeof openRootOf> {
  try {
    return openRootOf(pid);
  } catch (error) {
    throw isNotFound(error)
      ? hasEnded(container)
      : fileError(`cannot look into ${containerInWords(container)}`, error);
  }
}

function hasEnded(container: Container): KpodError {
  return new KpodError("BAD_STATE", `cannot exec in ${containerInWords(container)}: it has just ended`);
}
