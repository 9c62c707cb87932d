import { readCgroupNumber } from "../../cgroups/files";
import { kernelLogFile } from "../../system/kernel-log";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { controllerLevels, mostCounted } from "../facts/cgroups";
import { containerObject, containersWithStates } from "../facts/containers";
import { killWords, oomKills } from "../facts/oom-kills";
import type { Evidence, Found } from "../finding";

export const check: Check = {
  id: "cgroup.oom",
  rank: 240,
  severity: "informs",
  about: `The kernel killed a container, or a process in one that goes on, for want of memory. Of the second neither the pod nor the kubelet
tells anything. The limit and the count stand in the evidence, and which process was killed last, and when, where the
kernel's log still tells; kpod-why(1) says more of one container.`,
  quick: true,
  live: true,
  find: findOomKills,
};

async function findOomKills(facts: Facts): Promise<readonly Found[]> {
  return (await facts.get(containersWithStates)).flatMap((container): Found[] => {
    const { id, state } = container;
    const command = `kpod why ${id.slice(0, 13)}`;
    const what = "give it more memory, in its pod's spec";
    const object = containerObject(facts, container);
    if (state?.status === "stopped") {
      if (!state.oomKilled) return [];
      return [
        {
          severity: "informs",
          object,
          evidence: [
            {
              file: `${container.bundlePath}/oom`,
              says: "says that the kernel killed it for want of memory",
            },
            ...lastKill(facts, id),
          ],
          consequence: "it ends so again as long as its limit is the same",
          mend: { class: "N", what, commands: [command] },
          since: state.finished?.getTime(),
        },
      ];
    }
    if (container.infra || state?.status !== "running") return [];
    const levels = controllerLevels(facts, container, "memory");
    if (levels === undefined) return [];
    const { own, limiting } = levels;
    const isFirstVersion = own[0].includes("/memory/");
    const file = isFirstVersion ? "memory.oom_control" : "memory.events";
    // With version 2 a cgroup counts what is killed below it, too.
    const most = mostCounted(levels, file, "oom_kill");
    if (most === undefined) return [];
    const limitFile = isFirstVersion ? "memory.limit_in_bytes" : "memory.max";
    const [limited] = limiting.flatMap((path) => {
      const limit = readCgroupNumber(path, limitFile);
      // Version 1 says a number without end where there is no limit.
      return limit === undefined || limit > Number.MAX_SAFE_INTEGER ? [] : [{ path, limit }];
    });
    return [
      {
        severity: "informs",
        object,
        evidence: [
          { file: `${most.path}/${file}`, says: `says that ${most.count} processes were killed` },
          limited === undefined
            ? { file: own[0], says: "has no limit: the node had no more memory" }
            : { file: `${limited.path}/${limitFile}`, says: `has the limit ${limited.limit}` },
          ...lastKill(facts, id),
        ],
        consequence: "the container goes on without the processes that were killed",
        mend: { class: "N", what, commands: [command] },
      },
    ];
  });
}

/** The log is read only where there is one. */
function lastKill(facts: Facts, id: string): Evidence[] {
  const last = facts.get(oomKills).get(id)?.at(-1);
  return last === undefined ? [] : [{ file: kernelLogFile, says: `tells that ${killWords(last)}` }];
}
