import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { isMountPoint, unmount } from "../../src/lib/system/mount";
import { mountNamespaceOf } from "../../src/lib/system/namespaces";
import {
  isAlive,
  readCommandName,
  readProcessStat,
  readWaitChannel,
  threadsOf,
} from "../../src/lib/system/process";
import { conmonOf, pidOf, useNode, usePod } from "../helpers/node";
import { startLocker } from "../helpers/record-lock";
import { expectToFit } from "../helpers/schemas";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

interface Shown {
  podState: string | null;
  object: { kind: string; name: string };
  containers: {
    object: { name: string };
    state: string;
    exit: { code: number; signal: string | null } | null;
    log: string[];
  }[];
  holders: { file: string; says: string }[];
  findings: { id: string; object: { id: string }; evidence: { says: string }[] }[];
  unknown: string[];
  chain: string[];
  todo: string[];
}

async function why(...args: string[]): Promise<Shown> {
  const shown = JSON.parse(await node.ok("why", "--format", "json", ...args)) as Shown;
  expectToFit("why", shown);
  expect(shown.unknown).toEqual([]);
  return shown;
}

beforeAll(async () => {
  await node.start(pod, "web", "echo serving; sleep 1000");
});

test("one that runs, and one that ended: how, what it said last, what to do", async () => {
  const running = await why("web");
  expect(running.object).toMatchObject({ kind: "container", name: "web" });
  expect(running.containers).toMatchObject([{ state: "running", exit: null, log: ["serving"] }]);
  expect(running.chain).toEqual([expect.stringMatching(/^Container web runs since .*, with the pid \d+\.$/)]);
  expect(running.todo).toEqual([]);

  const job = await node.start(pod, "job", "for i in 1 2 3; do echo line $i; done; exit 3");
  await node.ok("wait", "job");
  const ended = await why("-n", "2", "job");
  expect(ended.containers).toMatchObject([
    { state: "stopped", exit: { code: 3, signal: null }, log: ["line 2", "line 3"] },
  ]);
  expect(ended.chain[0]).toMatch(/^Container job ended at \S+ with 3, by itself\.$/);
  expect(ended.todo).toContain(`read what it said: kpod logs --tail 100 ${job.id.slice(0, 13)}`);
  const text = await node.ok("why", "job");
  expect(text).toMatch(/\n\nThe end of the log of job:\n {2}line 1\n {2}line 2\n {2}line 3\n/);
  expect(text).toContain(`\nWhat to do:\n  read what it said: kpod logs --tail 100 ${job.id.slice(0, 13)}\n`);

  const all = await why("shop");
  expect(all.podState).toBe("Ready");
  expect(all.chain[0]).toBe("Pod shop is ready; 1 of its 2 containers run.");
  expect(all.containers.map(({ object }) => object.name).sort()).toEqual(["job", "web"]);
  await node.ok("rm", "job");
  expect((await node.refusal("why", "nobody")).length).toBeGreaterThan(0);
});

