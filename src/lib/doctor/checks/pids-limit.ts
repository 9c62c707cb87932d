import { readCgroupNumber } from "../../cgroups/files";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { controllerLevels, mostCounted, type CgroupLevels } from "../facts/cgroups";
import { containerObject, runningContainers } from "../facts/containers";
import { kubelet } from "../facts/kubelet";
import type { Evidence, Found } from "../finding";

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
    const levels = controllerLevels(facts, container, "pids");
    if (levels === undefined) return [];
    const { own, limiting } = levels;
    const met = metLimit(levels);
    if (met === undefined) return [];
    const rooms = limiting.flatMap((path) => {
      const limit = readCgroupNumber(path, "pids.max");
      return limit === undefined
        ? []
        : [{ path, limit, current: readCgroupNumber(path, "pids.current") ?? 0 }];
    });
    const [tightest] = rooms.sort((a, b) => a.limit - a.current - (b.limit - b.current));
    const isFull = tightest !== undefined && tightest.current >= tightest.limit;
    return [
      {
        severity: isFull ? "breaks-now" : "informs",
        object: containerObject(facts, container),
        evidence: [
          { file: met.file, says: `says that the limit was met ${met.count} times` },
          tightest === undefined
            ? { file: `${own[0]}/pids.max`, says: "says max" }
            : {
                file: `${tightest.path}/pids.current`,
                says: `says ${tightest.current}, of ${tightest.limit}`,
              },
          ...settingsOf(facts),
        ],
        consequence: isFull
          ? "nothing can be started in the container"
          : met.isOfPod
            ? "what was to be started in the pod when its limit was met has failed"
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

/**
 * How often a container met its limit, or that of its pod. Older kernels, and version 1, count in the cgroup of who could not
 * fork; since 6.11 it is counted where the limit stands, and in all above.
 */
export function metLimit(
  levels: CgroupLevels,
): { readonly file: string; readonly count: number; readonly isOfPod: boolean } | undefined {
  const most = mostCounted(levels, "pids.events", "max");
  if (most !== undefined) return { file: `${most.path}/pids.events`, count: most.count, isOfPod: false };
  // That of the pod itself, and not what its other containers have met of their own.
  const ofPod = { own: levels.limiting };
  const there = mostCounted(ofPod, "pids.events.local", "max");
  return there && { file: `${there.path}/pids.events.local`, count: there.count, isOfPod: true };
}

/** What gives containers and pods their limit where they name none: one of these is to be raised. */
function settingsOf(facts: Facts): readonly Evidence[] {
  const { config } = facts.server;
  const settings = facts.get(kubelet);
  const limit = settings?.setting("podPidsLimit");
  return [
    {
      file: config.sources.get("pidsLimit") ?? "the defaults",
      says: `pids_limit of a container is ${config.pidsLimit}`,
    },
    ...(settings === undefined || limit === undefined
      ? []
      : [{ file: settings.sourceOf("podPidsLimit"), says: `podPidsLimit of a pod is ${limit}` }]),
  ];
}
