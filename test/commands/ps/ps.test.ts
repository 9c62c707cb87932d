import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../../../src/program/execute";
import { commands } from "../../../src/program/command-list";
import { command as podPs } from "../../../src/commands/pod/ps/command";
import { command as ps } from "../../../src/commands/ps/command";
import { containerJson } from "../../../src/commands/ps/json";
import { containerTable } from "../../../src/commands/ps/table";
import { templateContainer } from "../../../src/commands/ps/template";
import { statusText } from "../../../src/commands/ps/row";
import { templatePod } from "../../../src/commands/pod/ps/template";
import { openPsOutput, type PsOutputFlags } from "../../../src/commands/ps/output";
import { containerSortKeys, selectContainers, sortContainers } from "../../../src/commands/ps/selection";
import { openListing, openTableStyle, type Listing } from "../../../src/commands/shared/listing";
import type { ContainerState } from "../../../src/lib/oci/state/container-state";
import { containerFilterKeys, parseContainerFilters } from "../../../src/lib/operations/filter-containers";
import { sandboxFilterKeys } from "../../../src/lib/operations/filter-sandboxes";
import { bufferTerminal } from "../../helpers/buffer-terminal";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir, writeTree } from "../../helpers/testdir";

const shop: TestPod = {
  id: testId("shop", "aa"),
  name: "shop",
  namespace: "sales",
  uid: "u1",
  labels: { app: "shop" },
  annotations: {
    "io.kubernetes.cri-o.PortMappings": JSON.stringify([
      { Protocol: "TCP", ContainerPort: 80, HostPort: 8080, HostIP: "" },
      { Protocol: "UDP", ContainerPort: 53, HostPort: 0, HostIP: "" },
    ]),
  },
};
const created = (second: number) => `2026-11-23T12:00:${String(second).padStart(2, "0")}Z`;
const web: TestContainer = {
  id: testId("web", "c1"),
  pod: shop,
  name: "web",
  created: created(0),
  labels: { a: "1", b: "2" },
};
const job: TestContainer = { id: testId("job", "c2"), pod: shop, name: "job", created: created(10) };
const sick: TestContainer = { id: testId("sick", "c3"), pod: shop, name: "sick", created: created(20) };
const fresh: TestContainer = { id: testId("fresh", "c4"), pod: shop, name: "fresh", created: created(30) };

const blank: ContainerState = {
  ociVersion: "1.0.2",
  id: "",
  status: "unknown",
  pid: 0,
  bundle: "",
  annotations: {},
  oomKilled: false,
  error: "",
};
const at = (second: number) => new Date(Date.parse(created(0)) + second * 1000);
const now = at(120).getTime();

let directory: string;
let node: TestServer;
let source: Listing;

const usual: PsOutputFlags = {
  quiet: false,
  noTrunc: false,
  format: undefined,
  watch: undefined,
  pod: false,
  size: false,
  namespace: false,
  noheading: false,
};

async function printed(flags: Partial<PsOutputFlags>, terminal = bufferTerminal()): Promise<string> {
  const output = await openPsOutput({ ...usual, ...flags }, terminal);
  return output.text({ ...source, noTrunc: flags.noTrunc ?? false }, node.server.listContainers());
}

beforeAll(async () => {
  directory = testdir(storeTree([shop], [web, job, sick, fresh]));
  const userdata = (id: string) => join(directory, `root/overlay-containers/${id}/userdata/config.json`);
  const spec = {
    annotations: { "io.kubernetes.cri-o.Labels": '{"a":"1","b":"2"}' },
    process: { args: ["sh", "-c", "while true; do\nsleep 1; \x1b[2J done"] },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/data", type: "bind", source: "/srv/data", options: ["rbind", "ro"] },
      { destination: "/etc/hosts", type: "bind", source: "/run/hosts" },
    ],
  };
  writeFileSync(userdata(web.id), JSON.stringify(spec));
  writeFileSync(userdata(sick.id), "{ broken");
  node = testServer(directory);
  await node.server.updateRecords();
  const states: Readonly<Record<string, Partial<ContainerState>>> = {
    web: { status: "running", pid: process.pid, started: at(60) },
    job: { status: "stopped", pid: 0, started: at(15), finished: at(45), exitCode: 3 },
    fresh: { status: "created", pid: process.pid },
  };
  for (const container of node.server.listContainers()) {
    const state = states[container.metadata.name];
    container.state = state === undefined ? undefined : { ...blank, ...state };
  }
  source = { ...openListing(node.server, { logger: node.logger, noTrunc: false }), now };
});

