import { basename } from "node:path";
import { tolerate } from "../../errors";
import { fileLimits, readTextIfThere } from "../../system/files";
import {
  allProcesses,
  countOpenFiles,
  openFileLinks,
  processLink,
  readCommandName,
  readProcessFile,
  readProcessList,
} from "../../system/process";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { runningContainers } from "../facts/containers";
import { crioProcess } from "../facts/crio-process";
import { monitors, ownMonitors } from "../facts/monitors";
import { processWords } from "../facts/processes";
import type { Evidence, Found } from "../finding";

/** The share of a limit from which on it is as good as met. */
const nearly = 0.9;

export const check: Check = {
  id: "system.limits",
  rank: 260,
  severity: "breaks-now",
  about: `The node, CRI-O or a conmon has nearly used up (90 %) what it may open: files of the whole node (\`fs.file-nr\`), inotify instances or
watches of a user (\`fs.inotify.*\`: "too many open files", and "no space left on device" with an empty disk), or the files
of a process of CRI-O (\`RLIMIT_NOFILE\`). Who has most of them is told, and the text of a file for \`/etc/sysctl.d\`, or of
a drop-in of the unit.`,
  quick: false,
  live: true,
  find: findMetLimits,
};

async function findMetLimits(facts: Facts): Promise<readonly Found[]> {
  return [...openFiles(), ...inotify(facts, await usersOf(facts)), ...ownFiles(facts)];
}

/** Where nobody watches from: half of all that is open on a node. */
const standardFiles: ReadonlySet<string> = new Set(["fd/0", "fd/1", "fd/2"]);

/** The links to what each process has open, of those that have more open than standard files. */
function openLinks(facts: Facts): ReadonlyMap<number, readonly string[]> {
  const programs = facts.get(allProcesses).filter(({ isOfKernel }) => !isOfKernel);
  const watching = new Set(facts.get(monitors).map(({ process: { pid } }) => pid));
  return new Map(
    programs.map(({ pid }) => {
      // A kernel since 6.2 tells how many there are; those of a conmon are looked at anyhow.
      const count = watching.has(pid) ? 0 : countOpenFiles(pid);
      return [pid, count > 0 && count <= standardFiles.size ? [] : openFileLinks(pid)];
    }),
  );
}

/** The users that CRI-O and its containers are; what others use up is none of theirs. */
async function usersOf(facts: Facts): Promise<ReadonlySet<string>> {
  const pids = (await facts.get(runningContainers)).map(({ state }) => state?.pid ?? 0);
  return new Set(["0", ...pids.flatMap((pid) => userOf(pid) ?? [])]);
}

function userOf(pid: number): string | undefined {
  return /^Uid:\t(\d+)/m.exec(readProcessFile(pid, "status") ?? "")?.[1];
}

/** The files that are open on the whole node. */
function openFiles(): Found[] {
  const [used = 0, , limit = 0] = numbersIn("/proc/sys/fs/file-nr");
  if (limit === 0 || used < limit * nearly) return [];
  return [
    limitFound("fs.file-max", limit, [
      { file: "/proc/sys/fs/file-nr", says: `${used} files are open, of ${limit}` },
    ]),
  ];
}

/** What the processes of a user watch. */
interface Watching {
  instances: number;
  watches: number;
  /** The process with most instances, and their number. */
  most: { readonly pid: number; readonly instances: number };
}

