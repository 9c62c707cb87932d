import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { testImages } from "../helpers/images";
import { KPOD, isExecutable } from "../helpers/kpod";
import { persistImageById, useNode } from "../helpers/node";
import { runProcess, succeeded } from "../helpers/process";

/** What a call of kpod has cost, counted: how long that takes is for the benchmark to say. */
interface Costs {
  /** Paths, in the order in which they were opened. */
  readonly opened: readonly string[];
  /** Paths that were opened or looked at, in the order in which they were. */
  readonly looked: readonly string[];
  /** Programs that were started. */
  readonly started: readonly string[];
  /** Node's own modules, beyond those that every program has; those of the executable cannot be seen. */
  readonly modules: readonly string[];
}

const node = useNode();
const ids: string[] = [];
let podId = "";

async function costsOf(...args: string[]): Promise<Costs> {
  const { world } = node;
  const env = { KPOD_COSTS: join(world.scratch, "modules.json"), CONTAINER_CONFIG: world.config };
  const hook = join(__dirname, "../helpers/costs.cjs");
  const trace = join(world.scratch, "trace");
  const run = (...before: string[]) => {
    const call = isExecutable ? [KPOD] : [process.execPath, "--require", hook, KPOD];
    const [program = "", ...words] = [...before, ...call, ...args];
    return runProcess(program, words, { env });
  };
  const looks = "?access,?faccessat,?faccessat2,?stat,?lstat,?newfstatat,?statx,?readlink,?readlinkat";
  const calls = [
    `--trace=?open,openat,execve,${looks}`,
    "--string-limit=4096",
    "--follow-forks",
    `--output=${trace}`,
  ];
  succeeded(await run("strace", ...calls), `strace kpod ${args.join(" ")}`);
  const lines = readFileSync(trace, "utf8").split("\n");
  const paths = (call: RegExp): string[] => lines.flatMap((line) => call.exec(line)?.[1] ?? []);
  return {
    opened: paths(/ open(?:at)?\((?:[\w]+, )?"([^"]*)"/),
    looked: paths(/ \w+\((?:[\w]+, )?"([^"]+)"/),
    // The first one is node or kpod itself.
    started: paths(/ execve\("([^"]*)".* = 0$/).slice(1),
    modules: isExecutable ? [] : (JSON.parse(readFileSync(env.KPOD_COSTS, "utf8")) as string[]),
  };
}

beforeAll(async () => {
  const pod = await node.pod("shop");
  podId = pod.id;
  for (const name of ["one", "two", "three"]) ids.push((await node.start(pod, name, "sleep 1000")).id);
  const { id } = await node.start(pod, "ended", "exit 3");
  ids.push(id);
  // As CRI-O does when it sees a container end, this notes the end in its state.json.
  await node.ok("stop", id);
}, 120_000);

afterAll(() => node.world.destroy(), 120_000);

/** The files of dist/ that were opened; the executable holds them all. */
const bundles = ({ opened }: Costs): string[] => [
  ...new Set(opened.flatMap((path) => /\/dist\/(.*)\.cjs$/.exec(path)?.[1] ?? [])),
];
const opensOnly = (...names: string[]): string[] => (isExecutable ? [] : names);
const filesOf = ({ opened }: Costs, id: string | undefined): string[] =>
  opened.filter((path) => id !== undefined && path.includes(id)).map((path) => basename(path));

test("ps loads no library, and nothing of node that takes long to load", async () => {
  const costs = await costsOf("ps");
  expect(bundles(costs)).toEqual(opensOnly("kpod"));
  const quick = ["os", "process", "timers/promises", "vm"];
  expect(costs.modules.filter((name) => !quick.includes(name))).toEqual([]);
});

test("ps starts no process: no runtime is asked", async () => {
  const costs = await costsOf("ps");
  expect(costs.started).toEqual([]);
  expect(costs.modules).not.toContain("child_process");
  expect((await costsOf("ps", "-a")).started).toEqual([]);
});

