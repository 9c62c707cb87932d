import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startContainer } from "../../src/lib/launch/create";
import { createEventLooker } from "../../src/lib/operations/event-look";
import { removeContainer } from "../../src/lib/operations/remove";
import { eventJournalFiles } from "../../src/lib/events/journal";
import { isAlive } from "../../src/lib/system/process";
import { identifyProcess } from "../../src/lib/system/process-identity";
import { kpodCommand } from "../helpers/kpod";
import { conmonOf, pidOf, useNode, usePod, type Node } from "../helpers/node";
import { runProcess, startProcess } from "../helpers/process";
import { expectToFit, keysNeverSeen } from "../helpers/schemas";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

interface Told {
  readonly ID: string;
  readonly Name?: string;
  readonly Status: string;
  readonly Type: string;
  readonly timeNano: number;
  readonly ContainerExitCode?: number;
  readonly Attributes?: Readonly<Record<string, string>>;
}

/** A kpod that tells events. */
interface Reader {
  readonly child: ChildProcessWithoutNullStreams;
  readonly told: () => Told[];
  readonly stderr: () => string;
  /** Asks it to end. @returns its exit code */
  readonly end: () => Promise<number | null>;
}

const readers: Reader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.end();
});

function reading(child: ChildProcessWithoutNullStreams): Reader {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const reader: Reader = {
    child,
    told: () => parse(output.stdout),
    stderr: () => output.stderr,
    end: () => {
      child.kill("SIGINT");
      return closed;
    },
  };
  readers.push(reader);
  return reader;
}

function parse(text: string): Told[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = whole.split("\n").slice(0, -1);
  return lines.map((line) => {
    const event = JSON.parse(line) as Told;
    expectToFit("events", event);
    return event;
  });
}

/** Starts readers, and waits until each tells what happens. */
async function startReaders(...children: ChildProcessWithoutNullStreams[]): Promise<Reader[]> {
  const started = children.map(reading);
  const { server } = await node.openServer();
  let probe = 0;
  for (const reader of started) {
    await until("the reader tells what happens", async () => {
      if (reader.told().some(({ Status }) => Status === "tag")) return true;
      await server.storageImageServer.tagImage("busybox", [`probe:${probe++}`]);
      await sleep(250);
      return false;
    });
  }
  return started;
}

function start(...flags: string[]): ChildProcessWithoutNullStreams {
  return node.world.startKpod(["events", "--json", ...flags]);
}

/** A kpod whose user has no inotify left. */
function startWithoutInotify(...flags: string[]): ChildProcessWithoutNullStreams {
  const script = 'echo 0 > /proc/sys/user/max_inotify_instances; exec "$@"';
  const words = [...kpodCommand, "--config", node.world.config, "events", "--json", ...flags];
  return startProcess("unshare", ["--user", "--map-root-user", "sh", "-c", script, "sh", ...words]);
}

/** What was told of one thing, in order. */
function statusesOf(told: readonly Told[], id: string): string[] {
  return told
    .filter(({ ID }) => ID === id)
    .map(({ Status, ContainerExitCode: code }) => (code === undefined ? Status : `${Status} ${code}`));
}

async function past(of: Node, ...flags: string[]): Promise<Told[]> {
  return parse(await of.ok("events", "--no-stream", "--json", ...flags));
}

