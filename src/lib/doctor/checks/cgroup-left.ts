import { fileLimits, readTextIfThere } from "../../system/files";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { cgroupWords, strayCgroups } from "../facts/cgroups";
import { leftPodCgroups } from "../facts/left-pod-cgroups";
import { noContainer } from "../facts/record-files";
import { mendBySteps, type Found } from "../finding";
import { quoted } from "../quoted";
import type { MendStep } from "../step";

export const check: Check = {
  id: "cgroup.left",
  rank: 270,
  severity: "leaks",
  about: `A cgroup of a container, or of its conmon, is left that has no process and no record: of version 1 there can be 65,535 with a
memory controller, and each one slows down who looks at them all. Looked at are those beside the cgroups of the store's
containers, for what lies elsewhere may be of another store. Offered is to remove them, which the kernel refuses as long as a
process is in one. So is the cgroup of a whole pod that has no record, beside those of the store's pods, in which nothing is:
one whose pod has a directory of the kubelet only waits, as for a volume (not with \`--quick\`); a slice of systemd is told with
the command. That nearly all memory cgroups are used up (90 % of 65,535), those of others and those that are removed and
remembered by the kernel among them, is told as well: without one no container can be created, though newer kernels number
again what they only remember.`,
  quick: true,
  live: true,
  find: async (facts) => [
    ...(await findLeftCgroups(facts)),
    ...(await findPodCgroups(facts)),
    ...findCrowd(readTextIfThere(countsFile, fileLimits.kernel) ?? ""),
  ],
};

/** Where the kernel counts its cgroups. */
const countsFile = "/proc/cgroups";

/** So many memory cgroups a kernel can have. */
const mostMemoryCgroups = 65_535;

async function findLeftCgroups(facts: Facts): Promise<readonly Found[]> {
  const stray = await facts.get(strayCgroups);
  return stray
    .filter(({ isPopulated, since }) => !isPopulated && !facts.isYoung(since, usualAge))
    .map((cgroup): Found => {
      const { id, directories, since } = cgroup;
      const steps = directories.map((path): MendStep => ({ do: "remove-cgroup", cgroup: path }));
      return {
        severity: "leaks",
        object: { kind: "cgroup", id, name: cgroupWords(cgroup), path: directories[0] },
        evidence: [
          ...directories.map((file) => ({ file, says: "has no process" })),
          ...noContainer(facts, "has no container of this id"),
        ],
        consequence:
          directories.length === 1
            ? "it stays until the next boot"
            : `${directories.length} cgroups stay until the next boot`,
        mend: mendBySteps("S", "remove the cgroups", steps),
        since,
      };
    });
}

async function findPodCgroups(facts: Facts): Promise<readonly Found[]> {
  // Where the kubelet has its pods the specs of all containers tell.
  if (facts.options.quick) return [];
  return (await facts.get(leftPodCgroups))
    .filter(({ since }) => !facts.isYoung(since, usualAge))
    .map(({ uid, name, directories, podDirectories, since }): Found => {
      const steps = directories.map((path): MendStep => ({ do: "remove-cgroup", cgroup: path }));
      return {
        severity: "leaks",
        object: { kind: "cgroup", name, path: directories[0] },
        evidence: [
          ...directories.map((file) => ({ file, says: "is the cgroup of a pod, and has no process" })),
          ...noContainer(facts, `has no pod of the uid ${uid}`),
          ...podDirectories.map((file) => ({ file, says: `has no ${uid}: the kubelet does not know it` })),
        ],
        consequence: "it stays until the next boot",
        // What systemd has made it would go on to list.
        mend: name.endsWith(".slice")
          ? { class: "S", what: "have systemd remove it", commands: [`systemctl stop ${quoted(name)}`] }
          : mendBySteps("S", "remove the cgroup", steps),
        since,
      };
    });
}

/** @param counts the text of {@link countsFile} */
export function findCrowd(counts: string): Found[] {
  const count = Number(/^memory\t\d+\t(\d+)\t/m.exec(counts)?.[1] ?? 0);
  if (count < mostMemoryCgroups * 0.9) return [];
  return [
    {
      severity: "leaks",
      object: { kind: "cgroup", name: "of memory", path: countsFile },
      evidence: [{ file: countsFile, says: `memory has ${count} cgroups, of ${mostMemoryCgroups}` }],
      consequence:
        'at the limit no container can be created ("no space left on device" at its cgroup); before it each look is slow',
      mend: {
        class: "N",
        what: "have the kernel forget what it keeps of those that are removed, or boot",
        commands: ["sync", "sysctl vm.drop_caches=3"],
      },
    },
  ];
}