describe("status", () => {
  const status = (state: Partial<ContainerState> | undefined) =>
    statusText(state === undefined ? undefined : { ...blank, ...state }, now);

  test.each([
    [{ status: "created" }, "Created"],
    [{ status: "running", started: at(0) }, "Up 2 minutes"],
    [{ status: "running", created: at(100) }, "Up 20 seconds"],
    [{ status: "running" }, "Up"],
    [{ status: "paused", started: at(0) }, "Up 2 minutes (Paused)"],
    [{ status: "stopped", exitCode: 3, finished: at(115) }, "Exited (3) 5 seconds ago"],
    [{ status: "stopped", exitCode: 0, finished: at(60) }, "Exited (0) About a minute ago"],
    [
      { status: "stopped", exitCode: 137, oomKilled: true, finished: at(115) },
      "Exited (137) 5 seconds ago (OOMKilled)",
    ],
    [{ status: "stopped" }, "Exited (?)"],
    [{ status: "unknown" }, "Unknown"],
    [undefined, "Unknown"],
  ] as const)("%j", (state, expected) => {
    expect(status(state)).toBe(expected);
  });
});

describe("the table", () => {
  const name = (short: string) => `k8s_${short}_shop_sales_u1_0`;
  const ports = "0.0.0.0:8080->80/tcp, 53/udp";

  test("has the usual columns; what cannot be read stays empty", async () => {
    const lines = (await printed({})).split("\n").map((line) => line.split(/ {3,}/));
    expect(lines).toEqual([
      ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"],
      [
        fresh.id.slice(0, 13),
        "localhost/busybox:latest",
        "About a minute ago",
        "Created",
        ports,
        name("fresh"),
      ],
      [
        sick.id.slice(0, 13),
        "localhost/busybox:latest",
        "About a minute ago",
        "Unknown",
        ports,
        name("sick"),
      ],
      [
        job.id.slice(0, 13),
        "localhost/busybox:latest",
        "About a minute ago",
        "Exited (3) About a minute ago",
        ports,
        name("job"),
      ],
      [
        web.id.slice(0, 13),
        "localhost/busybox:latest",
        "sh -c while true;...",
        "2 minutes ago",
        "Up About a minute",
        ports,
        name("web"),
      ],
      [""],
    ]);
    expect(node.logger.warnings.filter((line) => line.includes("sick"))).toHaveLength(1);
  });

  test("shows control characters of the data, in full with --no-trunc", async () => {
    const text = await printed({ noTrunc: true });
    expect(text).toContain(String.raw`sh -c while true; do\nsleep 1; \x1b[2J done`);
    expect(text).toContain(web.id);
    expect(text).not.toContain("\x1b");
  });

  test("has columns for the pod, and the size last", async () => {
    const sizes = new Map([[web.id, { rw: 1234, rootFs: 2_000_000 }]]);
    const columns = { pod: true, size: true, namespace: false, noheading: false };
    const style = await openTableStyle(bufferTerminal(), { noTrunc: false });
    const text = containerTable({ ...source, sizes }, [node.server.lookupContainer("web")], columns, style);
    expect(text.split("\n").map((line) => line.split(/ {3,}/).slice(-3))).toEqual([
      ["POD", "K8S NAMESPACE", "SIZE"],
      ["shop", "sales", "1.234kB (virtual 2.001MB)"],
      [""],
    ]);
    expect(await printed({ noheading: true })).not.toContain("CONTAINER ID");
  });

  test("of namespaces has those of processes only", async () => {
    const lines = (await printed({ namespace: true })).split("\n").map((line) => line.split(/ {3,}/));
    expect(lines[0]?.join(" ")).toBe("CONTAINER ID NAMES PID CGROUP IPC MNT NET PIDNS USER UTS");
    expect(lines[3]?.slice(1)).toEqual([name("job"), ...Array.from({ length: 8 }, () => "-")]);
    expect(lines[4]?.[2]).toBe(String(process.pid));
    expect(lines[4]?.slice(3).every((cell) => /^\d+$/.test(cell))).toBe(true);
  });

  test("ids alone", async () => {
    expect(await printed({ quiet: true })).toBe(
      [fresh, sick, job, web].map(({ id }) => `${id.slice(0, 13)}\n`).join(""),
    );
    expect(await printed({ quiet: true, noTrunc: true })).toContain(`${web.id}\n`);
  });
});

