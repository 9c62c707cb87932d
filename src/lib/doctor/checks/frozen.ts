import { basename } from "node:path";
import { frozenCgroupOf } from "../../cgroups/freezer";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { cgroupTexts, hierarchies } from "../facts/cgroups";
import { containerObject, runningContainers } from "../facts/containers";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";

export const check: Check = {
  id: "cgroup.frozen",
  rank: 140,
  severity: "breaks-now",
  about: `The processes of a container are frozen: signals seem to be ignored, and probes fail. Where its own cgroup is, it was paused, which
is told for information. Where one above it is, as that of its pod, it is not paused for its runtime, and nobody will thaw it.
The cgroup is named in which the freeze began; that is where it is thawed. A checkpoint freezes for a moment.`,
  quick: true,
  live: true,
  find: findFrozen,
};

async function findFrozen(facts: Facts): Promise<readonly Found[]> {
  const found: Found[] = [];
  const cgroupOf = facts.get(cgroupTexts);
  const known = new Map<string, boolean>();
  for (const container of await facts.get(runningContainers)) {
    const { id, state } = container;
    const pid = state?.pid ?? 0;
    const cgroup = pid === 0 ? undefined : frozenCgroupOf(pid, facts.get(hierarchies), known, cgroupOf);
    if (cgroup === undefined) continue;
    const isPaused = basename(cgroup).includes(id) || cgroup.includes(`${id}/`);
    const file = cgroup.includes("/freezer/") ? `${cgroup}/freezer.state` : `${cgroup}/cgroup.freeze`;
    const steps: MendStep[] = [{ do: "thaw", cgroup }];
    found.push({
      severity: isPaused ? "informs" : "breaks-now",
      object: { ...containerObject(facts, container), pid },
      evidence: [
        {
          file,
          says: isPaused
            ? "the container's own cgroup is frozen"
            : "a cgroup above the container's is frozen",
        },
        { file: `/proc/${pid}/cgroup`, says: "leads there" },
      ],
      consequence: isPaused
        ? "it is paused, and goes on when it is thawed"
        : "it does nothing, and no signal reaches it; its runtime does not know why",
      mend: isPaused
        ? { class: "N", what: "unpause it, if it is to go on", commands: [`kpod unpause ${id.slice(0, 13)}`] }
        : mendBySteps("S", "thaw the cgroup that is frozen", steps),
    });
  }
  return found;
}
