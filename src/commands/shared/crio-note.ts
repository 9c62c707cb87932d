import type { BaseContext } from "../../shell/context";
import type { ContainerServer } from "../../lib/container-server";
import { forEachInTurn } from "./each";

/** What a CRI-O that runs does not see by itself, a line for each kind of change. */
const notes = {
  removed: "what was removed CRI-O goes on to list until it is removed there, too, by crictl rm",
  podRemoved: "what was removed CRI-O goes on to list until it is removed there, too, by crictl rmp",
  paused: "CRI-O shows what is paused as running, and waits its whole timeout when it is to stop it",
  started: "CRI-O does not see the start until its restart, and shows what had run as exited",
  renamed: "CRI-O goes on with the old name until its restart",
  spoofedStopped:
    "CRI-O does not see the stop of a pod without an infra process, and shows it as ready until crictl stopp",
  addressChanged: "CRI-O goes on with the old addresses of pods until its restart",
} as const;

/**
 * Tells somebody at a terminal what CRI-O believes after a change, where one runs on the store. It is asked only then,
 * and has a second to answer.
 */
export async function noteForCrio(
  { terminal, globals }: BaseContext,
  { config }: ContainerServer,
  change: keyof typeof notes,
): Promise<void> {
  if (!terminal.errorIsTTY || globals.logLevel === "fatal" || globals.logLevel === "panic") return;
  const { crioAnswers } = await import("../../lib/crio/daemon");
  if (await crioAnswers(config)) terminal.error(`Note: ${notes[change]}\n`);
}

/**
 * Changes what has these names in turn, and then tells what CRI-O believes of them; of none, when nothing was changed.
 * @param action returns what to print
 * @returns the exit code
 */
export async function changeInTurn(
  context: BaseContext,
  server: ContainerServer,
  change: keyof typeof notes,
  names: readonly string[],
  action: (name: string) => Promise<string>,
): Promise<number> {
  let changed = 0;
  const code = await forEachInTurn(context, names, async (name) => {
    const printed = await action(name);
    changed++;
    return printed;
  });
  if (changed > 0) await noteForCrio(context, server, change);
  return code;
}