describe("JSON", () => {
  const keys = [
    ...["id", "image", "image_id", "command", "createdAt", "runningFor", "status", "ports", "size", "names"],
    ...["labels", "mounts", "ctrRunning", "podId", "podName", "podNamespace", "pid", "exitCode", "startedAt"],
    ...["finishedAt", "oomKilled"],
  ];
  const json = (word: string, namespaces = false) =>
    containerJson(source, node.server.lookupContainer(word), { namespaces });

  test("has the keys of kpod 1.0 and then newer ones", () => {
    for (const word of ["web", "job", "sick", "fresh"]) expect(Object.keys(json(word))).toEqual(keys);
    expect(json("job")).toMatchObject({
      id: job.id,
      image_id: testId("busybox"),
      status: "stopped",
      runningFor: 30_000_000_000,
      exitCode: 3,
      ctrRunning: false,
      pid: 0,
      startedAt: "2026-11-23T12:00:15.000Z",
      finishedAt: "2026-11-23T12:00:45.000Z",
      podName: "shop",
    });
    expect(json("web")).toMatchObject({
      runningFor: 60_000_000_000,
      exitCode: null,
      ctrRunning: true,
      size: 0,
    });
    expect(json("sick")).toMatchObject({ command: "", labels: {}, mounts: [], status: "unknown" });
    expect(json("fresh")).toMatchObject({ runningFor: 0, status: "created", pid: process.pid });
  });

  test("has namespaces where they are asked for", () => {
    expect(Object.keys(json("web", true)).slice(12, 15)).toEqual(["ctrRunning", "namespace", "podId"]);
    const namespaceKeys = ["pid", "cgroup", "ipc", "mnt", "net", "pidns", "user", "uts"];
    expect(Object.keys(json("web", true).namespace as object)).toEqual(namespaceKeys);
    expect(json("web", true)).toMatchObject({ namespace: { pid: String(process.pid) } });
    expect(json("job", true)).toMatchObject({ namespace: { pid: "", net: "", pidns: "" } });
  });

  test("has sizes where they are asked for", () => {
    const sizes = new Map([[web.id, { rw: 7, rootFs: 100 }]]);
    const sized = containerJson({ ...source, sizes }, node.server.lookupContainer("web"), {
      namespaces: false,
    });
    expect(sized).toMatchObject({ size: 100, sizeRw: 7 });
  });

  test("is indented by 4, and a line for each look while watching", async () => {
    const text = await printed({ format: "json" });
    expect(text.startsWith('[\n    {\n        "id": ')).toBe(true);
    const lines = await printed({ format: "json", watch: 2 });
    expect(lines.split("\n")).toHaveLength(2);
    expect(JSON.parse(lines)).toEqual(JSON.parse(text));
  });
});

