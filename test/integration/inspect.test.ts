import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/lib/config";
import { ContainerServer } from "../../src/lib/container-server";
import { createPodContainer } from "../../src/lib/launch/container";
import type { ContainerData } from "../../src/lib/operations/container-data";
import type { PodData } from "../../src/lib/operations/pod-data";
import type { ImageData } from "../../src/lib/images/data";
import { listing } from "../helpers/listing";
import { succeeded, type ProcessResult } from "../helpers/process";
import { startLocker } from "../helpers/record-lock";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

const image = "localhost/busybox:latest";
const zero = "0001-01-01T00:00:00Z";

let world: World;
/** Ids by the short names that this file gives. */
const ids: Record<string, string> = {};

async function kpod(...args: string[]): Promise<string> {
  return succeeded(await world.kpod(args), `kpod ${args.join(" ")}`).stdout;
}

async function inspectContainer(name: string, ...flags: string[]): Promise<ContainerData> {
  return JSON.parse(await kpod("inspect", "-t", "container", ...flags, ids[name] ?? "")) as ContainerData;
}

async function inspectPod(name: string): Promise<PodData> {
  return JSON.parse(await kpod("pod", "inspect", name)) as PodData;
}

async function run(name: string, flags: readonly string[], ...command: string[]): Promise<void> {
  ids[name] = (await kpod("run", "-d", "--pod", "shop", "--name", name, ...flags, image, ...command)).trim();
}

async function ended(name: string): Promise<void> {
  await until(`${name} has ended`, async () => (await inspectContainer(name)).State.status === "stopped");
}

