import { existsSync } from "node:fs";
import { join } from "node:path";
import { searchMonitor } from "../../oci/conmon/find";
import type { Container } from "../../oci/container";
import { readExitFile } from "../../oci/state/exit-file";
import { persistedStateOf } from "../../oci/state/persisted";
import { unknownExitCode } from "../../oci/state/resolved";
import { fileLimits, readTextIfThere } from "../../system/files";
import { readProcessStat } from "../../system/process";
import type { Check } from "../check";
import { whyOf } from "../facts/store";
import type { Facts } from "../facts";
import { containerObject, containersWithStates } from "../facts/containers";
import { mendBySteps, type Evidence, type Found, type OfferedMend } from "../finding";
import { crioRuns } from "../forecast";
import type { MendStep } from "../step";

/** Milliseconds within which a CRI-O that is well takes an exit over. */
const crioGrace = 60_000;

export const check: Check = {
  id: "proc.state-stale",
  rank: 60,
  severity: "breaks-now",
  about: `CRI-O takes a container for running whose process has ended: the kubelet waits for it for ever, and restarts nothing. Its
state.json is compared with what its runtime, its process and its exit file say. While CRI-O runs, the exit file is put into
the directory that CRI-O watches, as conmon does; CRI-O then takes the end over by itself. With CRI-O stopped it is told for
information: at its next start CRI-O looks for itself. An end counts after a minute. Where nothing says how it ended, as its
conmon is stopped or slow, conmon is waited for; where that has died, the exit code is lost, and 255 is written.`,
  quick: true,
  live: true,
  find: findStaleStates,
};

async function findStaleStates(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const found: Found[] = [];
  const stopped = (await facts.get(containersWithStates)).filter(
    ({ state, persistedStatus }) => state?.status === "stopped" && persistedStatus !== "stopped",
  );
  for (const container of stopped) {
    try {
      const persisted = persistedStateOf(container)?.state;
      // The state of a pod without an infra process names no container.
      if (persisted === undefined || persisted.id === "" || persisted.status === "stopped") continue;
      const stale = await staleFound(facts, container, persisted.status);
      if (stale !== undefined) found.push(stale);
    } catch (error) {
      unsure(whyOf(error));
    }
  }
  return found;
}

async function staleFound(facts: Facts, container: Container, status: string): Promise<Found | undefined> {
  const { containerExitsDir: exitsDir } = facts.server.config;
  const { id, dir, bundlePath, state } = container;
  const exit = readExitFile({ id, dir, exitsDir });
  const since = exit?.finished.getTime() ?? facts.seenSince(`${id} has ended`);
  if (facts.isYoung(since, exit === undefined ? 0 : crioGrace)) return undefined;
  const runs = await facts.get(crioRuns);
  const [kept, watched] = [join(dir, "exit"), join(exitsDir, id)];
  const pid = persistedStateOf(container)?.state.initPid ?? 0;
  const monitor = exit === undefined ? monitorOf(container) : undefined;
  const evidence: Evidence[] = [
    {
      file: join(existsSync(join(dir, "state.json")) ? dir : bundlePath, "state.json"),
      says: `says ${status}`,
    },
    pid > 0
      ? { file: `/proc/${pid}`, says: "is not the container's process any more" }
      : { file: bundlePath, says: "has no process" },
    exit === undefined ? { file: kept, says: "is missing" } : { file: kept, says: `says ${exit.exitCode}` },
    { file: watched, says: existsSync(watched) ? "waits for CRI-O" : "is missing" },
    ...(exit === undefined ? [evidenceOf(container, monitor)] : []),
  ];
  return {
    severity: runs ? "breaks-now" : "informs",
    object: containerObject(facts, container),
    evidence,
    consequence: runs
      ? "CRI-O goes on to call it running: the kubelet restarts nothing and the pod does not end"
      : "CRI-O looks for itself when it starts, and takes the end over then",
    mend:
      monitor !== undefined
        ? mendOfMonitor(monitor)
        : mendOf(runs, exit !== undefined && existsSync(kept), state?.exitCode ?? exit?.exitCode, [
            kept,
            watched,
          ]),
    since: exit?.finished.getTime(),
  };
}

/** The conmon of a container that lives, and has still to write down how that ended. */
interface SlowMonitor {
  readonly pid: number;
  readonly isStopped: boolean;
}

function monitorOf(container: Container): SlowMonitor | undefined {
  const pid = searchMonitor(container)?.pid;
  const stat = pid === undefined ? undefined : readProcessStat(pid);
  return stat === undefined ? undefined : { pid: stat.pid, isStopped: /^[Tt]$/.test(stat.state) };
}

/** Why nothing says how it ended. */
function evidenceOf({ bundlePath }: Container, monitor: SlowMonitor | undefined): Evidence {
  if (monitor === undefined) {
    const file = join(bundlePath, "conmon-pidfile");
    const pid = readTextIfThere(file, fileLimits.word)?.trim() ?? "";
    const says = pid === "" ? "is missing" : `says ${pid}, which is no conmon of this container`;
    return { file, says: `${says}: none lives that would write its exit code` };
  }
  const { pid, isStopped } = monitor;
  return {
    file: `/proc/${pid}/stat`,
    says: `is its conmon, which ${isStopped ? "is stopped" : "lives"} and has not written its exit code yet`,
  };
}

/** What a conmon that lives will write is not to be made up. */
function mendOfMonitor({ pid, isStopped }: SlowMonitor): OfferedMend {
  return isStopped
    ? {
        class: "N",
        what: "let its conmon go on: it writes the exit code then",
        commands: [`kill -CONT ${pid}`],
      }
    : {
        class: "N",
        what: "wait for its conmon, which writes the exit code; end it where it hangs",
        commands: [`kill ${pid}`],
      };
}

function mendOf(
  runs: boolean,
  isKept: boolean,
  exitCode: number | undefined,
  [kept, watched]: readonly [string, string],
): OfferedMend {
  if (!runs) return { class: "N", what: "nothing is to be done: start CRI-O", commands: [] };
  const text = String(exitCode ?? unknownExitCode);
  const steps: MendStep[] = [
    // Where it lasts first: CRI-O reads it there once it sees the other.
    ...(isKept ? [] : [{ do: "write", path: kept, text, mode: 0o644 } satisfies MendStep]),
    { do: "write", path: watched, text, mode: 0o644 },
  ];
  return mendBySteps("S", "have CRI-O notice the end, by the exit file that it watches for", steps);
}
