import { findMonitor } from "../../oci/conmon/find";
import { mountNamespaceOf } from "../../system/namespaces";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { runningContainers } from "../facts/containers";
import type { Found } from "../finding";

export const check: Check = {
  id: "system.mount-namespace",
  rank: 350,
  severity: "informs",
  about: `The conmons of the containers live in another mount namespace than kpod, as where CRI-O and the kubelet have one of their own: what is
mounted there is not seen here, and what is judged by mounts cannot be told. The way into theirs is in the mending.`,
  quick: true,
  live: true,
  find: findOtherNamespace,
};

async function findOtherNamespace(facts: Facts): Promise<readonly Found[]> {
  const own = mountNamespaceOf("self");
  for (const container of await facts.get(runningContainers)) {
    const pid = findMonitor(container)?.pid;
    const theirs = pid === undefined ? undefined : mountNamespaceOf(pid);
    if (pid === undefined || own === undefined || theirs === undefined) continue;
    if (own === theirs) return [];
    return [
      {
        severity: "informs",
        object: { kind: "path", path: "/proc/self/ns/mnt" },
        evidence: [
          { file: "/proc/self/ns/mnt", says: `is ${own}` },
          { file: `/proc/${pid}/ns/mnt`, says: `is ${theirs}, that of a conmon` },
        ],
        consequence: "mounts of containers are not seen from here",
        mend: {
          class: "N",
          what: "look from where CRI-O lives",
          commands: [`nsenter -m -t ${pid} kpod doctor`],
        },
      },
    ];
  }
  return [];
}