beforeAll(async () => {
  world = await createWorld();
  await world.loadImages();
  mkdirSync(join(world.scratch, "data"));
  const parent = ["--cgroup-parent", world.cgroupParent];
  ids.shop = (
    await kpod(
      "pod",
      "run",
      "--name",
      "shop",
      "-n",
      "sales",
      "--label",
      "tier=<a&b>",
      "--hostname",
      "shophost",
      ...parent,
    )
  ).trim();
  ids.host = (await kpod("pod", "run", "--name", "host", "--network", "host", ...parent)).trim();
  const volume = `${join(world.scratch, "data")}:/data:ro`;
  const write =
    "mkdir /d; head -c 10000 /dev/zero > /d/file; ln /d/file /d/link; ln -s /none /d/to; echo done > /up; sleep 1000";
  await run("web", ["-v", volume, "--label", "a=b", "-e", "X=y"], "sh", "-c", write);
  await run("fail", [], "sh", "-c", "exit 3");
  await run("killed", [], "sleep", "1000");
  await run("paused", [], "sleep", "1000");
  await kpod("kill", ids.killed ?? "");
  await kpod("pause", ids.paused ?? "");
  const server = new ContainerServer(loadConfig({ configFile: world.config }));
  await server.update();
  const options = { name: "made", image, command: ["sleep", "1000"] };
  ids.made = (await createPodContainer(server, server.lookupSandbox("shop"), options)).id;
  await ended("fail");
  await until("web has written", async () => {
    const upper = (await inspectContainer("web")).GraphDriver.Data.UpperDir;
    return existsSync(join(upper, "up"));
  });
}, 180_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

test("a running container is what the runtime, the kernel and the disk say", async () => {
  const shown = await inspectContainer("web");
  const state = JSON.parse(succeeded(await world.runtime(["state", ids.web ?? ""]), "runc state").stdout) as {
    pid: number;
    status: string;
    created: string;
    bundle: string;
  };
  expect(shown).toMatchObject({
    ID: ids.web,
    LogPath: join(world.logDir, ids.shop ?? "", `${ids.web ?? ""}.log`),
    State: {
      status: "running",
      pid: state.pid,
      bundle: state.bundle,
      finished: zero,
      exitCode: 0,
      oomKilled: false,
      created: new Date(state.created).toISOString(),
    },
    Metadata: { name: "web", attempt: 0 },
    Image: image,
    MountLabel: "",
    ProcessLabel: "",
    StopSignal: "TERM",
    Args: ["sh", "-c", expect.stringContaining("head -c 10000")],
    PodID: ids.shop,
    PodName: "shop",
    PodNamespace: "sales",
    IPs: [],
    Pid: state.pid,
  });
  expect(shown.Name).toMatch(/^k8s_web_shop_sales_[0-9a-f-]+_0$/);
  expect(shown.Labels).toMatchObject({ a: "b" });
  expect(readFileSync(`/proc/${shown.Pid}/cgroup`, "utf8")).toContain(`:${shown.CgroupPath}\n`);
  expect(shown.CgroupPath).toBe(`${world.cgroupParent}/crio-${ids.web ?? ""}`);
  expect(shown.Mounts.find(({ destination }) => destination === "/data")).toMatchObject({
    source: join(world.scratch, "data"),
    options: expect.arrayContaining(["ro"]) as unknown,
  });
  expect(readFileSync(shown.HostnamePath, "utf8").trim()).toBe("shophost");
  for (const path of [shown.ResolvConfPath, shown.HostsPath, shown.BundlePath])
    expect(existsSync(path)).toBe(true);
  // What is mounted is what lies in the upper layer.
  expect(existsSync(join(shown.Mountpoint, "d/file"))).toBe(true);
  expect(shown.GraphDriver.Name).toBe("overlay");
  expect(existsSync(join(shown.GraphDriver.Data.UpperDir, "d/file"))).toBe(true);
  expect(existsSync(join(shown.GraphDriver.Data.LowerDir.split(":")[0] ?? "", "bin"))).toBe(true);
});

test("sizes are those of the files, hard links once, and of the image's layers", async () => {
  const shown = await inspectContainer("web", "--size");
  const upper = shown.GraphDriver.Data.UpperDir;
  // file and link are one; the symbolic link is as long as its target.
  const expected = 10_000 + "/none".length + "done\n".length;
  const found = execFileSync("find", [upper, "!", "-type", "d", "-printf", "%i %s\n"], { encoding: "utf8" });
  const sizes = new Map(
    found
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  const rest = [...sizes.values()].reduce((sum, size) => sum + Number(size), 0);
  expect([shown.SizeRw, expected <= rest]).toEqual([rest, true]);
  const { Size } = JSON.parse(await kpod("inspect", "-t", "image", image)) as ImageData;
  expect(shown.SizeRootFs).toBe(Size);
  expect(Object.keys(await inspectContainer("web"))).not.toContain("SizeRw");
});

test.each<[string, string, number]>([
  ["fail", "stopped", 3],
  ["killed", "stopped", 137],
  ["paused", "paused", 0],
  ["made", "created", 0],
])("of %s it tells that it is %s and its exit code", async (name, status, exitCode) => {
  const { State, Pid, Mountpoint } = await inspectContainer(name);
  expect(State).toMatchObject({ status, exitCode, id: ids[name], error: "" });
  if (status === "stopped") {
    expect(Date.parse(State.finished)).toBeGreaterThanOrEqual(Date.parse(State.started));
    expect([Pid, State.pid]).toEqual([0, 0]);
  } else {
    expect([State.finished, Pid > 0, State.pid]).toEqual([zero, true, Pid]);
    expect(statSync(Mountpoint).isDirectory()).toBe(true);
  }
  expect(State.started === zero).toBe(status === "created");
});

test("a pod is what it was made as, and not ready once it is stopped", async () => {
  const shown = await inspectPod("sales/shop");
  expect(shown).toMatchObject({
    ID: ids.shop,
    KubeName: "shop",
    Namespace: "sales",
    State: "Ready",
    Labels: { tier: "<a&b>" },
    Hostname: "shophost",
    CgroupParent: world.cgroupParent,
    IPs: [],
    InfraContainerID: ids.shop,
  });
  expect(readFileSync("/proc/self/mountinfo", "utf8")).toContain(` ${shown.NetNsPath} `);
  expect(readFileSync(shown.HostnamePath, "utf8").trim()).toBe("shophost");
  for (const path of [shown.ShmPath, shown.ResolvPath, shown.LogDir]) expect(existsSync(path)).toBe(true);
  expect(shown.Containers.map(({ ID, State }) => [ID, State]).sort()).toEqual(
    [
      [ids.web, "running"],
      [ids.fail, "stopped"],
      [ids.killed, "stopped"],
      [ids.paused, "paused"],
      [ids.made, "created"],
    ].sort(),
  );
  expect((await inspectPod("host")).State).toBe("Ready");
  await kpod("pod", "stop", "-t", "0", "host");
  expect((await inspectPod("host")).State).toBe("NotReady");
});

test("an image is what podman and skopeo say", async () => {
  const shown = JSON.parse(await kpod("inspect", "-t", "image", "busybox")) as ImageData;
  const answer = succeeded(await world.podman(["image", "inspect", image]), "podman image inspect");
  const [podman] = JSON.parse(answer.stdout) as {
    Id: string;
    Digest: string;
    RepoTags: string[];
    Created: string;
    Author: string;
    Architecture: string;
    Os: string;
    Config: { Cmd: string[]; Env: string[] };
    RootFS: { Type: string; Layers: string[] };
    GraphDriver: { Name: string; Data: { UpperDir: string } };
    History: { created_by: string }[];
  }[];
  expect(shown).toMatchObject({
    ID: podman?.Id,
    Digest: podman?.Digest,
    Tags: podman?.RepoTags,
    Created: podman?.Created,
    Author: podman?.Author,
    Architecture: podman?.Architecture,
    OS: podman?.Os,
    Config: podman?.Config,
    RootFS: { type: podman?.RootFS.Type, diff_ids: podman?.RootFS.Layers },
    CreatedBy: podman?.History.at(-1)?.created_by,
  });
  expect(shown.Digests).toContain(`localhost/busybox@${podman?.Digest ?? ""}`);
  expect([shown.GraphDriver.Name, shown.GraphDriver.Data.UpperDir]).toEqual([
    podman?.GraphDriver.Name,
    podman?.GraphDriver.Data.UpperDir,
  ]);
  const config = await world.skopeo([
    "inspect",
    "--config",
    `containers-storage:[overlay@${world.root}+${world.runRoot}]${image}`,
  ]);
  expect(JSON.parse(config.stdout)).toMatchObject({ created: shown.Created, os: shown.OS });
});

test("several names give an array of those that there are, one gives an object", async () => {
  const several = await world.kpod(["inspect", "web", "nosuch", "shop", "busybox", "x"]);
  expect(several.exitCode).toBe(1);
  expect((JSON.parse(several.stdout) as { ID: string }[]).map(({ ID }) => ID)).toEqual([
    ids.web,
    ids.shop,
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
  const lines = several.stderr.trim().split("\n");
  expect(lines.map((line) => line.replace(/: there is .*/, ""))).toEqual(
    ["nosuch", "x"].map(
      (name) => `Error: container with ID starting with ${name} not found: ID does not exist`,
    ),
  );
  const none = await world.kpod(["inspect", "nosuch", "x"]);
  expect([none.exitCode, none.stdout]).toEqual([1, "[]\n"]);
  const one = await world.kpod(["inspect", "nosuch"]);
  expect([one.exitCode, one.stdout]).toEqual([1, ""]);
});

test("JSON is indented by 4, escapes nothing for HTML, and is what jq reads", async () => {
  const text = await kpod("inspect", "shop");
  expect(text).toContain('\n    "Labels": {\n        "');
  expect(text).toContain('"tier": "<a&b>"');
  const id = execFileSync("jq", ["-r", ".ID"], { input: text, encoding: "utf8" });
  expect(id.trim()).toBe(ids.shop);
});

test("templates print a line a name, of all that was asked for those that there are", async () => {
  const format = "{{.Metadata.Name}} {{.State.Status}} {{.FromImage}} {{json .Labels.a}}";
  const result = await world.kpod(["inspect", "-f", format, "web", "nosuch", "fail"]);
  expect([result.exitCode, result.stdout]).toEqual([
    1,
    `web running ${image} "b"\nfail stopped ${image} null\n`,
  ]);
  expect(await kpod("pod", "inspect", "-f", "{{.KubeName}} {{len .Containers}}", "shop")).toBe("shop 5\n");
  expect(JSON.parse(await kpod("inspect", "--format", "json", "web"))).toMatchObject({ ID: ids.web });
});

test.each<[string[], number, RegExp]>([
  [
    ["inspect", "-f", "{{.Name", "web"],
    2,
    /^Error: .*unclosed action\nRun 'kpod inspect --help' for help\.\n$/,
  ],
  [["pod", "inspect", "-f", "{{nosuch}}", "shop"], 2, /^Error: .*function "nosuch" not defined\n/],
  [
    ["inspect", "-f", "{{.Nope}}", "web"],
    1,
    /^Error: template: .*can't evaluate field Nope in type container\n$/,
  ],
  [["inspect", "-f"], 2, /^Error: .*--format/],
  [["inspect", "-f", "-t", "web"], 2, /^Error: option --format requires a value\n/],
  [["inspect"], 2, /^Error: .*NAME\.\.\.\n/],
  [["pod", "inspect"], 2, /^Error: .*POD\.\.\.\n/],
  [["inspect", "-t", "layer", "web"], 2, /^Error: invalid value "layer" for --type: .*\n/],
  [
    ["inspect", "-t", "container", "shop"],
    1,
    /^Error: cannot inspect shop: it is the infra container of pod shop: .*\n$/,
  ],
  [["pod", "inspect", "web"], 1, /^Error: pod with ID starting with web not found: ID does not exist\n$/],
  [["inspect", "-t", "image", "web"], 1, /^Error: image web is not in the store .*\n$/],
  [
    ["inspect", "../x\u001b[31m\n"],
    1,
    /^Error: container with ID starting with \.\.\/x\\x1b\[31m not found.*\n$/,
  ],
  [["inspect", ""], 2, /^Error: an empty argument names nothing, inspect takes NAME\.\.\.\n/],
])("kpod %j ends with %d and says why", async (args, exitCode, message) => {
  const result: ProcessResult = await world.kpod(args);
  expect([result.exitCode, result.stdout]).toEqual([exitCode, ""]);
  expect(result.stderr).toMatch(message);
});

test("a bad template is told before anything is looked at", async () => {
  const result = await world.kpod(["--root", join(world.scratch, "nowhere"), "inspect", "-f", "{{", "x"]);
  expect(result.exitCode).toBe(2);
  expect(result.stderr).not.toContain("nowhere");
});

test("a name that fits several is an error that names them", async () => {
  await kpod("pod", "run", "--name", "twin", "--cgroup-parent", world.cgroupParent);
  const twin = (await kpod("run", "-d", "--pod", "twin", "--name", "web", image, "true")).trim();
  const result = await world.kpod(["inspect", "web"]);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain("container web is ambiguous, it can be");
  for (const id of [ids.web ?? "", twin]) expect(result.stderr).toContain(id.slice(0, 13));
  expect(JSON.parse(await kpod("inspect", "sales/shop/web"))).toMatchObject({ ID: ids.web });
  await kpod("pod", "rm", "-f", "twin");
});

test("looking writes nothing, and works on a read-only copy of a store whose node is gone", async () => {
  const before = [world.root, world.runRoot].map((directory) => listing(directory));
  await kpod("inspect", "--size", "fail", "shop", "busybox");
  expect([world.root, world.runRoot].map((directory) => listing(directory))).toEqual(before);

  const copy = join(world.scratch, "copy");
  mkdirSync(copy);
  // Mounted layers are left out: their files are in the layers beneath.
  execFileSync("cp", ["--archive", "--one-file-system", world.root, join(copy, "root")]);
  execFileSync("mount", ["--bind", copy, copy]);
  try {
    execFileSync("mount", ["--options", "remount,bind,ro", copy]);
    expect(() => {
      writeFileSync(join(copy, "x"), "");
    }).toThrow("EROFS");
    const places = ["--root", join(copy, "root"), "--runroot", join(copy, "run"), "--log-level", "error"];
    const shown = JSON.parse(await kpod(...places, "inspect", "--size", "shop/fail")) as ContainerData;
    expect(shown).toMatchObject({
      ID: ids.fail,
      State: { status: "stopped", exitCode: 3 },
      Mountpoint: "",
      PodName: "shop",
    });
    expect(shown.GraphDriver.Data.UpperDir).toBe(
      join(copy, "root/overlay", shown.GraphDriver.Data.UpperDir.split("/").at(-2) ?? "", "diff"),
    );
    expect(shown.SizeRootFs).toBeGreaterThan(1_000_000);
    expect(JSON.parse(await kpod(...places, "pod", "inspect", "shop"))).toMatchObject({ ID: ids.shop });
    expect(JSON.parse(await kpod(...places, "inspect", "-t", "image", image))).toMatchObject({ OS: "linux" });
  } finally {
    execFileSync("umount", [copy]);
    rmSync(copy, { recursive: true });
  }
}, 120_000);

test("a container that is half gone is still shown, with what is left of it", async () => {
  const userdata = join(world.root, "overlay-containers", ids.killed ?? "", "userdata");
  const bundle = join(world.runRoot, "overlay-containers", ids.killed ?? "", "userdata");
  const kept = join(world.scratch, "kept");
  cpSync(join(userdata, "config.json"), kept);
  for (const directory of [userdata, bundle]) rmSync(join(directory, "config.json"));
  try {
    const result = await world.kpod(["inspect", "killed"]);
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({
      ID: ids.killed,
      State: { status: "stopped", exitCode: 137 },
      Args: [],
      Mounts: [],
    });
    expect(result.stderr).toMatch(/^Warning: container [0-9a-f]{13} \(.*\): .*config\.json is missing\n$/);
  } finally {
    for (const directory of [userdata, bundle]) cpSync(kept, join(directory, "config.json"));
  }
});

test("somebody who holds a lock for long hides nothing", async () => {
  const locker = startLocker(join(world.root, "overlay-containers/containers.lock"));
  expect(await locker.lock("posix", "write")).toBe(true);
  const result = await world.kpod(["--lock-timeout", "1", "inspect", "paused"]);
  await locker.unlock("posix");
  expect(result.exitCode).toBe(0);
  expect(JSON.parse(result.stdout)).toMatchObject({ ID: ids.paused, State: { status: "paused" } });
  expect(result.stderr).toContain("containers.lock");
});

test("a runtime that is sick does not matter while its files tell; else the state is unknown, and why is said", async () => {
  const script = join(world.scratch, "broken-runtime");
  writeFileSync(script, "#!/bin/sh\necho the runtime is sick >&2\nexit 1\n", { mode: 0o755 });
  const config = join(world.scratch, "broken.conf");
  const text = readFileSync(world.config, "utf8");
  writeFileSync(config, text.replaceAll(/^(runtime_path\s*=\s*).*$/gm, `$1"${script}"`));
  const inspect = async (): Promise<[unknown, string]> => {
    const { exitCode, stdout, stderr } = await world.kpod(["--config", config, "inspect", "paused"]);
    expect(exitCode).toBe(0);
    return [JSON.parse(stdout), stderr];
  };
  const status = (word: string): unknown => expect.objectContaining({ status: word });
  expect(await inspect()).toEqual([expect.objectContaining({ State: status("paused") }), ""]);
  const state = join(world.runtimeRoots.runc, ids.paused ?? "", "state.json");
  const written = readFileSync(state);
  writeFileSync(state, "{}");
  try {
    expect(await inspect()).toEqual([
      expect.objectContaining({ State: status("unknown") }),
      expect.stringMatching(/^Warning: .*the runtime is sick\n$/),
    ]);
  } finally {
    writeFileSync(state, written);
  }
});
