import type { Check } from "../check";
import type { Facts } from "../facts";
import { relabelings, volumeOf } from "../facts/relabel";
import { podUids } from "../facts/specs";
import { objectOf, ownRecords } from "../facts/store";
import type { Found } from "../finding";
import { isStorageId } from "../../names/ids";

export const check: Check = {
  id: "crio.relabel-slow",
  rank: 280,
  severity: "breaks-now",
  about: `CRI-O gives the files of a volume their SELinux label, one by one, at both looks: with many files a pod is in
ContainerCreating for minutes, and "name is reserved" is said of it meanwhile. The volume and its pod are named by what the
kernel tells of CRI-O's threads. It ends by itself; the annotations that spare it are in the mending.`,
  quick: false,
  live: true,
  find: findRelabelings,
};

async function findRelabelings(facts: Facts): Promise<readonly Found[]> {
  const seen = facts.get(relabelings);
  if (seen.length === 0) return [];
  const own = await facts.get(ownRecords);
  const pods = new Map([...(await facts.get(podUids))].map(([id, uid]) => [uid, id]));
  const found = new Map<string, Found>();
  for (const { pid, thread, path } of seen) {
    const { volume, uid } = volumeOf(path) ?? { volume: path.slice(0, path.lastIndexOf("/")), uid: "" };
    const id = pods.get(uid);
    const record = isStorageId(id) ? own.get(id)?.record : undefined;
    found.set(volume, {
      severity: "breaks-now",
      object: { ...(record === undefined ? { kind: "process" } : objectOf(own, record)), pid, path: volume },
      key: volume,
      evidence: [
        {
          file: `/proc/${pid}/task/${thread}/syscall`,
          says: `CRI-O is in setxattr of ${path === "" ? "a file" : path}`,
        },
      ],
      consequence: "its container is not made before all files of the volume have their label",
      mend: {
        class: "N",
        what:
          "wait; for the next time mount the volume with its label (SELinuxMount), or have CRI-O pass it over: " +
          'annotation io.kubernetes.cri-o.TrySkipVolumeSELinuxLabel: "true" with a runtime class that allows it; ' +
          "where the kubelet changes the group of all its files as well: fsGroupChangePolicy: OnRootMismatch",
        commands: [],
      },
    });
  }
  return [...found.values()];
}
