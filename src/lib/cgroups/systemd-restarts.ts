import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { askSystemctl } from "./systemd-failed";
import { firstLine } from "../system/ask-program";

/** A service that systemd has started anew by itself. */
export interface RestartedService {
  readonly unit: string;
  readonly count: number;
  /** The time within which it has to tell systemd that it is well, as systemd says it. */
  readonly watchdog: string;
}

/** The service in which a process is, by its cgroups. */
export function serviceOf(cgroups: string): string | undefined {
  return /\/([^/\n]+\.service)$/m.exec(cgroups)?.[1];
}

/**
 * Asks systemd which services with a watchdog it has started anew since somebody started them.
 * @param limitMs milliseconds that systemctl has for it
 * @throws KpodError IO where systemd does not tell
 */
export async function watchedRestarts(
  units: readonly string[],
  logger: Logger,
  limitMs?: number,
): Promise<readonly RestartedService[]> {
  if (units.length === 0) return [];
  const words = ["show", "--property=Id,NRestarts,WatchdogUSec", "--", ...units];
  const { failed, stdout, stderr } = await askSystemctl(words, logger, limitMs);
  if (failed)
    throw new KpodError("IO", `systemctl does not tell what was started anew: ${firstLine(stderr)}`);
  return stdout.split("\n\n").flatMap((block): RestartedService[] => {
    const valueOf = (name: string): string =>
      new RegExp(`^${name}=(.*)$`, "m").exec(block)?.[1]?.trim() ?? "";
    const [unit, count, watchdog] = [valueOf("Id"), Number(valueOf("NRestarts")), valueOf("WatchdogUSec")];
    const isWatched = !["", "0", "infinity"].includes(watchdog);
    return unit !== "" && count > 0 && isWatched ? [{ unit, count, watchdog }] : [];
  });
}
