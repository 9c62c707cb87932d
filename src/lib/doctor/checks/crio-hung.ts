import { serviceOf, watchedRestarts, type RestartedService } from "../../cgroups/systemd-restarts";
import { askDaemon, isOfStore } from "../../crio/daemon";
import { KpodError } from "../../errors";
import type { HttpAnswer } from "../../system/http-get";
import { allProcesses, readExecutable, readProcessCgroup, readWaitChannel } from "../../system/process";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { crioProcess } from "../facts/crio-process";
import { stuckGoroutines, writtenStacks } from "../facts/goroutines";
import { kubelet } from "../facts/kubelet";
import { sickKubelet, type SickKubelet } from "../facts/kubelet-health";
import { threadsInD } from "../facts/processes";
import type { Evidence, Found } from "../finding";
import { quoted } from "../quoted";

/** Milliseconds after which a CRI-O that takes connections hangs. */
const patience = 5_000;

/** Bytes of the stacks of some ten thousand goroutines. */
const longestStacks = 64 * 1024 * 1024;

/** Places at which goroutines wait that are told. */
const mostPlaces = 5;

export const check: Check = {
  id: "crio.hung",
  rank: 120,
  severity: "breaks-now",
  about: `CRI-O takes connections on its socket and says nothing within five seconds: the kubelet calls the node NotReady ("PLEG is not
healthy", "container runtime is down"). Processes of CRI-O, and their threads that hang in the kernel, are named. Where CRI-O answers, its
goroutines are asked for: that some have waited for a lock for five minutes is told with the function in which they wait; where it does not
answer, they are looked for in what it has written to /tmp for USR1. The kubelet is asked for its health (\`/healthz\`, port 10248 unless it is
told otherwise), and systemd how often it has started CRI-O or the kubelet anew, where it watches them by a watchdog.
The stacks of CRI-O should be kept before it is started anew. Its containers go on meanwhile.`,
  quick: false,
  live: true,
  asks: [sickKubelet, restarts],
  find: findHungCrio,
};

async function findHungCrio(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const { listen } = facts.server.config;
  const info = listen.startsWith("/") ? await askDaemon(listen, "/info", patience) : "nobody";
  const hung = info === "silent" ? silentCrio(facts) : await stuckCrio(facts, info);
  const sick = await facts.get(sickKubelet);
  const { services, untold } = await facts.get(restarts);
  if (untold !== undefined) unsure(untold);
  const found = services.map(restartFound);
  if (hung === undefined) return sick === undefined ? found : [kubeletFound(sick), ...found];
  const evidence = [...hung.evidence, ...(sick === undefined ? [] : [sick.evidence])];
  return [{ ...hung, evidence }, ...found];
}

/** A CRI-O that says nothing at all. */
function silentCrio(facts: Facts): Found {
  const { listen } = facts.server.config;
  const daemons = facts.get(allProcesses).filter(({ name }) => name === "crio");
  const states = daemons.flatMap(({ pid, state }): Evidence[] => {
    const program = readExecutable(pid) ?? "crio";
    const threads = threadsInD(pid).filter((thread) => thread.pid !== pid);
    return [
      { file: `/proc/${pid}/stat`, says: `${program} is in ${state}${waitsOf(pid)}` },
      ...threads.map((thread) => ({
        file: `/proc/${pid}/task/${thread.pid}/stat`,
        says: `a thread of it is in D${waitsOf(thread.pid)}`,
      })),
    ];
  });
  const own = facts.get(allProcesses).find(({ pid }) => pid === facts.get(crioProcess));
  const stacks = own === undefined ? undefined : writtenStacks(facts, own);
  return {
    severity: "breaks-now",
    object: { kind: "path", path: listen },
    evidence: [
      { file: listen, says: `took a connection, and said nothing in ${patience / 1000} s` },
      ...states,
      ...(stacks === undefined ? [] : writtenEvidence(facts, stacks)),
    ],
    consequence: "nothing is started or stopped on the node, and the kubelet calls it NotReady",
    mend: {
      class: "N",
      what: "keep its stacks, then start CRI-O anew; containers go on meanwhile",
      commands: [...daemons.map(({ pid }) => `kill -USR1 ${pid}`), "systemctl restart crio"],
    },
  };
}

