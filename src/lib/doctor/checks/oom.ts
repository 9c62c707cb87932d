import { keyedNumber, readCgroupFile } from "../../cgroups/files";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { controllerDirectory } from "../facts/cgroups";
import { containerObject, containersWithStates } from "../facts/containers";
import type { Found } from "../finding";

export const check: Check = {
  id: "cgroup.oom",
  rank: 240,
  severity: "informs",
  about: `The kernel killed a container, or a process in one that goes on, for want of memory. Of the second neither the pod nor the kubelet
tells anything. The limit and the count stand in the evidence; kpod-why(1) says more of one container.`,
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
          ],
          consequence: "it ends so again as long as its limit is the same",
          mend: { class: "N", what, commands: [command] },
          since: state.finished?.getTime(),
        },
      ];
    }
    if (container.infra || state?.status !== "running") return [];
    const directory = controllerDirectory(facts, container, "memory");
    const file = directory?.includes("/memory/") === true ? "memory.oom_control" : "memory.events";
    const kills = keyedNumber(readCgroupFile(directory, file), "oom_kill") ?? 0;
    if (directory === undefined || kills === 0) return [];
    const limit = readCgroupFile(
      directory,
      file === "memory.events" ? "memory.max" : "memory.limit_in_bytes",
    );
    return [
      {
        severity: "informs",
        object,
        evidence: [
          { file: `${directory}/${file}`, says: `says that ${kills} processes were killed` },
          { file: directory, says: `has the limit ${limit?.trim() ?? "unknown"}` },
        ],
        consequence: "the container goes on without the processes that were killed",
        mend: { class: "N", what, commands: [command] },
      },
    ];
  });
}