test("ps opens a container's files once, and of one that has ended neither the runtime's nor its exit file", async () => {
  const costs = await costsOf("ps", "-a");
  expect(filesOf(costs, ids[0]).sort()).toEqual(["config.json", "state.json", "state.json"]);
  expect(filesOf(costs, ids[3]).sort()).toEqual(["config.json", "state.json"]);
  const records = costs.opened.filter((path) => path.endsWith("/containers.json"));
  expect(records).toHaveLength(1);
});

test("ps looks at two files of a container that has ended, and of one that runs at the runtime's two besides", async () => {
  const { looked } = await costsOf("ps", "-a");
  const looksAt = (id = ""): string[] =>
    looked.filter((path) => path.includes(id)).map((path) => basename(path));
  expect(looksAt(ids[3]).sort()).toEqual(["config.json", "state.json"]);
  const ofRuntime = ["exec.fifo", "state.json", "state.json"];
  expect(looksAt(ids[0]).sort()).toEqual(["config.json", ...ofRuntime, "state.json"]);
});

test("ps lists where runtimes keep their state once, and looks there for none that has ended", async () => {
  const root = node.world.runtimeRoots.runc;
  const [, , , ended = ""] = ids;
  const path = join(node.world.root, "overlay-containers", ended, "userdata/state.json");
  const before = readFileSync(path, "utf8");
  succeeded(await runProcess("runc", ["--root", root, "delete", ended]), "runc delete");
  // CRI-O up to 1.17 did not persist which process it was.
  const { initPid, initStartTime, ...rest } = JSON.parse(before) as Record<string, unknown>;
  expect([typeof initPid, typeof initStartTime]).toEqual(["number", "string"]);
  writeFileSync(path, JSON.stringify(rest));
  const { opened, looked } = await costsOf("ps", "-a");
  expect(opened.filter((each) => each === root)).toHaveLength(1);
  expect(looked.filter((each) => each.startsWith(`${root}/${ended}`))).toEqual([]);
  writeFileSync(path, before);
});

test("ps -q reads no spec, and with -a no state either", async () => {
  expect(filesOf(await costsOf("ps", "-q"), ids[0])).not.toContain("config.json");
  expect(filesOf(await costsOf("ps", "-aq"), ids[0])).toEqual([]);
});

test("ps leaves pods alone but for the ports that lead to them, which it looks for once", async () => {
  const costs = await costsOf("ps");
  expect(filesOf(costs, podId)).toEqual(["config.json"]);
});

test("ps reads which images there are where a container has no name of its image", async () => {
  const imagesIn = ({ opened }: Costs): string[] => opened.filter((path) => path.endsWith("/images.json"));
  for (const args of [[], ["-a"], ["-q"], ["--format", "json"]]) {
    expect(imagesIn(await costsOf("ps", ...args))).toEqual([]);
  }
  const image = testImages().busybox.id;
  const id = (await node.ok("run", "-d", "--pod", "shop", "--name", "by-id", image, "sleep", "1000")).trim();
  persistImageById(node.world, id, "localhost/busybox:latest", image);
  expect(imagesIn(await costsOf("ps"))).toHaveLength(1);
  for (const args of [["-q"], ["--ns"], ["--format", "{{.ID}}"], ["--filter", `id=${ids[0] ?? ""}`]]) {
    expect(imagesIn(await costsOf("ps", ...args))).toEqual([]);
  }
  await node.ok("rm", "-f", id);
});

test("inspect looks at the container that is meant alone", async () => {
  const costs = await costsOf("inspect", ids[0] ?? "");
  expect(filesOf(costs, ids[0])).toContain("config.json");
  for (const other of ids.slice(1)) expect(filesOf(costs, other)).toEqual([]);
});

test("a shell's question is answered from the records, without the parser", async () => {
  const costs = await costsOf("__complete", "stop", "");
  expect(bundles(costs)).toEqual(opensOnly("kpod"));
  expect(costs.modules).not.toContain("child_process");
});