test("one that the kernel killed for want of memory: by which limit", async () => {
  const script = "while [ ! -e /tmp/go ]; do sleep 0.05; done; x=a; while :; do x=$x$x; done";
  const greedy = await node.start(pod, "greedy", script);
  await node.ok("update", "--memory", "16m", "--memory-swap", "16m", "greedy");
  await node.ok("exec", "greedy", "touch", "/tmp/go");
  await node.ok("wait", "greedy");
  const { containers, chain, todo } = await why("greedy");
  expect(containers).toMatchObject([
    {
      exit: { code: 137, signal: "KILL", oomKilled: true },
      memory: {
        limit: 16 * 1024 * 1024,
        of: "container",
        killed: [{ pid: greedy.state?.pid, name: "sh" }],
      },
    },
  ]);
  expect(chain[0]).toMatch(/with 137: the kernel killed it for want of memory\.$/);
  expect(chain[1]).toMatch(/^The cgroup is its own: \S+, with the limit of 16777216 bytes/);
  expect(chain[1]).toMatch(/ By the kernel's log sh \(\d+\) was killed at \S+Z\.$/);
  expect(todo[0]).toBe(
    `give it more memory, in its pod's spec; for now: kpod update --memory SIZE ${greedy.id.slice(0, 13)}`,
  );
  await node.ok("rm", "greedy");
});

test("what is at odds with it, and with what it stands on, is part of it", async () => {
  const lost = await node.start(pod, "lost", "sleep 1000");
  const monitor = conmonOf(lost);
  process.kill(monitor, "SIGKILL");
  await until("conmon has died", () => !isAlive({ pid: monitor }));
  const { root } = node.world;
  const layers = JSON.parse(readFileSync(join(root, "overlay-layers/layers.json"), "utf8")) as {
    id: string;
    parent?: string;
  }[];
  const parent = layers.find(({ id }) => id === lost.layerId)?.parent ?? "";
  const name = readFileSync(join(root, "overlay", parent, "link"), "utf8");
  const link = join(root, "overlay/l", name);
  rmSync(link);
  try {
    const { findings, chain, todo } = await why("lost");
    expect(findings.map(({ id, object }) => [id, object.id])).toEqual(
      expect.arrayContaining([
        ["proc.monitor-dead", lost.id],
        ["storage.link-lost", parent],
      ]),
    );
    expect(chain.join("\n")).toMatch(/proc\.monitor-dead: .*conmon-pidfile says \d+/);
    expect(todo).toContain(`kpod stop ${lost.id.slice(0, 13)}`);
    // What concerns others is not told.
    expect((await why("web")).findings.map(({ id }) => id)).toEqual(["storage.link-lost"]);
  } finally {
    symlinkSync(`../${parent}/diff`, link);
  }
  await node.ok("rm", "-f", "lost");
  expect((await why("web")).findings).toEqual([]);
});

test("who holds a lock of the store, and the cgroup that freezes it", async () => {
  const path = join(node.world.root, "overlay-layers/layers.lock");
  const locker = startLocker(path);
  expect(await locker.lock("posix", "write")).toBe(true);
  try {
    const { stdout } = await node.kpod("why", "--format", "json", "web");
    const { holders, chain, todo } = JSON.parse(stdout) as Shown;
    expect(holders).toEqual([
      { file: path, says: expect.stringContaining(`(${locker.pid}) holds`) as string },
    ]);
    expect(chain.at(-1)).toContain(`(${locker.pid}) holds the lock ${path}`);
    expect(todo).toEqual(["end what holds it"]);
  } finally {
    await locker.unlock("posix");
  }
  await node.ok("pause", "web");
  try {
    const { holders, chain } = await why("web");
    expect(holders).toEqual([{ file: expect.any(String) as string, says: expect.any(String) as string }]);
    expect(chain).toContain(`the cgroup ${holders[0]?.file ?? ""} is frozen: nothing in it goes on.`);
  } finally {
    await node.ok("unpause", "web");
  }
  expect((await why("web")).holders).toEqual([]);
});

// Where the kernel has no FUSE, nothing can be made to hang so.
(existsSync("/dev/fuse") ? test : test.skip)(
  "a process that hangs on a mount whose server does not answer, and what holds one that has ended",
  async () => {
    const { scratch } = node.world;
    const share = join(scratch, "share");
    mkdirSync(share);
    const server = spawn("perl", [join(__dirname, "../helpers/silent-fuse.pl"), share], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => server.once("exit", resolve));
    let said = "";
    server.stdout.on("data", (data: Buffer) => (said += data.toString()));
    let holder: ChildProcess | undefined;
    let killed: ChildProcess | undefined;
    try {
      await until("it is mounted", () => said.includes("mounted"));
      const stuck = await node.start(pod, "stuck", "cat /data/x & echo $! >/pid; wait; sleep 1000", {
        volumes: [{ hostPath: share, containerPath: "/data", readonly: false }],
      });
      await until("somebody waits", () => said.includes("waits"));
      const cat = hostPid(pidOf(stuck), "cat");
      // It waits where a signal reaches it, until there is one that it cannot bear.
      process.kill(cat, "SIGKILL");
      await until("it hangs", () => readProcessStat(cat)?.state === "D");
      const { chain, holders, findings, todo } = await why("stuck");
      expect(holders).toEqual([
        {
          file: `/proc/${cat}/stat`,
          says: `cat (${cat}) hangs in the kernel, and waits in request_wait_answer, perhaps on /data (fuse)`,
        },
      ]);
      expect(chain[1]).toContain("waits in request_wait_answer, perhaps on /data (fuse)");
      expect(findings.map(({ id }) => id)).toEqual(["proc.dstate"]);
      expect(todo).toEqual([`nsenter -m -t ${cat} umount -f /data`]);

      // Of a program that was killed a thread hangs: the first one has died.
      const script = `process.stdin.once("data", () => require("fs").readFile("${share}/y", () => {}))`;
      killed = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "ignore", "inherit"] });
      const first = killed.pid ?? 0;
      const gone = new Promise((resolve) => killed?.once("exit", resolve));
      for (const directory of cgroupDirectories(node.world.cgroupParent)) {
        if (basename(directory) === `crio-${stuck.id}`)
          writeFileSync(join(directory, "cgroup.procs"), String(first));
      }
      killed.stdin?.end("\n");
      await until("a thread waits", () => threadsOf(first).some((thread) => waitsForShare(thread)));
      killed.kill("SIGKILL");
      await until("it cannot end", () => readProcessStat(first)?.state === "Z");
      const both = await why("stuck");
      const hanging = both.holders.map(({ says }) => says.replace(/ hangs in the kernel.*/, ""));
      const [thread] = threadsOf(first).filter((each) => readProcessStat(Number(each))?.state === "D");
      expect(hanging).toHaveLength(2);
      expect(hanging).toContain(`cat (${cat})`);
      expect(hanging).toContainEqual(expect.stringContaining(` (${thread}), a thread of ${first},`));
      expect(both.findings.map(({ id }) => id)).toEqual(["proc.dstate", "proc.dstate"]);
      const told = both.findings.flatMap(({ evidence }) => evidence.map(({ says }) => says));
      expect(told).toContain("uses /data, a file system of type fuse from kpod-test");
      server.kill("SIGKILL");
      await gone;
      await ended;
      await until("it has ended", () => readProcessStat(cat) === undefined);
      unmount(share);

      // Somebody else has its file system mounted; where it is mounted for the store itself, that holds nothing.
      holder = spawn("unshare", ["-m", "--propagation", "private", "sh", "-c", "echo; exec sleep 1000"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      await new Promise((resolve) => holder?.stdout?.once("data", resolve));
      process.kill(pidOf(stuck), "SIGKILL");
      await node.ok("wait", "stuck");
      const held = (await why("stuck")).holders.filter(({ says }) => says.includes(stuck.layerId));
      expect(held).toContainEqual({
        file: `/proc/${holder.pid ?? 0}/mountinfo`,
        says: expect.stringMatching(/^sleep \(\d+\) still sees \S+\/merged mounted$/) as string,
      });
      const namespaces = held.map(({ file }) => mountNamespaceOf(Number(file.split("/")[2])));
      expect(namespaces).not.toContain(mountNamespaceOf("self"));
    } finally {
      server.kill("SIGKILL");
      await ended;
      killed?.kill("SIGKILL");
      if (isMountPoint(share)) unmount(share);
      holder?.kill("SIGKILL");
    }
    await node.ok("rm", "stuck");
  },
  120_000,
);

/** True for a thread that waits for the server of FUSE, whichever call it is in. */
function waitsForShare(thread: string): boolean {
  return /fuse|request_wait_answer/.test(readWaitChannel(Number(thread)));
}

/** The process of this name that the first process of a container has started, as the node sees it. */
function hostPid(first: number, name: string): number {
  const children = readFileSync(`/proc/${first}/task/${first}/children`, "utf8")
    .trim()
    .split(" ")
    .map(Number);
  return children.find((pid) => readCommandName(pid) === name) ?? 0;
}