test("ten containers side by side: each event once, in order, for two readers and one without inotify", async () => {
  const readers = await startReaders(start(), start(), startWithoutInotify());
  const crunPod = await node.pod("crun", { runtimeHandler: "crun" });
  const endless = "x=a; while :; do x=$x$x; done";
  const one = async (index: number): Promise<[string, string[]]> => {
    const isKilled = index < 5;
    const [script, limits] = isKilled ? ["sleep 1000", {}] : [endless, { memory: 16 * 1024 * 1024 }];
    const inPod = index % 2 === 0 ? pod : crunPod;
    const container = await node.create(inPod, `many-${index}`, script, { limits });
    // With ten at once, a runtime may take its time.
    const { server } = await node.openServer({ runtimeLimits: { callMs: 60_000 } });
    await server.updateRecords();
    await startContainer(server, server.lookupContainer(container.id));
    if (isKilled) await server.containerKill(container.id, 9);
    else expect(await server.containerWait(container.id)).toBe(137);
    await removeContainer(server, server.lookupContainer(container.id), false);
    const way = isKilled ? ["kill"] : ["oom"];
    return [container.id, ["create", "start", ...way, "died 137", "remove"]];
  };
  const wanted = await Promise.all(Array.from({ length: 10 }, (_, index) => one(index)));
  await node.ok("pod", "rm", "-f", "crun");
  for (const reader of readers) {
    await until("the reader tells that the pod is gone", () =>
      statusesOf(reader.told(), crunPod.id).includes("remove"),
    );
    const told = reader.told();
    for (const [id, statuses] of wanted) expect([id, statusesOf(told, id)]).toEqual([id, statuses]);
    expect(statusesOf(told, crunPod.id)).toEqual(["create", "start", "stop", "remove"]);
    const killed = told.find(({ Status }) => Status === "kill");
    expect(killed?.Attributes).toMatchObject({
      signal: "9",
      "io.kubernetes.pod.uid": expect.any(String) as string,
    });
  }
  const [first, second, slow] = readers;
  // On a machine that is busy they may say that they wait for a lock.
  const warned = [first, second, slow].map(
    (reader) => reader?.stderr().match(/the limits of inotify/g)?.length ?? 0,
  );
  expect(warned).toEqual([0, 0, 1]);
  expect(await first?.end()).toBe(130);
  const known = await past(node);
  for (const [id, statuses] of wanted) expect([id, statusesOf(known, id)]).toEqual([id, statuses]);
});

test("what kpod does, and what others do behind its back", async () => {
  const [reader] = await startReaders(start());
  const told = (id: string): string[] => statusesOf(reader?.told() ?? [], id);
  const { id } = await node.start(pod, "one", "trap 'exit 3' TERM; sleep 1000 & wait");
  await node.ok("pause", id);
  await node.ok("unpause", id);
  await node.kpod("exec", id, "sh", "-c", "exit 7");
  await node.ok("rename", id, "two");
  await node.ok("kill", "-s", "CONT", id);
  await node.ok("stop", id);
  await node.ok("restart", "-t", "0", id);
  const byKpod = [
    "create",
    "start",
    "pause",
    "unpause",
    "exec",
    "exec_died 7",
    "rename",
    "kill",
    "died 3",
    "stop",
  ];
  await until("the reader tells of the restart", () => told(id).length > byKpod.length);
  expect(told(id)).toEqual([...byKpod, "start"]);
  expect(reader?.told().find(({ Status }) => Status === "rename")).toMatchObject({
    Name: "two",
    Attributes: { oldName: expect.stringMatching(/^k8s_one_/) as string },
  });
  expect(reader?.told().findLast(({ Status }) => Status === "died")).toMatchObject({
    Attributes: { "io.kubernetes.container.name": "two" },
  });
  await node.world.runc(["pause", id]);
  await until("the reader tells that it is frozen", () => told(id).at(-1) === "pause");
  await node.world.runc(["resume", id]);
  await until("the reader tells that it is thawed", () => told(id).at(-1) === "unpause");
  await node.world.runc(["kill", id, "KILL"]);
  await until("the reader tells its end", () => told(id).at(-1) === "died 137");
  const lost = await node.start(pod, "lost", "sleep 1000");
  process.kill(conmonOf(lost), "SIGKILL");
  await until("the reader tells that its conmon is dead", () => told(lost.id).includes("conmon_died"));
  await node.ok("rm", "-f", id, lost.id);
  await until("the reader tells that both are removed", () => told(lost.id).at(-1) === "remove");
  expect(told(id)).toEqual([...byKpod, "start", "pause", "unpause", "died 137", "remove"]);
  expect(told(lost.id)).toEqual(["create", "start", "conmon_died", "died 137", "remove"]);
  // What was done by kpod is known afterwards, too, and what records told.
  expect(statusesOf(await past(node), id)).toEqual([...byKpod, "start", "died 137", "remove"]);
});

