import { setTimeout as sleep } from "node:timers/promises";
import { ifThere } from "../../errors";
import { frozenCgroupOf } from "../../cgroups/freezer";
import { readProcessFile, readProcessStat, readWaitChannel } from "../../system/process";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containerObject } from "../facts/containers";
import { containerOfProcess, hangingTasks, hungTaskIds, remoteMountsOf, taskWords } from "../facts/processes";
import type { Found } from "../finding";
import { quoted } from "../quoted";

export const check: Check = {
  id: "proc.dstate",
  rank: 130,
  severity: "breaks-now",
  about: `A process of a container or of its conmon hangs in the kernel, uninterruptible (\`D\`), at both looks: no signal reaches it, KILL neither,
and its pod is terminating for ever; so does a thread of one that was killed, or one of which the kernel has said in its log
that it is \`blocked for more than 120 seconds\`: the other threads of a program that lives are not looked at, which would
take long. It is told in which function of the kernel it waits, and on which mount of another machine or of FUSE, and from
where that is, where it uses one. No tool ends such a process: it goes on when what it waits for answers, or when that
share is unmounted by force; else only a boot helps. What is frozen is told by cgroup.frozen.`,
  quick: false,
  live: true,
  asks: [hungTaskIds],
  find: findHanging,
};

/** A busy process is in D for moments as well: it counts where it is so each time, in milliseconds apart. */
const looks = 4;
const betweenLooks = 100;

async function findHanging(facts: Facts): Promise<readonly Found[]> {
  let hanging = await facts.get(hangingTasks);
  for (let count = 1; count < looks && hanging.length > 0; count++) {
    await sleep(betweenLooks);
    hanging = hanging.filter(({ pid, startTime }) => {
      const now = readProcessStat(pid);
      return now?.state === "D" && now.startTime === startTime;
    });
  }
  if (hanging.length === 0) return [];
  const ownerOf = await containerOfProcess(facts);
  return hanging.flatMap(({ pid, startTime }): Found[] => {
    const owner = ownerOf(pid);
    if (owner === undefined || frozenCgroupOf(pid) !== undefined) return [];
    const channel = readWaitChannel(pid);
    const stack = ifThere(() => readProcessFile(pid, "stack"), "EACCES", "EPERM") ?? "";
    const [top = ""] = stack.split("\n");
    const mounts = remoteMountsOf(pid);
    const object = containerObject(facts, owner);
    return [
      {
        severity: "breaks-now",
        object: { ...object, pid },
        key: startTime,
        evidence: [
          { file: `/proc/${pid}/stat`, says: `${taskWords(pid)} is in D: it hangs in the kernel` },
          ...(channel === "" ? [] : [{ file: `/proc/${pid}/wchan`, says: `waits in ${channel}` }]),
          ...(top === ""
            ? []
            : [{ file: `/proc/${pid}/stack`, says: `is at ${top.replace(/^\[<.*?>\] /, "")}` }]),
          ...mounts.map(({ target, type, source }) => ({
            file: `/proc/${pid}/mountinfo`,
            says: `uses ${target}, a file system of type ${type} from ${source}`,
          })),
        ],
        consequence:
          "neither TERM nor KILL ends it: its container cannot be stopped, and its pod terminates for ever",
        mend: {
          class: "N",
          what:
            mounts.length === 0
              ? "wait for what it waits for, or boot the node"
              : "bring the server back, or unmount the share by force; else boot the node",
          commands: mounts.map(({ target }) => `nsenter -m -t ${pid} umount -f ${quoted(target)}`),
        },
      },
    ];
  });
}
