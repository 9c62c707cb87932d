import { dirname } from "node:path";
import { cgroupsBelow } from "../../cgroups/files";
import { abandonedSessions, isAbandonedOf, type AbandonedSession } from "../../operations/debug-sessions";
import type { Container } from "../../oci/container";
import { processStarted, readProcessCgroup, readProcessStat } from "../../system/process";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { controllerDirectory } from "../facts/cgroups";
import { containerObject, runningContainers } from "../facts/containers";
import { namespaceMounts } from "../facts/namespace-mounts";
import { processWords } from "../facts/processes";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";

export const check: Check = {
  id: "proc.debug-left",
  rank: 185,
  severity: "leaks",
  about: `A \`kpod debug\` was killed, and what it ran beside a container goes on: processes in a mount namespace of their own, whose root is
called by the session, in the namespaces of the container. They count for its limits, and nobody is at their other
end. Or the cgroup of the session alone is left. A session that somebody is at is not told. Offered is to kill
the processes, and to remove the cgroup once it is empty; the next \`kpod debug\` does the same.`,
  quick: false,
  live: true,
  find: findSessions,
};

async function findSessions(facts: Facts): Promise<readonly Found[]> {
  const { root } = facts.server.store.layout;
  const running = await facts.get(runningContainers);
  // To walk all hierarchies takes long: a sign of a session in one place is looked for first.
  const isSeen =
    (await facts.get(namespaceMounts)).some(({ text }) => text.includes("kpod-debug-")) ||
    cgroupsOfSessions(facts, running).some((directory) => cgroupsBelow(directory).some(isAbandonedOf(root)));
  if (!isSeen) return [];
  return abandonedSessions(root).flatMap((session): readonly Found[] => {
    const places = [...session.cgroups, ...session.pids.map((pid) => readProcessCgroup(pid) ?? "")];
    const owner = running.find(({ id }) => places.some((place) => place.includes(id)));
    // Beside the cgroup of a container nothing tells which one it was.
    const object: Found["object"] =
      owner === undefined ? { kind: "cgroup", name: session.name } : containerObject(facts, owner);
    return session.pids.length > 0
      ? processesFound(facts, session, object)
      : cgroupsFound(facts, session, object);
  });
}

/** The cgroups below which a runtime may have made that of a session: those that containers are in, and those above them. */
function cgroupsOfSessions(facts: Facts, running: readonly Container[]): string[] {
  const own = running.flatMap((container) => controllerDirectory(facts, container, "pids") ?? []);
  return [...new Set(own.flatMap((directory) => [directory, dirname(directory)]))];
}

function processesFound(
  facts: Facts,
  { name, pids }: AbandonedSession,
  object: Found["object"],
): readonly Found[] {
  const left = pids.flatMap((pid) => readProcessStat(pid) ?? []);
  const since = Math.min(...left.map(processStarted));
  if (left.length === 0 || facts.isYoung(since, usualAge)) return [];
  const steps = left.map(({ pid, startTime }): MendStep => ({ do: "kill", pid, startTime }));
  return [
    {
      severity: "leaks",
      object,
      key: name,
      evidence: left.slice(0, 10).map(({ pid }) => ({
        file: `/proc/${pid}/mountinfo`,
        says: `${processWords(pid)} has the root of ${name}, whose command has ended`,
      })),
      consequence:
        "they go on with nobody at their other end, and count for the limits of the container, or of its pod",
      mend: mendBySteps("S", "kill what was run beside the container", steps),
      since,
    },
  ];
}

function cgroupsFound(
  facts: Facts,
  { name, cgroups }: AbandonedSession,
  object: Found["object"],
): readonly Found[] {
  if (facts.isYoung(facts.seenSince(name), 0)) return [];
  const steps = cgroups.map((cgroup): MendStep => ({ do: "remove-cgroup", cgroup }));
  return [
    {
      severity: "leaks",
      object,
      key: `cgroups of ${name}`,
      evidence: cgroups.map((file) => ({
        file,
        says: "is that of a session whose command has ended, and has no process",
      })),
      consequence: `${cgroups.length} cgroups stay until the next kpod debug`,
      mend: mendBySteps("S", "remove the cgroups", steps),
    },
  ];
}