describe("templates", () => {
  test.each([
    ["{{.Names}} {{.State}} {{.ExitCode}}|", "k8s_web_shop_sales_u1_0 running |"],
    ["{{.ID}} {{.ImageID}}", `${web.id.slice(0, 13)} ${testId("busybox").slice(0, 13)}`],
    ["{{.CreatedAt}} / {{.Created}}", "2026-11-23 12:00:00 +0000 UTC / 2 minutes ago"],
    ["{{.RunningFor}} {{gt .RunningFor 1000000000}}", "About a minute ago true"],
    ["{{.Command}}", "sh -c while true;..."],
    ["{{.Labels}} {{.Labels.a}} {{index .Labels `b`}} {{.Labels.none}}", "a=1,b=2 1 2 <no value>"],
    ["{{range $k, $v := .Labels}}{{$k}}-{{$v}};{{end}}", "a-1;b-2;"],
    ["{{.Mounts}} {{len .Mounts}}", "/data,/etc/hosts 2"],
    ["{{.Pod}} {{.PodNamespace}} {{.PodID}}", `shop sales ${shop.id.slice(0, 13)}`],
    ["{{.PID}}", String(process.pid)],
    ["{{.Ports}} {{.Size}}|", "0.0.0.0:8080->80/tcp, 53/udp |"],
    ["{{if eq .State `running`}}yes{{end}}", "yes"],
    ['{{.Label "a"}} {{.Label "b"}}|{{.Label "none"}}|{{.Label "constructor"}}|', "1 2|||"],
    [
      '{{"a" | .Label}} {{$l := "b"}}{{$.Label $l}}{{if .Label "none"}}x{{end}} {{upper (.Label "a")}}',
      "1 2 1",
    ],
    ["{{.ContainerID}} {{.Pid}} {{.PodName}}", `${web.id.slice(0, 13)} ${process.pid} shop`],
    ["{{.CreatedHuman}} {{eq .USERNS .User}} {{eq .CGROUPNS .Cgroup}}", "2 minutes ago true true"],
  ])("%s", async (format, expected) => {
    expect((await printed({ format })).split("\n").at(-2)).toBe(expected);
  });

  test("have all fields that the completion offers, and no other", () => {
    const row = templateContainer(source, node.server.lookupContainer("web"));
    expect(ps.flags.format.completes.fields).toEqual(Object.keys(row));
    const pod = templatePod(source, node.server.lookupSandbox("shop"));
    expect(podPs.flags.format.completes.fields).toEqual(Object.keys(pod));
  });

  test("a label of which the spec cannot tell is empty, and one needs a key", async () => {
    expect(await printed({ format: '{{.Names}} {{.Label "a"}}|' })).toContain("sick_shop_sales_u1_0 |\n");
    await expect(printed({ format: "{{.Label}}" })).rejects.toThrow(
      'executing "ps" at <.Label>: wrong number of args for Label: want 1 got 0',
    );
    await expect(printed({ format: "{{.Label 1}}" })).rejects.toThrow("expected string; found 1");
    await expect(printed({ format: '{{.Names "a"}}' })).rejects.toThrow(
      "Names has arguments but cannot be invoked",
    );
  });

  test("nothing that has a second name is printed twice", async () => {
    const [line = ""] = (await printed({ format: "{{json .}}" })).split("\n");
    expect(Object.keys(JSON.parse(line) as object)).toEqual(ps.flags.format.completes.fields);
  });

  test("a label has its last word as heading", async () => {
    const text = await printed({ format: String.raw`table {{.PodName}}\t{{.Label "example.com/my-tier"}}` });
    expect(text.split("\n")[0]).toBe("POD NAME   MY TIER");
  });

  test("as a table have headings", async () => {
    const text = await printed({ format: String.raw`table {{.ID}}\t{{.PodNamespace}}\t{{.ExitCode}}` });
    expect(text.split("\n")[0]).toBe("CONTAINER ID    K8S NAMESPACE   EXIT CODE");
    expect(text.split("\n")[3]).toBe(`${job.id.slice(0, 13)}   sales           3`);
  });

  test("say what must be found out for them", async () => {
    const needs = async (format: string) =>
      (await openPsOutput({ ...usual, format }, bufferTerminal())).needs;
    const nothing = { states: false, sizes: false, images: false };
    expect(await needs("{{.Names}} {{.Labels.app}}")).toEqual({ ...nothing, states: true });
    expect(await needs("{{.Names}} {{.Labels}} {{.Command}}")).toEqual(nothing);
    expect(await needs("{{.Status}}")).toEqual({ ...nothing, states: true });
    expect(await needs("{{json .}}")).toEqual({ ...nothing, states: true, images: true });
    expect(await needs("{{.Size}}")).toEqual({ ...nothing, sizes: true });
    expect(await needs('{{.Label "a"}} {{.PodName}} {{.CreatedHuman}} {{.ContainerID}}')).toEqual(nothing);
    expect(await needs("{{.Image}}")).toEqual({ ...nothing, images: true });
  });
});