/** A CRI-O that says how it is, and in which calls wait for a lock that nobody gives back. */
async function stuckCrio(facts: Facts, info: HttpAnswer): Promise<Found | undefined> {
  const { config } = facts.server;
  if (typeof info === "string" || !isOfStore(info.text, config)) return undefined;
  const stacks = await askDaemon(config.listen, "/debug/goroutines", patience, longestStacks);
  // Older ones do not tell them.
  if (typeof stacks === "string" || stacks.status !== 200) return undefined;
  const source = `GET /debug/goroutines of ${config.listen}`;
  const evidence = lockEvidence(facts, source, stacks.text);
  if (evidence.length === 0) return undefined;
  return {
    severity: "breaks-now",
    object: { kind: "path", path: config.listen },
    key: "locks",
    evidence,
    consequence:
      "what these calls are about is neither started nor stopped; the kubelet calls the node NotReady when its own wait among them",
    mend: {
      class: "N",
      what: "look who holds the lock (storage.lock-held, proc.dstate), keep the stacks, then start CRI-O anew; containers go on meanwhile",
      commands: [
        `curl -s --unix-socket ${quoted(config.listen)} http://localhost/debug/goroutines >crio-goroutines.txt`,
        "systemctl restart crio",
      ],
    },
  };
}

/** They may be of long before. */
function writtenEvidence(
  facts: Facts,
  { file, text, written }: NonNullable<ReturnType<typeof writtenStacks>>,
): Evidence[] {
  const evidence = lockEvidence(facts, file, text);
  const time = written.toISOString().replace(/\.\d+/, "");
  return evidence.length === 0 ? [] : [...evidence, { file, says: `was written at ${time}` }];
}

function lockEvidence(facts: Facts, file: string, text: string): Evidence[] {
  return stuckGoroutines(text, facts.ageOr(usualAge))
    .slice(0, mostPlaces)
    .map(({ place, count, minutes, id }) => ({
      file,
      says: `${count} ${count === 1 ? "goroutine waits" : "goroutines wait"} for a lock in ${place}, for up to ${minutes} minutes${id === undefined ? "" : `; named is ${id}`}`,
    }));
}

function kubeletFound({ pid, url, evidence }: SickKubelet): Found {
  return {
    severity: "breaks-now",
    object: { kind: "process", pid, name: "kubelet" },
    key: "health",
    evidence: [evidence],
    consequence: "the kubelet makes and ends no pods, and the node gets NotReady",
    mend: {
      class: "N",
      what: "look what it waits for, then start it anew; containers go on meanwhile",
      commands: [`curl -s '${url}?verbose'`, "journalctl -u kubelet -n 100", "systemctl restart kubelet"],
    },
  };
}

/** What systemd has started anew of CRI-O and its kubelet, where it watches them. */
async function restarts(facts: Facts): Promise<{
  readonly services: readonly (RestartedService & { readonly pid: number })[];
  readonly untold?: string;
}> {
  const pids = [facts.get(crioProcess), facts.get(kubelet)?.pid];
  const units = new Map(
    pids.flatMap((pid): [string, number][] => {
      const unit = pid === undefined ? undefined : serviceOf(readProcessCgroup(pid) ?? "");
      return pid === undefined || unit === undefined ? [] : [[unit, pid]];
    }),
  );
  try {
    const told = await watchedRestarts([...units.keys()], facts.server.logger);
    return { services: told.map((each) => ({ ...each, pid: units.get(each.unit) ?? 0 })) };
  } catch (error) {
    // What is found else is told.
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    return { services: [], untold: error.message };
  }
}

function restartFound({ unit, count, watchdog, pid }: RestartedService & { readonly pid: number }): Found {
  return {
    severity: "informs",
    object: { kind: "process", pid, name: unit },
    key: "restarts",
    evidence: [
      {
        file: `systemctl show ${unit}`,
        says: `was started anew by systemd ${count} ${count === 1 ? "time" : "times"}; its watchdog waits for ${watchdog}`,
      },
    ],
    consequence: "where its watchdog ended it, it hung, and may do so again",
    mend: {
      class: "N",
      what: "look what ended it, and which checks it had failed before",
      commands: [`journalctl -u ${quoted(unit)} -g 'Watchdog timeout|Main process exited'`],
    },
  };
}

function waitsOf(pid: number): string {
  const channel = readWaitChannel(pid);
  return channel === "" ? "" : `, and waits in ${channel}`;
}
