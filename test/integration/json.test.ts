import { readFileSync, writeFileSync } from "node:fs";
import { hostname, release } from "node:os";
import { join } from "node:path";
import { data, layOut } from "../helpers/captured-stores";
import { KPOD } from "../helpers/kpod";
import { useNode } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { expectToFit, keysNeverSeen, schemaNames } from "../helpers/schemas";
import { until } from "../helpers/until";

const node = useNode();
const ids: Record<string, string> = {};

async function json(...args: string[]): Promise<unknown> {
  return JSON.parse(await node.ok(...args)) as unknown;
}

/** Notes a port of the pod as CRI-O does for one of Kubernetes' hostPorts; kpod's own pods have none. */
function publishPort(pod: string): void {
  const path = join(node.world.root, "overlay-containers", pod, "userdata/config.json");
  const spec = JSON.parse(readFileSync(path, "utf8")) as { annotations: Record<string, string> };
  const mapping = { hostPort: 8080, containerPort: 80, protocol: "tcp", hostIP: "" };
  spec.annotations["io.kubernetes.cri-o.PortMappings"] = JSON.stringify([mapping]);
  writeFileSync(path, JSON.stringify(spec));
}

beforeAll(async () => {
  const shop = await node.pod("shop", { labels: { app: "shop" } });
  const host = await node.pod("host", { network: "host" });
  ids.web = (await node.start(shop, "web", "sleep 1000")).id;
  ids.host = (await node.start(host, "host", "sleep 1000")).id;
  ids.paused = (await node.start(shop, "paused", "sleep 1000")).id;
  ids.failed = (await node.start(shop, "failed", "exit 3")).id;
  ids.made = (await node.create(shop, "made", "sleep 1000")).id;
  await node.ok("pause", "paused");
  publishPort(shop.id);
  await until("one has ended", async () => (await node.ok("ps", "-a", "-f", "exited=3", "-q")) !== "");
}, 120_000);

afterAll(() => node.world.destroy());

test("ps", async () => {
  for (const flags of [[], ["-a"], ["-a", "-s", "--ns"], ["-f", "name=none"]]) {
    expectToFit("ps", await json("ps", "--format", "json", ...flags));
  }
});

test("top", async () => {
  const all = (await node.ok("top", "--list-descriptors")).trim().split("\n");
  expectToFit("top", await json("top", "--format", "json", "web", ...all));
});

test("stats", async () => {
  for (const flags of [[], ["-a"], ["--pod"]]) {
    expectToFit("stats", await json("stats", "--no-stream", "--json", ...flags));
  }
});

test("inspect", async () => {
  for (const flags of [[], ["--size"]]) {
    const all = (await json("inspect", "-t", "container", ...flags, ...Object.keys(ids))) as unknown[];
    expect(all).toHaveLength(5);
    for (const one of all) expectToFit("inspect-container", one);
  }
  expectToFit("inspect-container", await json("inspect", "web"));
  for (const pod of ["shop", "host"]) {
    expectToFit("inspect-pod", await json("inspect", "-t", "pod", pod));
    expectToFit("inspect-pod", await json("pod", "inspect", pod));
  }
  for (const image of ["busybox", "pause"]) expectToFit("inspect-image", await json("inspect", image));
});

test("diff", async () => {
  await node.start(await node.pod("writer"), "writer", "rm /bin/ls; touch /bin/new; echo x >> /etc/passwd");
  await until("it has ended", async () => (await node.ok("ps", "-a", "-f", "exited=0", "-q")) !== "");
  expectToFit("diff", await json("diff", "--format", "json", "writer"));
  await node.ok("pod", "rm", "-f", "writer");
});

test("mount", async () => {
  expectToFit("mount", await json("mount", "--format", "json"));
});

