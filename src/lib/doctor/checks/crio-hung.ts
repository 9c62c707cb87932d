import { askDaemon } from "../../crio/daemon";
import { allProcesses, readExecutable, readWaitChannel } from "../../system/process";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { threadsInD } from "../facts/processes";
import type { Evidence, Found } from "../finding";

/** Milliseconds after which a CRI-O that takes connections hangs. */
const patience = 5_000;

export const check: Check = {
  id: "crio.hung",
  rank: 120,
  severity: "breaks-now",
  about: `CRI-O takes connections on its socket and says nothing within five seconds: the kubelet calls the node NotReady ("PLEG is not
healthy", "container runtime is down"). Processes of CRI-O, and their threads that hang in the kernel, are named. Its stacks should be kept before
it is started anew: USR1 has it write them. Its containers go on meanwhile.`,
  quick: false,
  live: true,
  find: findHungCrio,
};

async function findHungCrio(facts: Facts): Promise<readonly Found[]> {
  const { listen } = facts.server.config;
  if (!listen.startsWith("/") || (await askDaemon(listen, "/info", patience)) !== "silent") return [];
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
  const pids = daemons.map(({ pid }) => `kill -USR1 ${pid}`);
  return [
    {
      severity: "breaks-now",
      object: { kind: "path", path: listen },
      evidence: [
        { file: listen, says: `took a connection, and said nothing in ${patience / 1000} s` },
        ...states,
      ],
      consequence: "nothing is started or stopped on the node, and the kubelet calls it NotReady",
      mend: {
        class: "N",
        what: "keep its stacks, then start CRI-O anew; containers go on meanwhile",
        commands: [...pids, "systemctl restart crio"],
      },
    },
  ];
}

function waitsOf(pid: number): string {
  const channel = readWaitChannel(pid);
  return channel === "" ? "" : `, and waits in ${channel}`;
}
