import { containersWithStates, containerObject } from "../facts/containers";
import { cgroupTexts } from "../facts/cgroups";
import { crioProcess } from "../facts/crio-process";
import { monitors } from "../facts/monitors";
import { processWords } from "../facts/processes";
import { temporaryEntries } from "../facts/temporary";
import { readMonitorCall } from "../../oci/conmon/find";
import { pidNamespaceOf } from "../../system/namespaces";
import { allProcesses, processStarted, readCommandName, type ProcessStat } from "../../system/process";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { mendBySteps, type Found } from "../finding";
import { quoted } from "../quoted";
import type { MendStep } from "../step";

/** As many as a container that is well may have of a moment: probes that run side by side, an exec that was detached. */
const usualPile = 10;

/** Milliseconds after which CRI-O has long read the file of an exec. */
const execFileAge = 3_600_000;

export const check: Check = {
  id: "proc.exec-piled",
  rank: 180,
  severity: "leaks",
  about: `Processes that were executed in a container, as those of probes are, have piled up: ten or more, for five minutes, that do not
descend from its first process, and whose parent has died, unless they are in the node's pid namespace; or dead ones that its
conmon does not reap. They take pids and memory of the container. Also told are files \`exec-process-*\` in \`/tmp\` that CRI-O has left, ten or more, older than an hour.
Processes are killed, dead ones and files are told with the commands.`,
  quick: false,
  live: true,
  find: findPiles,
};

async function findPiles(facts: Facts): Promise<readonly Found[]> {
  return [...(await orphanedExecs(facts)), ...(await zombies(facts)), ...execFiles(facts)];
}

/** Processes of containers whose parent has died: the first of each tree. */
async function orphanedExecs(facts: Facts): Promise<readonly Found[]> {
  const containers = await facts.get(containersWithStates);
  const firsts = new Set(containers.map(({ state }) => state?.pid ?? 0));
  const watching = new Set((await facts.get(monitors)).map(({ process: { pid } }) => pid));
  const adopters = new Set([1, facts.get(crioProcess)]);
  const cgroupOf = facts.get(cgroupTexts);
  const ofNode = pidNamespaceOf("self");
  const piles = new Map<string, ProcessStat[]>();
  for (const process of facts.get(allProcesses)) {
    const { pid, parent, state } = process;
    if (!adopters.has(parent) || pid === 1 || firsts.has(pid) || watching.has(pid) || state === "Z") continue;
    if (facts.isYoung(processStarted(process), usualAge)) continue;
    const id = /\/crio-([0-9a-f]{64})(?:\.scope)?(?:\/|$)/m.exec(cgroupOf(pid) ?? "")?.[1];
    // With the cgroupfs manager a conmon may be in the cgroup of its container.
    if (id === undefined || readMonitorCall(pid) !== undefined) continue;
    // In the pid namespace of the node a daemon, such as one of FUSE, parts from its parent by intent.
    if (pidNamespaceOf(pid) === ofNode) continue;
    piles.set(id, [...(piles.get(id) ?? []), process]);
  }
  return containers.flatMap((container): Found[] => {
    const pile = piles.get(container.id) ?? [];
    if (pile.length < usualPile || (container.state?.pid ?? 0) === 0) return [];
    const oldest = Math.min(...pile.map(processStarted));
    const steps = pile.map(({ pid, startTime }): MendStep => ({ do: "kill", pid, startTime }));
    return [
      {
        severity: "leaks",
        object: containerObject(facts, container),
        key: "orphans",
        evidence: [
          {
            file: `/proc/${container.state?.pid ?? 0}`,
            says: `is the first process of the container, from which ${pile.length} others do not descend`,
          },
          ...pile.slice(0, 5).map(({ pid, parent }) => ({
            file: `/proc/${pid}/stat`,
            says: `${processWords(pid)} has the parent ${parent}`,
          })),
        ],
        consequence: "they take memory and pids of the container, until nothing can be started in it",
        mend: mendBySteps("S", "kill what was executed in it and has lost its parent", steps),
        since: oldest,
      },
    ];
  });
}

/** Dead processes whose parent is a conmon, which should have reaped them. */
async function zombies(facts: Facts): Promise<readonly Found[]> {
  const dead = facts
    .get(allProcesses)
    .filter((process) => process.state === "Z" && !facts.isYoung(processStarted(process), usualAge));
  if (dead.length < usualPile) return [];
  const own = new Map((await facts.get(containersWithStates)).map((container) => [container.id, container]));
  return (await facts.get(monitors)).flatMap(({ id, bundle, process: { pid } }): Found[] => {
    const container = own.get(id);
    const children = dead.filter(({ parent }) => parent === pid);
    if (container?.bundlePath !== bundle || children.length < usualPile) return [];
    return [
      {
        severity: "leaks",
        object: { ...containerObject(facts, container), pid },
        key: "zombies",
        evidence: [
          {
            file: `/proc/${pid}/task/${pid}/children`,
            says: `has ${children.length} dead ones that it does not reap`,
          },
          ...children.slice(0, 3).map((child) => ({
            file: `/proc/${child.pid}/stat`,
            says: `${readCommandName(child.pid) ?? "process"} is in Z`,
          })),
        ],
        consequence: "they take pids of the node until the container ends",
        mend: {
          class: "N",
          what: "have the container made anew: the dead go with their conmon",
          commands: [`kpod stop ${id.slice(0, 13)}`],
        },
      },
    ];
  });
}

/** What CRI-O tells the runtime by a file, and has not removed. */
function execFiles(facts: Facts): Found[] {
  const left = temporaryEntries(facts, /^exec-process-\d+$/).filter(
    ({ stat }) => stat.isFile() && facts.now - stat.mtimeMs > execFileAge,
  );
  const [first] = left;
  if (first === undefined || left.length < usualPile) return [];
  const directory = first.path.slice(0, first.path.lastIndexOf("/"));
  return [
    {
      severity: "leaks",
      object: { kind: "path", path: directory },
      key: "exec files",
      evidence: [
        { file: first.path, says: `is one of ${left.length} files of commands that CRI-O executed long ago` },
      ],
      consequence: "they take inodes until the next boot",
      bytes: left.reduce((sum, { stat }) => sum + stat.blocks * 512, 0),
      mend: {
        class: "S",
        what: "remove the files",
        commands: [`find ${quoted(directory)} -maxdepth 1 -name 'exec-process-*' -type f -mmin +60 -delete`],
      },
    },
  ];
}
