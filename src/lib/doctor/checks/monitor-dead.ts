import { join } from "node:path";
import { deadMonitorPid, findMonitor, isMonitorPersisted } from "../../oci/conmon/find";
import type { Container } from "../../oci/container";
import { fileLimits, readTextIfThere } from "../../system/files";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containerObject, containerWords, hasOtherRuntime, runningContainers } from "../facts/containers";
import { ownMonitors, programs } from "../facts/monitors";
import { mendBySteps, type Found } from "../finding";

export const check: Check = {
  id: "proc.monitor-dead",
  rank: 70,
  severity: "breaks-now",
  about: `A container runs whose conmon has died: nobody writes its log, nobody can attach to it, its exit code will be lost, and where it
writes more than a pipe takes, it stands still. A dead conmon cannot be replaced. What is offered is to stop the container,
so that the kubelet makes a new one; that is done only where the finding itself is named. Runtimes that need no conmon are
passed over.`,
  quick: true,
  live: true,
  asks: [programs],
  find: findDeadMonitors,
};

async function findDeadMonitors(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const running = await facts.get(runningContainers);
  const bundles = new Map((await facts.get(ownMonitors)).map(({ id, bundle }) => [id, bundle]));
  const hidden: Container[] = [];
  const found = running.flatMap((container): Found[] => {
    // Nearly all of them have one: that is asked first.
    if (bundles.get(container.id) === container.bundlePath || findMonitor(container) !== undefined) return [];
    if (!isMonitorPersisted(container) || hasOtherRuntime(facts, container)) return [];
    if (deadMonitorPid(container) === undefined) {
      hidden.push(container);
      return [];
    }
    const { bundlePath, id, infra, state } = container;
    const file = join(bundlePath, "conmon-pidfile");
    const pid = readTextIfThere(file, fileLimits.word)?.trim() ?? "";
    const words = containerWords(facts, container);
    return [
      {
        severity: "breaks-now",
        object: containerObject(facts, container),
        evidence: [
          { file, says: pid === "" ? "is missing" : `says ${pid}, which is no conmon of this container` },
          { file: `/proc/${state?.pid ?? 0}`, says: `is the ${words}, which runs` },
        ],
        consequence: infra
          ? "the end of the pod will not be noticed"
          : "its log, attaching and its exit code are lost; it stands still once it has written more than a pipe takes",
        mend: {
          ...mendBySteps(
            "Q",
            infra
              ? "stop the pod, so that the kubelet makes a new one"
              : "stop the container, so that the kubelet starts a new one",
            [{ do: "stop", id, pod: infra }],
          ),
          onlyNamed: true,
        },
      },
    ];
  });
  const [first] = hidden;
  if (first !== undefined)
    unsure(
      `the conmons of ${hidden.length} containers and pods, as of ${containerWords(facts, first)}, may live or not: without CAP_SYS_PTRACE that is not told`,
    );
  return found;
}