/** The inotify instances and watches of each user, against what a user may have. */
function inotify(facts: Facts, concerned: ReadonlySet<string>): Found[] {
  const [mostInstances = 0] = numbersIn("/proc/sys/fs/inotify/max_user_instances");
  const [mostWatches = 0] = numbersIn("/proc/sys/fs/inotify/max_user_watches");
  if (mostInstances === 0 || mostWatches === 0) return [];
  const users = new Map<string, Watching>();
  const filesOf = inotifyFiles(facts);
  for (const [pid, links] of facts.get(openLinks)) {
    const files = filesOf(pid, links);
    if (files.length === 0) continue;
    const user = userOf(pid) ?? "";
    if (!concerned.has(user)) continue;
    const known = users.get(user) ?? { instances: 0, watches: 0, most: { pid, instances: 0 } };
    users.set(user, known);
    known.instances += files.length;
    known.watches += files.reduce((sum, file) => sum + watchesOf(pid, file), 0);
    if (files.length > known.most.instances) known.most = { pid, instances: files.length };
  }
  return [...users].flatMap(([user, { most, ...used }]): Found[] =>
    (
      [
        ["instances", mostInstances],
        ["watches", mostWatches],
      ] as const
    ).flatMap(([what, limit]): Found[] => {
      if (used[what] < limit * nearly) return [];
      const sysctl = `fs.inotify.max_user_${what}`;
      const evidence = [
        { file: `/proc/sys/${sysctl.replaceAll(".", "/")}`, says: `allows a user ${limit}` },
        { file: "/proc/*/fd", says: `user ${user} has ${used[what]}` },
        {
          file: `/proc/${most.pid}/fd`,
          says: `${processWords(most.pid)} has ${most.instances} instances of them`,
        },
      ];
      return [{ ...limitFound(sysctl, limit, evidence), key: `${sysctl} ${user}` }];
    }),
  );
}

/** Finds the inotify instances among what a process has open. */
function inotifyFiles(facts: Facts): (pid: number, links: readonly string[]) => readonly string[] {
  const watching = new Set(facts.get(monitors).map(({ process: { pid } }) => pid));
  // Conmons are alike, and most of the descriptors of a node are theirs: of those with the same ones, one is looked at.
  const ofMonitors = new Map<string, readonly string[]>();
  return (pid, links) => {
    const find = (): string[] =>
      links
        .filter((link) => !standardFiles.has(link) && processLink(pid, link) === "anon_inode:inotify")
        .map((link) => basename(link));
    if (!watching.has(pid)) return find();
    const same = links.join(" ");
    const files = ofMonitors.get(same) ?? find();
    ofMonitors.set(same, files);
    return files;
  };
}

function watchesOf(pid: number, fd: string): number {
  return (readProcessList(pid, `fdinfo/${fd}`) ?? "")
    .split("\n")
    .filter((line) => line.startsWith("inotify ")).length;
}

/** The files of CRI-O and of this store's conmons, against what each may open. */
function ownFiles(facts: Facts): Found[] {
  const crio = facts.get(crioProcess);
  const pids = [
    ...(crio === undefined ? [] : [crio]),
    ...facts.get(ownMonitors).map(({ process }) => process.pid),
  ];
  return pids.flatMap((pid): Found[] => {
    const used = facts.get(openLinks).get(pid)?.length ?? 0;
    const limit = Number(
      /^Max open files +(\d+)/m.exec(readProcessFile(pid, "limits") ?? "")?.[1] ?? Infinity,
    );
    if (used < limit * nearly) return [];
    const name = readCommandName(pid) ?? "process";
    return [
      {
        severity: "breaks-now",
        object: { kind: "process", pid, name },
        key: "files",
        evidence: [
          { file: `/proc/${pid}/fd`, says: `${processWords(pid)} has ${used} files open` },
          { file: `/proc/${pid}/limits`, says: `allows it ${limit}` },
        ],
        consequence: '"too many open files": it serves nobody any more',
        mend: {
          class: "N",
          what: "let it open more, and start it anew: systemctl edit crio",
          commands: [`printf '[Service]\\nLimitNOFILE=${limit * 8}\\n'`],
        },
      },
    ];
  });
}

function limitFound(sysctl: string, limit: number, evidence: readonly Evidence[]): Found {
  return {
    severity: "breaks-now",
    object: { kind: "path", path: `/proc/sys/${sysctl.replaceAll(".", "/")}`, name: sysctl },
    evidence,
    consequence: 'nothing more can be opened or watched: "too many open files", "no space left on device"',
    mend: {
      class: "N",
      what: "raise the limit, and look why so many are open",
      commands: [
        `echo '${sysctl} = ${limit * 4}' >/etc/sysctl.d/90-kpod.conf`,
        `sysctl -w ${sysctl}=${limit * 4}`,
      ],
    },
  };
}

function numbersIn(path: string): number[] {
  const text = tolerate(undefined, () => readTextIfThere(path, fileLimits.word)) ?? "";
  return text.trim().split(/\s+/).map(Number);
}