test("lists of pods and images, info, version", async () => {
  expectToFit("pod-ps", await json("pod", "ps", "--network", "--format", "json"));
  expectToFit("images", await json("images", "--format", "json"));
  expectToFit("history", await json("history", "--format", "json", "busybox"));
  expectToFit("info", await json("info", "--format", "json"));
  expectToFit("info", await json("info", "--debug", "--format", "json"));
  expectToFit("version", await json("version", "--format", "json"));
  const before = await node.ok("state", "save", "-");
  expectToFit("state-save", JSON.parse(before));
  const kept = join(node.world.scratch, "state.json");
  writeFileSync(kept, before.replace(/"hostname": "[^"]+"/, '"hostname": "other"'));
  const { stdout } = await node.kpod("state", "diff", "--format", "json", kept);
  expectToFit("state-diff", JSON.parse(stdout));
  expectToFit("system-df", await json("system", "df", "--verbose", "--format", "json"));
});

test("templates of images, info and version tell what their JSON tells", async () => {
  const [newest] = (await json("images", "--format", "json")) as [{ id: string; names: string[] }];
  const images = await node.ok("images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}");
  expect(images.split("\n")[0]).toBe(`${newest.id} ${newest.names[0] ?? ""}`);
  expect(await node.ok("images", "--format", "table {{.ID}}\\t{{.Size}}")).toMatch(
    /^IMAGE ID +SIZE\n[0-9a-f]{13} +\d/,
  );
  const info = "{{.Host.Hostname}} {{.store.containers.paused}} {{len .Runtimes}} {{json .Store.Pods}}";
  expect(await node.ok("info", "--format", info)).toBe(`${hostname()} 1 2 {"total":2,"ready":2}\n`);
  const ofFirst = "{{.store.GraphRoot}} {{.host.kernel}} {{.store.ContainerStore.number}} {{.store.error}}.";
  const { root } = node.world;
  const records = (await (await node.openServer()).server.store.containers()).length;
  expect(await node.ok("info", "--format", ofFirst)).toBe(`${root} ${release()} ${records} .\n`);
  const debug = await node.ok(
    "info",
    "-D",
    "--format",
    '{{.debug.compiler}} {{index .debug "kpod version"}}',
  );
  expect(debug).toMatch(/^(?:node|bun) \d+\.\d+\.\d+\n$/);
  const version = "{{.Version}} {{.OS}}/{{.Arch}} {{.OsArch}}";
  expect(await node.ok("version", "--format", version)).toMatch(/^\d+\.\d+\.\d+ (linux\/\w+) \1\n$/);
  for (const command of ["images", "info", "version"]) {
    expect(await node.refusal(command, "--format", "{{.Nope}}")).toContain("can't evaluate field Nope");
    expect((await node.kpod(command, "--format", "{{.ID")).exitCode).toBe(2);
  }
});

test("a key that the schema does not name, or that is missing, is found", async () => {
  const [row] = (await json("images", "--format", "json")) as [Record<string, unknown>];
  const { digest, ...rest } = row;
  expect(digest).toMatch(/^sha256:/);
  for (const wrong of [{ ...row, other: 1 }, rest, { ...row, names: "a" }]) {
    expect(() => {
      expectToFit("images", [wrong]);
    }).toThrow();
  }
});

// Files captured on nodes that CRI-O ran are no part of the repository: skipped where the variable
// KPOD_CRIO_DATA does not name the directory that holds them.
(data === "" ? test.skip : test).each([
  ["v1.0.0", ["containers.json"], "id"],
  ["v1.36.3", ["containers.json", "volatile-containers.json"], "ID"],
])("of a store that CRI-O %s left", async (version, files, idFile) => {
  const directory = layOut(version, files, idFile);
  const places = ["--root", join(directory, "root"), "--runroot", join(directory, "runroot")];
  const kpod = async (...args: string[]): Promise<unknown> => {
    const words = [...places, "--runtime", "/bin/false", ...args];
    const { stdout } = await runProcess(KPOD, words);
    return JSON.parse(stdout) as unknown;
  };
  const containers = (await kpod("ps", "-a", "-s", "--format", "json")) as { id: string }[];
  const pods = (await kpod("pod", "ps", "--format", "json")) as { id: string }[];
  expect(containers.length * pods.length).toBeGreaterThan(0);
  expectToFit("ps", containers);
  expectToFit("pod-ps", pods);
  const idsOf = (things: { id: string }[]): string[] => things.map(({ id }) => id);
  for (const one of (await kpod("inspect", ...idsOf(containers), containers[0]?.id ?? "")) as unknown[]) {
    expectToFit("inspect-container", one);
  }
  for (const one of (await kpod("pod", "inspect", ...idsOf(pods), pods[0]?.id ?? "")) as unknown[]) {
    expectToFit("inspect-pod", one);
  }
});

test("the schemas name nothing that is never there", () => {
  // What tells of trouble and of networks is filled where there are some, by tests of its own.
  const ofSound = schemaNames.filter((name) => !/^(?:doctor|events|network|why)/.test(name));
  const never = ofSound.flatMap((name) => keysNeverSeen(name).map((key) => `${name} ${key}`));
  // The images of the tests name no user, and here nothing has lost its record, the store can be
  // read, and no network is configured.
  expect(never).toEqual([
    "info store.error",
    "inspect-container Config.User",
    "inspect-image Config.User",
    "ps orphan",
    "state-save networks.name",
    "state-save networks.file",
    "state-save networks.plugins",
    "state-save networks.sha256",
  ]);
});
