import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { KPOD } from "../helpers/kpod";
import { pidOf, useNode, usePod } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { expectToFit } from "../helpers/schemas";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

const users =
  "echo 'root:x:0:0::/:/bin/sh' > /etc/passwd; echo 'app:x:1000:1001::/:/bin/sh' >> /etc/passwd; ";
const groups = "echo 'staff:x:1001:' > /etc/group; ";

interface ProcessRow {
  container: string;
  pid: number;
  ppid: number;
  hpid: number;
  user: string;
  args: string;
  [descriptor: string]: string | number;
}

async function rows(...words: string[]): Promise<ProcessRow[]> {
  const value: unknown = JSON.parse(await node.ok("top", "--format", "json", ...words));
  expectToFit("top", value);
  return value as ProcessRow[];
}

/** Starts a container and waits until so many processes are in it, these programs among them. */
async function crowd(name: string, script: string, count: number, ...programs: string[]): Promise<Container> {
  const container = await node.start(pod, name, script);
  await until("all processes run", async () => {
    const running = (await rows(name, "args")).map(({ args }) => args);
    return running.length === count && programs.every((program) => running.includes(program));
  });
  return container;
}

test("processes have the pids, parents and names of the container, and the node's beside them", async () => {
  const script = `${users}${groups}su app -s /bin/sh -c 'exec sleep 1000' & exec sleep 2000`;
  const container = await crowd("web", script, 2, "sleep 1000", "sleep 2000");
  const [first, second] = await rows(
    ...["web", "pid", "ppid", "hpid", "user", "group", "huser", "args,comm", "seccomp", "capeff", "state"],
  );
  expect(first).toMatchObject({
    ...{ container: container.id, pid: 1, ppid: 0, hpid: pidOf(container), user: "root", args: "sleep 2000" },
    ...{ comm: "sleep", state: "S" },
  });
  expect(second).toMatchObject({ ppid: 1, user: "app", group: "staff", args: "sleep 1000", capeff: "none" });
  // Who 1000 is on this node is the node's own affair.
  const own = /^([^:]*):[^:]*:1000:/m.exec(readFileSync("/etc/passwd", "utf8"))?.[1] ?? "1000";
  expect(second?.huser).toBe(own);
  const status = readFileSync(`/proc/${second?.hpid ?? 0}/status`, "utf8");
  expect(/^NSpid:.*\t(\d+)$/m.exec(status)?.[1]).toBe(String(second?.pid));
});

test("the table has podman's columns; a pod's has the container before them", async () => {
  const container = await crowd("plain", "exec sleep 3000", 1, "sleep 3000");
  expect((await node.ok("top", "plain")).split("\n")[0]).toMatch(
    /^USER +PID +PPID +%CPU +ELAPSED +TTY +TIME +COMMAND$/,
  );
  expect(await node.ok("top", container.id, "args", "hpid")).toBe(
    `COMMAND      HPID\nsleep 3000   ${pidOf(container)}\n`,
  );
  expect(await node.ok("top", "--pod", "shop", "args")).toContain("\nplain       sleep 3000\n");
});

test("there are all columns that podman has, each with a value", async () => {
  const { stdout } = await runProcess("podman", ["top", "--help"]);
  const podmans = /Format Descriptors:\s+(\S+)/.exec(stdout)?.[1]?.split(",") ?? [];
  expect(podmans).toContain("seccomp");
  const own = (await node.ok("top", "--list-descriptors")).trim().split("\n");
  expect(own).toEqual(expect.arrayContaining(podmans));
  await crowd("whole", "exec sleep 1000", 1, "sleep 1000");
  const [row] = await rows("whole", ...own);
  expect(row).toMatchObject({
    capamb: "none",
    seccomp: "filter",
    state: "S",
    user: "root",
    stime: expect.stringMatching(/^20/) as string,
  });
  expect(Number(row?.rss)).toBeGreaterThan(0);
  expect(Object.keys(row ?? {})).toEqual(["container", ...own]);
});

