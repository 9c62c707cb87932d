import { KpodError } from "../errors";
import { callInWords, type Logger } from "../logger";
import { findExecutable } from "../system/executable";
import { readProcessCgroup } from "../system/process";
import { waitUntil } from "../system/wait-until";

/** Milliseconds that systemd has to take a call, and then to move a process. */
const systemdTimeLimit = 10_000;

/** A scope of systemd's: a unit for processes that somebody else has started (systemd.scope(5)). */
export interface Scope {
  /** Its name, `NAME.scope`. */
  readonly unit: string;
  /** The slice that it is put into; "" for the default one. */
  readonly slice: string;
}

/**
 * Has systemd put conmon into a scope of its own, by the properties that CRI-O gives it: with the node it is stopped
 * after CRI-O, and by a signal that it ignores, for it has to write down how its container ended.
 * @throws KpodError CONMON_FAILED where systemd does not answer or refuses; INTERRUPTED
 */
export async function moveToScope(
  pid: number,
  { unit, slice }: Scope,
  { logger, signal }: { logger: Logger; signal: AbortSignal | undefined },
): Promise<void> {
  const properties = [
    ["PIDs", "au", "1", String(pid)],
    ["Delegate", "b", "true"],
    ["DefaultDependencies", "b", "false"],
    ["KillSignal", "i", String(sigpipe)],
    ["After", "as", "1", "crio.service"],
    ...(slice === "" ? [] : [["Slice", "s", slice]]),
  ];
  const words = [unit, "replace", String(properties.length), ...properties.flat(), "0"];
  await callSystemd("StartTransientUnit", "ssa(sv)a(sa(sv))", words, logger);
  const isMoved = (): boolean => (readProcessCgroup(pid) ?? unit).includes(unit);
  if (await waitUntil(`conmon to be in ${unit}`, isMoved, { timeoutMs: systemdTimeLimit, signal })) return;
  throw new KpodError("CONMON_FAILED", `systemd did not put conmon into ${unit}`, {
    hint: "see systemctl list-jobs",
  });
}

const sigpipe = 13;

async function callSystemd(
  method: string,
  signature: string,
  words: readonly string[],
  logger: Logger,
): Promise<void> {
  const { execa } = await import("execa");
  const manager = ["/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"];
  const busctl = findExecutable("", "busctl") ?? "busctl";
  const args = ["call", "org.freedesktop.systemd1", ...manager, method, signature, ...words];
  logger.debug(callInWords(busctl, args));
  const result = await execa(busctl, args, {
    reject: false,
    stdin: "ignore",
    cwd: "/",
    timeout: systemdTimeLimit,
    killSignal: "SIGKILL",
  });
  if (!result.failed) return;
  const said = result.stderr.trim();
  const cause = said === "" ? (result.originalMessage ?? `exit code ${result.exitCode ?? "?"}`) : said;
  throw new KpodError("CONMON_FAILED", `systemd made no scope for conmon: ${cause}`, {
    hint: 'where systemd does not run, use cgroup_manager = "cgroupfs" in [crio.runtime]',
  });
}