describe("which are shown", () => {
  const flags = { all: false, latest: false, last: undefined };
  const shown = (more: Partial<Parameters<typeof selectContainers>[0]>, ...filters: string[]) =>
    selectContainers(
      { ...flags, ...more },
      node.server.listContainers(),
      parseContainerFilters(filters),
      ({ metadata }) => metadata.name !== "never",
    ).map(({ metadata }) => metadata.name);

  test("those that run or may run, else what the flags say", () => {
    expect(shown({})).toEqual(["sick", "web"]);
    expect(shown({ all: true })).toEqual(["fresh", "sick", "job", "web"]);
    expect(shown({ latest: true })).toEqual(["fresh"]);
    expect(shown({ last: 2 })).toEqual(["fresh", "sick"]);
    expect(shown({ last: 0 })).toEqual([]);
    expect(shown({}, "status=created")).toEqual(["fresh", "sick", "job", "web"]);
    expect(shown({}, "name=x")).toEqual(["sick", "web"]);
  });

  test("-n and -l count what fits", () => {
    const fits = ({ metadata }: { metadata: { name: string } }) => metadata.name !== "fresh";
    const all = node.server.listContainers();
    expect(selectContainers({ ...flags, latest: true }, all, [], fits).map(({ id }) => id)).toEqual([
      sick.id,
    ]);
  });
});

describe("sorting", () => {
  const sizes = new Map([
    [web.id, { rw: 1, rootFs: 10 }],
    [job.id, { rw: 500, rootFs: 10 }],
  ]);

  test.each([
    ["created", "fresh sick job web"],
    ["id", "web job sick fresh"],
    ["names", "fresh job sick web"],
    ["status", "fresh web job sick"],
    ["runningfor", "web job fresh sick"],
    ["size", "job web fresh sick"],
    ["image", "fresh sick job web"],
    ["pod", "fresh sick job web"],
    ["command", "fresh sick job web"],
  ] as const)("by %s", (key, expected) => {
    const sorted = sortContainers({ ...source, sizes }, node.server.listContainers(), key);
    expect(sorted.map(({ metadata }) => metadata.name).join(" ")).toBe(expected);
  });

  test("has the keys that the flag takes", () => {
    expect(ps.flags.sort.choices).toEqual(containerSortKeys);
  });
});

test("the completion offers all filters", () => {
  expect(Object.keys(ps.flags.filter.completes.filters)).toEqual(containerFilterKeys);
  expect(Object.keys(podPs.flags.filter.completes.filters)).toEqual(sandboxFilterKeys);
});

describe("wrong usage ends with 2 before anything is read", () => {
  test.each([
    ["ps --format {{.ID", "invalid value for --format: template: ps:1: unclosed action"],
    ["ps --format {{nofunc}}", 'invalid value for --format: template: ps:1: function "nofunc" not defined'],
    ["pod ps --format {{end}}", "invalid value for --format: template: pod ps:1: unexpected {{end}}"],
    ["ps --filter color=red", 'unknown filter "color"'],
    ["ps --filter status=up", 'invalid filter "status=up"'],
    ["ps -f name", 'invalid filter "name"'],
    ["pod ps --filter state=up", 'invalid filter "state=up"'],
    ["ps --sort age", 'invalid value "age" for --sort'],
    ["ps -a -l", "Last, latest and all are mutually exclusive"],
    ["ps -n 2 --latest", "Last, latest and all are mutually exclusive"],
    ["ps -n x", 'invalid value "x" for --last'],
    ["ps --watch=0", 'invalid value "0" for --watch'],
    ["ps one", "too many arguments, ps takes no arguments"],
  ])("%s", async (line, message) => {
    const terminal = bufferTerminal();
    // A file of configuration that is not there would be an error of its own, with exit code 1.
    const exitCode = await execute(
      ["--config", "/nonexistent/crio.conf", ...line.split(" ")],
      terminal,
      commands,
    );
    expect(terminal.stderr.split("\n")).toHaveLength(3);
    expect(terminal.stderr).toContain(`Error: ${message}`);
    expect({ exitCode, stdout: terminal.stdout }).toEqual({ exitCode: 2, stdout: "" });
  });
});

