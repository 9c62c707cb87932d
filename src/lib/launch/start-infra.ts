import type { LaunchParts } from "../server-parts";
import { KpodError } from "../errors";
import { forEachLogLine } from "../logs/read-log";
import { unknownExitCode } from "../oci/state/resolved";
import { waitForExit } from "../operations/wait";
import type { Sandbox } from "../sandbox/sandbox";
import { isAlive, readExecutable } from "../system/process";
import { waitUntil } from "../system/wait-until";
import { startContainer } from "./create";

/** Milliseconds that the first process of a container has to become its command. */
const execTimeLimit = 1_000;

/** Milliseconds that the command of an infra container must live to count as one that waits. */
const mustLive = 100;

/**
 * Starts the infra container of a pod. A command that ends at once, as another than a pause program does, would leave a
 * pod that is never ready: that is a failure here, where CRI-O leaves it to the kubelet to notice.
 * @throws KpodError BAD_CONFIG with how it ended, and as `startContainer`
 */
export async function startInfraContainer(server: LaunchParts, sandbox: Sandbox): Promise<void> {
  const { infraContainer } = sandbox;
  const { initPid: pid = 0, initStartTime: startTime } = infraContainer.state ?? {};
  const ofRuntime = readExecutable(pid);
  await startContainer(server, infraContainer);
  const hasEnded = (): boolean => !isAlive({ pid, startTime });
  const isCommand = (): boolean => hasEnded() || readExecutable(pid) !== ofRuntime;
  const what = `the infra container of pod ${sandbox.kubeName}`;
  const { signal } = server;
  await waitUntil(what, isCommand, { timeoutMs: execTimeLimit, signal });
  if (!(await waitUntil(what, hasEnded, { timeoutMs: mustLive, signal }))) return;
  const exitCode = (await waitForExit(server, infraContainer, { signal })) ?? unknownExitCode;
  const said = await lastLineOf(infraContainer.logPath);
  const cause = said === "" ? "" : `: ${said}`;
  throw new KpodError("BAD_CONFIG", `${what} ended at once with exit code ${exitCode}${cause}`, {
    hint: "name a program that runs until it is killed as pause_command, of pause_image, in [crio.image]",
  });
}

async function lastLineOf(logPath: string): Promise<string> {
  let last = "";
  await forEachLogLine(logPath, { tail: 1 }, ({ text }) => {
    last += text.toString("utf8");
  });
  return last.trim();
}