test("watched on a terminal, what comes and ends shows", async () => {
  await node.start(pod, "moving", "sleep 4444 & wait; exec sleep 5555");
  const words = ["-c", node.world.config, "top", "-w", "0.1", "--pod", "shop", "args"];
  const watch = await startInPty(KPOD, words, { env: { NO_COLOR: "1" } });
  await until("it shows", () => watch.output().includes("sleep 4444"));
  const [, child] = await rows("moving", "pid");
  await node.ok("exec", "moving", "kill", String(child?.pid));
  await until("it shows the other", () => watch.output().includes("sleep 5555"));
  watch.type("\x03");
  expect(await watch.ended).toBe(130);
});

test("what a container says cannot lead kpod astray", async () => {
  const script = [
    "mkdir -p /etc; rm -f /etc/passwd /etc/group; mkfifo /etc/passwd",
    "ln -s /proc/self/fd/0 /etc/group",
    String.raw`exec sh -c "$(printf 'sleep 1000; : a\033[31mb\nroot')"`,
  ].join("; ");
  await crowd("liar", script, 2, "sleep 1000");
  const [first] = await rows("liar", "user", "group", "args");
  expect([first?.user, first?.group]).toEqual(["0", "0"]);
  const table = await node.ok("top", "liar", "args");
  expect(table).not.toContain("\x1b");
  expect(table.split("\n")).toHaveLength(4);
});

test("paused and created ones are listed, and nothing is thawed or started for it", async () => {
  await crowd("frozen", "exec sleep 1000", 1, "sleep 1000");
  await node.ok("pause", "frozen");
  expect(await rows("frozen", "pid", "args")).toMatchObject([{ pid: 1, args: "sleep 1000" }]);
  expect(await node.ok("ps", "-q", "-f", "status=paused")).not.toBe("");
  await node.ok("unpause", "frozen");
  const made = await node.create(pod, "made", "sleep 1000");
  expect(await rows("made", "pid")).toMatchObject([{ container: made.id, pid: 1 }]);
});

test("ps shows the processes of a pod as a tree", async () => {
  const pod = await node.pod("grove");
  const tree = await node.start(pod, "tree", "sh -c 'sleep 4001 & exec sleep 4002' & exec sleep 4003");
  const shape = async (): Promise<string> =>
    (await node.ok("ps", "--pid-tree", "-f", "pod=grove")).replace(/(─ )\d+ /g, "$1PID ");
  const wanted = [
    "default/grove",
    `└─ tree (${tree.id.slice(0, 13)})`,
    "   └─ PID sleep 4003",
    "      └─ PID sleep 4002",
    "         └─ PID sleep 4001",
    "",
  ].join("\n");
  await until("all processes run", async () => (await shape()) === wanted);
  expect(await node.ok("ps", "--pid-tree", "-f", "pod=grove")).toContain(`${pidOf(tree)} sleep 4003`);
  await node.ok("pod", "rm", "-f", "grove");
});

test("bad input is one line", async () => {
  const ended = await node.start(pod, "ended", "exit 0");
  await node.ok("wait", "ended");
  expect(existsSync(join(ended.dir, "config.json"))).toBe(true);
  expect(await node.refusal("top", "ended")).toBe(
    `cannot show the processes of container ${ended.id}: it is not running`,
  );
  expect(await node.refusal("top", "nobody")).toContain("nobody");
  const unknown = await node.kpod("top", "web", "pod");
  expect([unknown.exitCode, unknown.stderr.split("\n")[0]]).toEqual([
    2,
    expect.stringMatching(/^Error: unknown descriptor "pod": there are args, capamb, capbnd, /),
  ]);
  const none = await node.kpod("top");
  expect([none.exitCode, none.stderr.split("\n")[0]]).toEqual([
    2,
    "Error: name a container, or a pod with --pod",
  ]);
  expect((await node.ok("top", "--list-descriptors")).split("\n")).toContain("hpid");
  await node.agree();
});