describe("over a store", () => {
  // Each call of kpod listens to signals until its process ends.
  const usualListeners = process.getMaxListeners();
  afterAll(() => {
    process.setMaxListeners(usualListeners);
  });

  const kpod = async (line: string) => {
    const terminal = bufferTerminal();
    const places = ["--root", join(directory, "root"), "--runroot", join(directory, "runroot")];
    const argv = ["--config", join(directory, "crio.conf"), ...places, "-s", "overlay", ...line.split(" ")];
    const exitCode = await execute(argv, terminal, commands);
    return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
  };

  // The runtime has web, and fails whatever it is asked.
  beforeAll(() => {
    process.setMaxListeners(100);
    writeTree(directory, {
      "crio.conf": `[crio.runtime]\ndefault_runtime = "runc"\n[crio.runtime.runtimes.runc]\nruntime_path = "${directory}/broken"\nruntime_root = "${directory}/runtime"\n`,
      broken: { content: "#!/bin/sh\necho out of order >&2\nexit 1\n", mode: 0o755 },
      [`runtime/${web.id}/state.json`]: "{}",
    });
  });

  test("what no state is needed for is told without the runtime", async () => {
    const { stdout, stderr, exitCode } = await kpod("--log-level warn ps -a --format {{.Names}}");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(
      ["fresh", "sick", "job", "web"].map((name) => `k8s_${name}_shop_sales_u1_0\n`).join(""),
    );
    expect((await kpod("--log-level warn ps -aq")).stderr).toBe("");
    expect((await kpod("--log-level warn ps -q")).stderr).not.toBe("");
  });

  test("containers whose runtime cannot be asked are shown as ones that may run", async () => {
    const { stdout, stderr, exitCode } = await kpod("--log-level warn ps --format {{.State}}");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "unknown\n".repeat(4) });
    expect(stderr).toContain("out of order");
  });

  test("an unknown field ends with 1, and says where", async () => {
    const { stdout, stderr, exitCode } = await kpod("ps -a --format {{.Nope}}");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(
      stderr.endsWith(
        'Error: template: ps:1:2: executing "ps" at <.Nope>: can\'t evaluate field Nope in type container\n',
      ),
    ).toBe(true);
  });

  test("nothing that fits: the headings alone, [] as JSON, nothing from a template", async () => {
    expect((await kpod("ps -a -f name=nobody")).stdout).toMatch(/^CONTAINER ID .*NAMES\n$/);
    expect((await kpod("ps -a -f name=nobody --format json")).stdout).toBe("[]\n");
    expect((await kpod("ps -a -f name=nobody --format {{.Nope}}")).stdout).toBe("");
    expect((await kpod("ps -a -f id=zzz -l -q")).exitCode).toBe(2);
    expect((await kpod("ps -f id=zzz -l -q")).stdout).toBe("");
  });

  test("a container that before names and that is not there ends with 1", async () => {
    const { stderr, exitCode } = await kpod("ps -f before=nobody");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("container with ID starting with nobody not found: ID does not exist");
  });

  test("pods", async () => {
    expect((await kpod("pod ps --format {{.KubeName}}:{{.Running}}:{{.Labels.app}}")).stdout).toBe(
      "shop:0/4:shop\n",
    );
    expect((await kpod("pod ps -f label=app=other --format json")).stdout).toBe("[]\n");
    expect((await kpod("pod ps -q --sort name")).stdout).toBe(`${shop.id.slice(0, 13)}\n`);
  });
});
