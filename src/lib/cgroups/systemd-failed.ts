import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { isStorageId, type StorageId } from "../names/ids";
import { findExecutable } from "../system/executable";
import { askProgram, firstLine, type ProgramResult } from "../system/ask-program";

/** A scope of a container, or of its conmon, that systemd keeps because it has failed. */
export interface FailedScope {
  /** `crio-ID.scope` or `crio-conmon-ID.scope`. */
  readonly unit: string;
  /** Of the container. */
  readonly id: StorageId;
}

/**
 * Asks systemd for the scopes that have failed, of whatever store's containers.
 * @throws KpodError IO where systemd does not tell
 */
export async function failedScopes(logger: Logger): Promise<FailedScope[]> {
  const options = ["--all", "--plain", "--no-legend", "--full", "--type=scope", "--state=failed"];
  const { failed, stdout, stderr } = await askSystemctl(["list-units", ...options, "crio-*"], logger);
  if (failed)
    throw new KpodError("IO", `systemctl does not tell which units there are: ${firstLine(stderr)}`);
  return stdout.split("\n").flatMap((line): FailedScope[] => {
    const [unit = ""] = line.trim().split(/\s+/);
    const id = idOf(unit);
    return id === undefined ? [] : [{ unit, id }];
  });
}

/**
 * Has systemd remove a failed scope from its list; one that it has no longer is no error.
 * @throws KpodError IO, CORRUPT for what is no scope of a container
 */
export async function resetFailedScope(unit: string, logger: Logger): Promise<void> {
  if (idOf(unit) === undefined) {
    throw new KpodError("CORRUPT", `${JSON.stringify(unit)} is no scope of a container`);
  }
  const { failed, stderr } = await askSystemctl(["reset-failed", unit], logger);
  if (!failed || (await failedScopes(logger)).every((scope) => scope.unit !== unit)) return;
  throw new KpodError("IO", `systemd keeps the failed unit ${unit}: ${firstLine(stderr)}`);
}

function idOf(unit: string): StorageId | undefined {
  const id = /^crio-(?:conmon-)?([0-9a-f]{64})\.scope$/.exec(unit)?.[1];
  return isStorageId(id) ? id : undefined;
}

/** Milliseconds that systemctl has: where systemd hangs, it would wait for minutes. */
const patience = 10_000;

/** Calls systemctl. */
export async function askSystemctl(
  words: readonly string[],
  logger: Logger,
  limitMs = patience,
): Promise<ProgramResult> {
  return askProgram(findExecutable("", "systemctl") ?? "systemctl", words, {
    interrupted: "the call of systemctl was interrupted",
    signal: undefined,
    logger,
    limitMs,
  });
}