test("a conmon that is dead before its container is looked at for the first time, and one that is so of old", async () => {
  const past = await node.start(pod, "past", "sleep 1000");
  process.kill(conmonOf(past), "SIGKILL");
  // The second may not look into processes of the node.
  const readers = await startReaders(start(), startWithoutInotify());
  for (const { child } of readers) child.kill("SIGSTOP");
  const lost = await node.start(pod, "early", "sleep 1000");
  process.kill(conmonOf(lost), "SIGKILL");
  for (const { child } of readers) child.kill("SIGCONT");
  const untilTold = (id: string, status: string): Promise<void> =>
    until(`both readers tell ${status}`, () =>
      readers.every(({ told }) => statusesOf(told(), id).includes(status)),
    );
  await untilTold(lost.id, "conmon_died");
  await node.ok("rm", "-f", lost.id, past.id);
  await untilTold(past.id, "remove");
  for (const { told } of readers) {
    expect(statusesOf(told(), lost.id)).toEqual(["create", "start", "conmon_died", "died 137", "remove"]);
    expect(statusesOf(told(), past.id)).toEqual(["died 137", "remove"]);
  }
});

test("a conmon that one look does not find is looked for again at once, and is dead then", async () => {
  const looker = createEventLooker((await node.openServer()).server);
  const lost = await node.start(pod, "twice", "sleep 1000");
  const seen = async (): Promise<[number | undefined, boolean]> => {
    const { things } = await looker.look();
    return [things.get(lost.id)?.deadMonitor, looker.isSettled()];
  };
  expect(await seen()).toEqual([0, true]);
  const monitor = identifyProcess(conmonOf(lost));
  process.kill(conmonOf(lost), "SIGKILL");
  await until("its conmon is dead", () => monitor !== undefined && !isAlive(monitor));
  expect(await seen()).toEqual([0, false]);
  expect(await seen()).toEqual([conmonOf(lost), true]);
  expect(await seen()).toEqual([conmonOf(lost), true]);
  await node.ok("rm", "-f", lost.id);
});

test("an end that a further start has removed is known, also where no conmon wrote it down", async () => {
  const { id } = await node.start(pod, "again", "exit 5");
  await node.ok("wait", id);
  await node.ok("start", id);
  await node.ok("wait", id);
  await node.ok("rm", id);
  const lost = await node.start(pod, "unseen", "sleep 1000");
  process.kill(conmonOf(lost), "SIGKILL");
  process.kill(pidOf(lost), "SIGKILL");
  await until("it has ended", async () => !(await node.ok("ps", "-q", "--no-trunc")).includes(lost.id));
  await node.ok("start", lost.id);
  await node.ok("rm", "-f", lost.id);
  const known = await past(node);
  expect(statusesOf(known, id)).toEqual(["create", "start", "died 5", "start", "died 5", "remove"]);
  expect(statusesOf(known, lost.id)).toEqual(["create", "start", "died 255", "start", "died 137", "remove"]);
});

test("images", async () => {
  const since = String(Date.now() / 1000);
  const [reader] = await startReaders(start("--filter", "type=image"));
  await node.ok("tag", "busybox", "other:1");
  await node.ok("untag", "busybox", "other:1");
  await node.ok("tag", "busybox", "other:2");
  await node.ok("rmi", "other:2");
  const names = (told: readonly Told[]): string[] =>
    told.flatMap(({ Status, Name = "" }) => (Name.includes("other") ? [`${Status} ${Name}`] : []));
  const wanted = ["tag", "untag"].map((status) => `${status} localhost/other:1`);
  wanted.push(...["tag", "untag"].map((status) => `${status} localhost/other:2`));
  await until("the reader tells of the last", () => names(reader?.told() ?? []).length >= wanted.length);
  expect(names(reader?.told() ?? [])).toEqual(wanted);
  expect(names(await past(node, "--since", since))).toEqual(wanted);
  const archive = join(node.world.scratch, "busybox.tar");
  await node.ok("save", "-q", "-o", archive, "busybox");
  await node.ok("load", "-q", "-i", archive, "--tag", "localhost/other:3");
  const loaded = [...wanted, "loadfromarchive localhost/other:3"];
  await until(
    "the reader tells that it was loaded",
    () => names(reader?.told() ?? []).length >= loaded.length,
  );
  expect(names(reader?.told() ?? [])).toEqual(loaded);
});

