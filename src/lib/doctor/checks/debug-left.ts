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
called by the session, in the namespaces and the cgroup of the container. They count for its limits, and nobody is at their other
end. Or their cgroup alone is left below that of the container. A session that somebody is at is not told. Offered is to kill
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
    facts.get(namespaceMounts).some(({ text }) => text.includes("kpod-debug-")) ||
    running.some((container) => {
      const directory = controllerDirectory(facts, container, "pids");
      return directory !== undefined && cgroupsBelow(directory).some(isAbandonedOf(root));
    });
  if (!isSeen) return [];
  return abandonedSessions(root).flatMap((session): readonly Found[] => {
    const places = [...session.cgroups, ...session.pids.map((pid) => readProcessCgroup(pid) ?? "")];
    const owner = running.find(({ id }) => places.some((place) => place.includes(id)));
    // One beside a container that is not of this store is nobody's business.
    if (owner === undefined) return [];
    return session.pids.length > 0
      ? processesFound(facts, session, owner)
      : cgroupsFound(facts, session, owner);
  });
}

function processesFound(facts: Facts, { name, pids }: AbandonedSession, owner: Container): readonly Found[] {
  const left = pids.flatMap((pid) => readProcessStat(pid) ?? []);
  const since = Math.min(...left.map(processStarted));
  if (left.length === 0 || facts.isYoung(since, usualAge)) return [];
  const steps = left.map(({ pid, startTime }): MendStep => ({ do: "kill", pid, startTime }));
  return [
    {
      severity: "leaks",
      object: containerObject(facts, owner),
      key: name,
      evidence: left.slice(0, 10).map(({ pid }) => ({
        file: `/proc/${pid}/mountinfo`,
        says: `${processWords(pid)} has the root of ${name}, whose command has ended`,
      })),
      consequence: "they go on with nobody at their other end, and count for the limits of the container",
      mend: mendBySteps("S", "kill what was run beside the container", steps),
      since,
    },
  ];
}

function cgroupsFound(facts: Facts, { name, cgroups }: AbandonedSession, owner: Container): readonly Found[] {
  if (facts.isYoung(facts.seenSince(name), 0)) return [];
  const steps = cgroups.map((cgroup): MendStep => ({ do: "remove-cgroup", cgroup }));
  return [
    {
      severity: "leaks",
      object: containerObject(facts, owner),
      key: `cgroups of ${name}`,
      evidence: cgroups.map((file) => ({
        file,
        says: "is that of a session whose command has ended, and has no process",
      })),
      consequence: `${cgroups.length} cgroups stay as long as the container`,
      mend: mendBySteps("S", "remove the cgroups", steps),
    },
  ];
}
