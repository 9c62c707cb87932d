import { existsSync, statSync } from "node:fs";
import { KpodError, orFileError } from "../errors";
import { logPathOf } from "../logs/log-path";
import { tellConmon } from "../oci/conmon/control";
import { searchMonitor } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import { waitUntil } from "../system/wait-until";

/** Milliseconds that conmon has to open the file. */
const timeLimit = 5_000;

/**
 * Has conmon open the log file of a container anew, by its path: after somebody has moved the one it writes to, as a rotation
 * does, it makes another one. Neither CRI-O nor a runtime have a part in it.
 * @throws KpodError BAD_STATE where no conmon is there to do it; CONFLICT where the log has not been moved: conmon would put an
 * empty file in its place, and what it has written would be lost; CONMON_FAILED when the file is not there in time;
 * NOT_FOUND for a container without a log, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function reopenLog(
  { config }: Pick<ServerView, "config">,
  container: Container,
  signal?: AbortSignal,
): Promise<void> {
  const path = logPathOf(container, config.logDir, config.sources.get("logDir") === "--log-dir");
  const failed = `cannot reopen the log of container ${container.id}`;
  const alone = (): KpodError => new KpodError("BAD_STATE", `${failed}: no conmon is there that writes it`);
  if (searchMonitor(container) === undefined) throw alone();
  if (orFileError(failed, () => statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new KpodError("CONFLICT", `${failed}: conmon would begin ${path} anew, and what is in it be lost`, {
      hint: "move it away first, as to a name that ends with .20260101-120000, by which kpod logs finds it",
    });
  }
  if (!tellConmon(container, "2 0 0")) throw alone();
  const limits = { timeoutMs: timeLimit, signal };
  if (await waitUntil(`the log ${path}`, () => existsSync(path), limits)) return;
  throw new KpodError("CONMON_FAILED", `conmon of container ${container.id} has not opened its log ${path}`);
}
