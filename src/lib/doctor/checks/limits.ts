import { tolerate } from "../../errors";
import { fileLimits, readTextIfThere } from "../../system/files";
import { holder } from "../../system/mount-holders";
import { readCommandName, readProcessFile } from "../../system/process";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { runningContainers } from "../facts/containers";
import { crioProcess } from "../facts/crio-process";
import { openFiles, ownMonitors, programs } from "../facts/monitors";
import { processWords } from "../facts/processes";
import type { Evidence, Found, OfferedMend } from "../finding";
import { quoted } from "../quoted";
import { userOf, type OpenFiles } from "../readings/open-files";

/** The share of a limit from which on it is as good as met. */
const nearly = 0.9;

export const check: Check = {
  id: "system.limits",
  rank: 260,
  severity: "breaks-now",
  about: `The node, CRI-O or a conmon has nearly used up (90 %) what it may open: files of the whole node (\`fs.file-nr\`), inotify instances or
watches of a user (\`fs.inotify.*\`: "too many open files", and "no space left on device" with an empty disk), or the files
of a process of CRI-O (\`RLIMIT_NOFILE\`). Who has most of them is told, and the commands that raise the limit: by a file in
\`/etc/sysctl.d\`, for CRI-O by a drop-in of its unit, for a conmon at the process itself.`,
  quick: false,
  live: true,
  asks: [programs],
  find: findMetLimits,
};

async function findMetLimits(facts: Facts): Promise<readonly Found[]> {
  const open = await facts.get(openFiles);
  return [...filesOfNode(), ...(await inotify(facts, open)), ...(await ownFiles(facts, open))];
}

/** The users that CRI-O and its containers are; what others use up is none of theirs. */
async function usersOf(facts: Facts): Promise<ReadonlySet<string>> {
  const pids = (await facts.get(runningContainers)).map(({ state }) => state?.pid ?? 0);
  return new Set(["0", ...pids.flatMap((pid) => userOf(pid) ?? [])]);
}

/** The files that are open on the whole node. */
function filesOfNode(): Found[] {
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
async function inotify(facts: Facts, open: ReadonlyMap<number, OpenFiles>): Promise<readonly Found[]> {
  const [mostInstances = 0] = numbersIn("/proc/sys/fs/inotify/max_user_instances");
  const [mostWatches = 0] = numbersIn("/proc/sys/fs/inotify/max_user_watches");
  if (mostInstances === 0 || mostWatches === 0) return [];
  const users = new Map<string, Watching>();
  for (const [pid, { instances, watches, user }] of open) {
    if (instances === 0) continue;
    const known = users.get(user) ?? { instances: 0, watches: 0, most: { pid, instances: 0 } };
    users.set(user, known);
    known.instances += instances;
    known.watches += watches;
    if (instances > known.most.instances) known.most = { pid, instances };
  }
  const met = [...users].filter(
    ([, used]) => used.instances >= mostInstances * nearly || used.watches >= mostWatches * nearly,
  );
  const concerned = met.length === 0 ? undefined : await usersOf(facts);
  const theirs = met.filter(([user]) => concerned?.has(user));
  return theirs.flatMap(([user, { most, ...used }]): Found[] =>
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

/** The files of CRI-O and of this store's conmons, against what each may open. */
async function ownFiles(facts: Facts, open: ReadonlyMap<number, OpenFiles>): Promise<readonly Found[]> {
  const crio = facts.get(crioProcess);
  const pids = [
    ...(crio === undefined ? [] : [crio]),
    ...(await facts.get(ownMonitors)).map(({ process }) => process.pid),
  ];
  return pids.flatMap((pid): Found[] => {
    const used = open.get(pid)?.count ?? 0;
    const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(readProcessFile(pid, "limits") ?? "") ?? [];
    const limit = Number(soft ?? Infinity);
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
        mend: mendOfFiles(pid, { soft: limit, hard: Number(hard), isCrio: pid === crio }),
      },
    ];
  });
}

/** Raises how many files a process may open: of CRI-O for good, of a conmon as long as it lives. */
function mendOfFiles(
  pid: number,
  { soft, hard, isCrio }: { readonly soft: number; readonly hard: number; readonly isCrio: boolean },
): OfferedMend {
  // The kernel gives nobody more than that.
  const [most = 0] = numbersIn("/proc/sys/fs/nr_open");
  const wanted = Math.min(soft * 8, Math.max(most, soft));
  const { unit } = holder(pid);
  if (isCrio && unit.endsWith(".service")) {
    const directory = `/etc/systemd/system/${unit}.d`;
    return {
      class: "N",
      what: "let its unit open more, and start it anew: what runs goes on",
      commands: [
        `mkdir -p ${quoted(directory)}`,
        `printf '[Service]\\nLimitNOFILE=${wanted}\\n' >${quoted(`${directory}/90-kpod.conf`)}`,
        "systemctl daemon-reload",
        `systemctl restart ${quoted(unit)}`,
      ],
    };
  }
  return {
    class: "N",
    what: isCrio
      ? "let it open more, and have what starts it do so"
      : "let it open more, and look who is attached to its container: each takes files of it",
    commands: [`prlimit --pid ${pid} --nofile=${wanted}:${Math.max(wanted, hard)}`],
  };
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
        // A file for each: two limits may be met at once.
        `echo '${sysctl} = ${limit * 4}' >/etc/sysctl.d/90-kpod-${sysctl}.conf`,
        `sysctl -w ${sysctl}=${limit * 4}`,
      ],
    },
  };
}

function numbersIn(path: string): number[] {
  const text = tolerate(undefined, () => readTextIfThere(path, fileLimits.word)) ?? "";
  return text.trim().split(/\s+/).map(Number);
}
