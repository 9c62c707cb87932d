import { keyedNumber, readCgroupFile, readCgroupNumber } from "../../cgroups/files";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { controllerDirectory } from "../facts/cgroups";
import { containerObject, runningContainers } from "../facts/containers";
import type { Found } from "../finding";

export const check: Check = {
  id: "cgroup.pids-limit",
  rank: 250,
  severity: "breaks-now",
  about: `A container has as many processes and threads as it may have: "fork: retry: Resource temporarily unavailable", and probes that run
a command fail. One that has only met its limit before is told for information. The limit is \`pids_limit\` of crio.conf, or
podPidsLimit of the kubelet.`,
  quick: true,
  live: true,
  find: findFullPids,
};

async function findFullPids(facts: Facts): Promise<readonly Found[]> {
  return (await facts.get(runningContainers)).flatMap((container): Found[] => {
    if (container.infra) return [];
    const directory = controllerDirectory(facts, container, "pids");
    const met = keyedNumber(readCgroupFile(directory, "pids.events"), "max") ?? 0;
    if (directory === undefined || met === 0) return [];
    const [current = 0, limit] = [
      readCgroupNumber(directory, "pids.current"),
      readCgroupNumber(directory, "pids.max"),
    ];
    const isFull = limit !== undefined && current >= limit;
    return [
      {
        severity: isFull ? "breaks-now" : "informs",
        object: containerObject(facts, container),
        evidence: [
          { file: `${directory}/pids.events`, says: `says that the limit was met ${met} times` },
          { file: `${directory}/pids.current`, says: `says ${current}, of ${limit ?? "any number"}` },
        ],
        consequence: isFull
          ? "nothing can be started in the container"
          : "what was to be started when the limit was met has failed",
        mend: {
          class: "N",
          what: "raise the limit, or find what starts so many",
          commands: [
            `kpod top ${container.id.slice(0, 13)}`,
            `kpod update --pids-limit NUMBER ${container.id.slice(0, 13)}`,
          ],
        },
      },
    ];
  });
}