test("filters, times and forms of output", async () => {
  const before = new Date().toISOString();
  const { id } = await node.start(pod, "brief", "exit 5");
  await node.ok("wait", id);
  await node.ok("rm", id);
  const all = ["create", "start", "died 5", "remove"];
  const filters = [["container=brief"], [`container=${id.slice(0, 12)}`], ["pod=shop"], ["image=busybox"]];
  for (const filter of filters) {
    const words = ["--since", before, ...filter.flatMap((term) => ["-f", term])];
    expect([filter, statusesOf(await past(node, ...words), id)]).toEqual([filter, all]);
  }
  const ends = await past(
    node,
    "-f",
    "event=die",
    "-f",
    "event=remove",
    "-f",
    "label=io.kubernetes.container.name=brief",
  );
  expect(statusesOf(ends, id)).toEqual(["died 5", "remove"]);
  expect(await past(node, "-f", "container=nobody")).toEqual([]);
  expect(await past(node, "--until", before, "-f", "container=brief")).toEqual([]);
  // One that is to end ends by itself.
  expect(
    await node.ok("events", "--until", "200ms", "-f", "container=brief", "--format", "{{.Status}} {{.Name}}"),
  ).toMatch(/^create k8s_brief_\S+\nstart k8s_brief_\S+\ndied k8s_brief_\S+\nremove k8s_brief_\S+\n$/);
  expect(await node.ok("events", "--no-stream", "-f", "container=brief", "-f", "event=died")).toMatch(
    new RegExp(
      `^\\d{4}-\\d\\d-\\d\\d [\\d:.]{12} [+-]\\d{4} \\S+ container died ${id} \\(image=\\S+, name=k8s_brief_\\S+, ` +
        `pod_id=${pod.id}, exitCode=5, io.kubernetes.container.name=brief, .*\\)\\n$`,
    ),
  );
  expect(await node.kpod("events", "--since", "yesterday")).toMatchObject({ exitCode: 2, stdout: "" });
  expect(await node.refusal("events", "-f", "event=explode")).toMatch(
    /^invalid filter "event=explode": its value must be /,
  );
  expect(keysNeverSeen("events")).toEqual([]);
});

test("who reads no more ends it", async () => {
  const command = [...kpodCommand, "--config", node.world.config, "events", "--since", "1h"];
  const { stdout, stderr } = await runProcess("sh", ["-c", '"$@" | head -n 1', "sh", ...command]);
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toHaveLength(2);
});

describe("the journal of changes", () => {
  const { current } = { current: (): string => eventJournalFiles(node.world.runRoot).current };

  test("is written by changes alone", async () => {
    const size = (): number => statSync(current()).size;
    const before = size();
    for (const look of [["ps", "-a"], ["images"], ["events", "--no-stream"]]) await node.ok(...look);
    expect(size()).toBe(before);
  });

  test("may hold anything", async () => {
    const id = "e".repeat(64);
    const hostile = {
      time: 1e3,
      type: "container",
      status: "start",
      id,
      name: "\u001b[2J",
      labels: { a: 1 },
    };
    const lines = [
      "{",
      "null",
      JSON.stringify({ ...hostile, id: "../../etc" }),
      JSON.stringify(hostile),
      '{"torn":',
    ];
    appendFileSync(current(), lines.join("\n"));
    const { id: made } = await node.create(pod, "after", "true");
    await node.ok("rm", made);
    expect(statusesOf(await past(node), made)).toEqual(["create", "remove"]);
    expect(await node.ok("events", "--no-stream", "-f", `container=${id}`)).toContain("name=\\x1b[2J");
  });

  test("is no condition of a change", async () => {
    rmSync(current());
    mkdirSync(current());
    const { id } = await node.create(pod, "unnoted", "true");
    const { exitCode, stdout, stderr } = await node.kpod("rm", id);
    expect([exitCode, stdout]).toEqual([0, `${id}\n`]);
    expect(stderr).toMatch(/^Warning: who watches events may miss this one: .*kpod-events\.jsonl.*\n$/);
    rmSync(current(), { recursive: true });
    // Of one whose exit file cannot be read, and its state with it.
    const { id: ended, dir } = await node.start(pod, "unread", "exit 3");
    await node.ok("wait", ended);
    await node.ok("stop", ended);
    rmSync(join(dir, "exit"));
    mkdirSync(join(dir, "exit"));
    expect((await node.kpod("rm", "-f", ended)).exitCode).toBe(0);
    await node.ok("tag", "busybox", "again:1");
    expect(readFileSync(join(node.world.runRoot, "kpod-events.jsonl"), "utf8")).toContain(
      "localhost/again:1",
    );
  });
});
