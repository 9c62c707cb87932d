import { locateState, stateRoots } from "../../oci/runtime/location";
import { isStorageId } from "../../names/ids";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { cgroupWords, processesIn, strayCgroups } from "../facts/cgroups";
import { monitors } from "../facts/monitors";
import { processWords } from "../facts/processes";
import { mendBySteps, type Found } from "../finding";

export const check: Check = {
  id: "proc.hostpid-orphan",
  rank: 220,
  severity: "leaks",
  about: `Processes go on in the cgroup of a container that no record, no runtime and no conmon knows: those of a container with the node's pid
namespace, whose first process has died, or of one that was forgotten. They hold ports, files and memory. Looked at are the
cgroups beside those of the store's containers. The processes are named; whether they may die, nobody but you
knows: they are killed only where the finding itself is named.`,
  quick: true,
  live: true,
  find: findOrphans,
};

async function findOrphans(facts: Facts): Promise<readonly Found[]> {
  const stray = (await facts.get(strayCgroups)).filter(
    ({ isPopulated, since }) => isPopulated && !facts.isYoung(since, usualAge),
  );
  if (stray.length === 0) return [];
  const watched = new Set((await facts.get(monitors)).map(({ id }) => id));
  const roots = stateRoots(facts.server.config);
  return stray.flatMap((cgroup): Found[] => {
    const { id, directories, since } = cgroup;
    if (!isStorageId(id) || watched.has(id) || locateState(roots, id) !== undefined) return [];
    const pids = processesIn(cgroup);
    if (pids.length === 0) return [];
    return [
      {
        severity: "leaks",
        object: { kind: "cgroup", id, name: cgroupWords(cgroup), path: directories[0] },
        evidence: pids.slice(0, 10).map((pid) => ({
          file: `/proc/${pid}/cgroup`,
          says: `${processWords(pid)} is in the cgroup of a container that nobody knows`,
        })),
        consequence: "its processes go on, with all that they hold, until the next boot",
        mend: {
          ...mendBySteps("Q", "end its processes, if nobody needs them", [{ do: "end-processes", id, pids }]),
          onlyNamed: true,
        },
        since,
      },
    ];
  });
}
