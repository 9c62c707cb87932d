import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { useNode } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { expectToFit, keysNeverSeen } from "../helpers/schemas";
import { until } from "../helpers/until";

/** Writes down what it is called for, and does what the file beside it says for the command. */
const oddPlugin = `#!/bin/sh
echo "$CNI_COMMAND $CNI_CONTAINERID" >> "$0.calls"
input=$(cat)
[ -e "$0.$CNI_COMMAND" ] && . "$0.$CNI_COMMAND"
[ "$CNI_COMMAND" = VERSION ] && echo '{"cniVersion":"1.1.0","supportedVersions":["1.0.0","1.1.0"]}'
[ "$CNI_COMMAND" = ADD ] && printf '%s' "$input" | sed 's/.*"prevResult"://; s/}$//'
exit 0
`;

const fails = (code: number, msg: string): string =>
  `printf %s '${JSON.stringify({ cniVersion: "1.1.0", code, msg })}'; exit 1`;

const node = useNode(
  { ownNetwork: true, settings: { "crio.network": { plugin_dirs: ["/usr/lib/cni"] } } },
  (world) => {
    mkdirSync(world.networkDir);
    mkdirSync(plugins(world.directory));
    writeFileSync(join(plugins(world.directory), "odd"), oddPlugin, { mode: 0o755 });
    const text = readFileSync(world.config, "utf8");
    writeFileSync(
      world.config,
      text.replace('plugin_dirs = ["', `plugin_dirs = ["${plugins(world.directory)}","`),
    );
  },
);

const plugins = (directory: string): string => join(directory, "plugins");
const plugin = (): string => join(plugins(node.world.directory), "odd");
const leases = (network: string): string => join(node.world.directory, "leases", network);
const file = (name: string): string => join(node.world.networkDir, name);
const cacheDirectory = "/var/lib/cni/results";

function write(name: string, value: object | string): void {
  writeFileSync(file(name), typeof value === "string" ? value : JSON.stringify(value));
}

function bridge(name: string, ...subnets: string[]): object {
  return {
    ...{ type: "bridge", bridge: `${name}0`, isGateway: true, ipMasq: true },
    ipam: {
      ...{ type: "host-local", dataDir: join(node.world.directory, "leases") },
      ranges: subnets.map((subnet) => [{ subnet }]),
    },
  };
}

const portmap = { type: "portmap", capabilities: { portMappings: true } };
const cniVersion = "1.0.0";
const azure = (...subnets: string[]): object => ({
  ...{ cniVersion, name: "azure", plugins: [bridge("azure", ...subnets), { type: "odd" }] },
});

const parent = (): string[] => ["--cgroup-parent", node.world.cgroupParent];
const runPod = async (name: string, ...flags: string[]): Promise<string> =>
  (await node.ok("pod", "run", "--name", name, ...parent(), ...flags)).trim();

async function inNetwork(program: string, ...args: string[]): Promise<string> {
  return succeeded(await node.world.inNetwork(program, args), program).stdout;
}

/** What `network check` finds, line by line; its exit code says whether that is something. */
async function problems(...names: string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await node.kpod("network", "check", ...names);
  const lines = stdout.split("\n").slice(0, -1);
  expect([exitCode, stderr]).toEqual([lines.length > 0 ? 1 : 0, ""]);
  // libcni's cache is the machine's: other tests leave in it what they are about to remove.
  return lines.filter((line) => !/^network (?!azure|lime).* is left of an attachment/.test(line));
}

async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(await node.ok(...args)) as T;
}

interface Inspected {
  readonly IPs: string[];
  readonly Networks: { Name: string; IPs: string[] }[];
}

const addresses = async (pod: string): Promise<string[]> =>
  (await json<Inspected>("pod", "inspect", pod)).IPs;

let web = "";

beforeAll(async () => {
  mkdirSync(cacheDirectory, { recursive: true });
  write("10-azure.conflist", azure("10.134.0.0/28", "fd34::/64"));
  web = await runPod("web");
  await node.ok("run", "-d", "--name", "srv", "--pod", "web", "busybox", "sleep", "1000");
}, 120_000);

test("ls: the default and why, addresses used and left, files that are passed over", async () => {
  write("20-lime.conflist", {
    cniVersion,
    name: "lime",
    plugins: [bridge("lime", "10.135.0.0/30"), portmap],
  });
  write("30-plain.conf", { cniVersion: "0.3.1", name: "plain", type: "bridge" });
  write("40-broken.conflist", "{");
  write("50-gone.conflist", { cniVersion, name: "gone", plugins: [{ type: "nowhere" }] });
  const shown = await node.ok("network", "ls", "--noheading");
  const cells = shown.split("\n").map((line) => line.split(/ {3,}/));
  expect(cells).toEqual([
    ["azure", "default", "1.0.0", "bridge,odd", "10.134.0.0/28,fd34::/64", "1,1", "12,many", "the first one"],
    ["lime", "ready", "1.0.0", "bridge,portmap", "10.135.0.0/30", "0", "1"],
    ["plain", "ready", "0.3.1", "bridge", "--", "--", "--"],
    [
      "--",
      "passed over",
      ...Array.from({ length: 5 }, () => "--"),
      expect.stringMatching(/^40-broken.*JSON/),
    ],
    [
      "gone",
      "passed over",
      ...Array.from({ length: 5 }, () => "--"),
      expect.stringMatching(/^50-gone.*nowhere/),
    ],
    [""],
  ]);
  expectToFit("network-ls", await json("network", "ls", "--format", "json"));
  expect(await node.ok("network", "ls", "-q")).toBe("azure\nlime\nplain\n");
  expect(await node.ok("network", "ls", "--format", "{{.Name}} {{.Free}}")).toContain("azure 12,many\n");
  expect(keysNeverSeen("network-ls")).toEqual([]);
  expect(await node.refusal("network", "inspect", "red")).toMatch(
    /^no network "red" in .*: there is azure, lime,/,
  );
  expect(await node.refusal("network", "inspect", "gone")).toMatch(/50-gone.*its plugin nowhere is not in/);

  expect(await problems()).toEqual([
    expect.stringMatching(/^\/.*40-broken\.conflist is no network: it is not valid JSON/),
    expect.stringMatching(/^network gone: .*50-gone\.conflist is no network: its plugin nowhere is not in /),
  ]);
  expect(await problems("gone")).toHaveLength(1);
  for (const name of ["40-broken.conflist", "50-gone.conflist"]) rmSync(file(name));
}, 120_000);

test("inspect: who is in it, who has which lease, what is leaked; check tells that, too", async () => {
  const small = await runPod("small", "--network", "lime", "-p", "8095:80");
  const nobody = "b".repeat(64);
  writeFileSync(join(leases("azure"), "10.134.0.9"), `${nobody}\r\neth0`);
  const left = join(cacheDirectory, `azure-${nobody}-eth0`);
  writeFileSync(left, '{"kind":"cniCacheV1"}');
  try {
    const [first, second] = await json<Record<string, unknown>[]>("network", "inspect", "azure", "lime");
    for (const data of [first, second]) expectToFit("network-inspect", data);
    expect(keysNeverSeen("network-inspect").filter((key) => !key.startsWith("Plugins.Config"))).toEqual([]);
    expect(first).toMatchObject({
      Default: true,
      LeaseDirectory: leases("azure"),
      Pods: [{ ID: web, Name: "web", Interface: "eth0", IPs: ["10.134.0.2/28", "fd34::2/64"] }],
      Leases: [
        { IP: "10.134.0.2", Holder: "default/web", Leaked: false },
        { IP: "10.134.0.9", ContainerID: nobody, Holder: "", Leaked: true },
        { IP: "fd34::2", Holder: "default/web", Leaked: false },
      ],
      Leaks: [
        { Kind: "lease", Path: join(leases("azure"), "10.134.0.9") },
        { Kind: "attachment", Path: left },
      ],
    });
    expect(second).toMatchObject({
      Pods: [{ ID: small, PortMappings: [{ hostPort: 8095, containerPort: 80 }] }],
    });
    expect(await node.ok("network", "inspect", "-f", "{{range .Leases}}{{.IP}} {{end}}", "azure")).toBe(
      "10.134.0.2 10.134.0.9 fd34::2 \n",
    );
    expect(await problems("azure")).toEqual([
      `network azure: the lease ${join(leases("azure"), "10.134.0.9")} is leaked: no pod or container has its id`,
      `network azure: ${left} is left of an attachment: no pod or container has its id`,
    ]);
    // To the pod all is well.
    expect(await problems("web")).toEqual([]);
    expect(await problems("lime")).toEqual([
      "network lime: no address of 10.135.0.0/30 is left: 1 are leased",
    ]);
    const found = await node.kpod("network", "check", "--format", "json", "azure");
    expect(found.exitCode).toBe(1);
    expectToFit("network-check", JSON.parse(found.stdout));
  } finally {
    rmSync(left);
    rmSync(join(leases("azure"), "10.134.0.9"));
    await node.ok("pod", "rm", "-f", "small");
  }
  expect(await problems()).toEqual([]);
  expect(await node.refusal("network", "check", "nobody")).toMatch(
    /^there is no network and no pod "nobody": the networks are azure, lime, plain$/,
  );
}, 120_000);

test("check: plugins that are missing, too old, not to be executed or not ready", async () => {
  const ipam = { type: "nobody" };
  write("60-ipam.conflist", { cniVersion, name: "ipam", plugins: [{ type: "bridge", ipam }] });
  write("61-new.conflist", {
    cniVersion: "1.1.0",
    name: "new",
    plugins: [{ type: "bridge" }, { type: "odd" }],
  });
  writeFileSync(join(plugins(node.world.directory), "plain"), "");
  write("62-mode.conflist", { cniVersion, name: "mode", plugins: [{ type: "plain" }] });
  writeFileSync(`${plugin()}.STATUS`, fails(50, "no daemon"));
  expect(await problems("ipam", "new", "mode")).toEqual([
    expect.stringMatching(/^network mode: .* its plugin \/.*\/plain cannot be executed: chmod \+x /),
    expect.stringMatching(/^network ipam: its plugin nobody is not in /),
    expect.stringMatching(
      /^network new: its plugin bridge does not know CNI 1\.1\.0, but .*1\.0\.0: install a newer/,
    ),
    expect.stringMatching(/^CNI plugin bridge, STATUS for network new/),
    expect.stringMatching(/^CNI plugin odd, STATUS for network new \(.*\), failed: no daemon$/),
  ]);
  for (const name of ["60-ipam.conflist", "61-new.conflist", "62-mode.conflist"]) rmSync(file(name));
  rmSync(`${plugin()}.STATUS`);
}, 120_000);

test("a bridge that was removed: CHECK tells it, reload-network mends it with the same addresses", async () => {
  const other = await runPod("other");
  const before = [await addresses("web"), await addresses("other")];
  const ping = (from: string, to: string): Promise<string> =>
    inNetwork("nsenter", `--net=${from}`, "busybox", "ping", "-c", "1", "-W", "5", to);
  const { NetNsPath } = await json<{ NetNsPath: string }>("pod", "inspect", "other");
  for (const address of before[0] ?? []) await ping(NetNsPath, address);
  await inNetwork("ip", "link", "delete", "azure0");
  for (const pod of ["default/other", "default/web"])
    expect(await problems(pod)).toEqual([
      expect.stringMatching(new RegExp(`^pod ${pod}: CNI plugin bridge, CHECK`)),
    ]);
  // As older versions of CRI-O leave it, whose plugin brings up the loopback device.
  const loopback = join(cacheDirectory, `cni-loopback-${other}-lo`);
  writeFileSync(loopback, '{"cniVersion":"0.4.0"}');
  try {
    expect(await node.ok("pod", "reload-network", "--all")).toBe(`${other}\n${web}\n`);
    expect([await addresses("web"), await addresses("other")]).toEqual(before);
    expect(await problems()).toEqual([]);
    for (const address of before[0] ?? []) await ping(NetNsPath, address);
    // Who has just talked to it still knows its hardware address.
    expect(await node.ok("pod", "reload-network", "web")).toBe(`${web}\n`);
    for (const address of before[0] ?? []) await ping(NetNsPath, address);
    expect(await node.ok("pod", "stop", "-t", "0", "other")).toBe(`${other}\n`);
    expect(existsSync(loopback)).toBe(false);
  } finally {
    rmSync(loopback, { force: true });
  }
  await node.ok("pod", "rm", "-f", "other");
}, 120_000);

test("reload-network by another configuration: new addresses stand wherever the old ones stood", async () => {
  write("10-azure.conflist", azure("10.136.0.0/24"));
  await inNetwork("ip", "link", "delete", "azure0");
  const { exitCode, stdout, stderr } = await node.kpod("pod", "reload-network", "web");
  expect({ exitCode, stdout, stderr }).toEqual({
    ...{ exitCode: 0, stdout: `${web}\n` },
    stderr: "Warning: pod web has the address 10.136.0.2 now, not 10.134.0.2, fd34::2\n",
  });
  const { IPs, Networks } = await json<Inspected>("pod", "inspect", "web");
  expect([IPs, Networks.map((each) => each.IPs)]).toEqual([["10.136.0.2"], [["10.136.0.2/24"]]]);
  expect((await json<Inspected>("inspect", "srv")).IPs).toEqual(["10.136.0.2"]);
  const { root, runRoot } = node.world;
  const srv = (await node.ok("ps", "-q", "--no-trunc")).trim();
  for (const id of [web, srv]) {
    for (const store of [root, runRoot]) {
      const text = readFileSync(join(store, "overlay-containers", id, "userdata/config.json"), "utf8");
      expect(text).toMatch(/10\.136\.0\.2/);
      expect(text).not.toMatch(/10\.134\.0\.2|fd34::2/);
    }
  }
  const hosts = await node.ok("exec", "srv", "cat", "/etc/hosts");
  expect(hosts.split("\n").slice(2)).toEqual(["10.136.0.2\tweb", ""]);
  expect(readdirSync(leases("azure")).filter((name) => /^[0-9a-f]+[.:]/.test(name))).toEqual(["10.136.0.2"]);
}, 120_000);

test("reload-network that fails leaves no network, says so, and is taken up again; also after kill -9", async () => {
  writeFileSync(`${plugin()}.ADD`, fails(7, "bad weather"));
  expect(await node.refusal("pod", "reload-network", "web")).toMatch(
    /^pod web has no network now: CNI plugin odd, ADD for network azure \(.*\), failed: bad weather: mend it, and reload/,
  );
  expect(await addresses("web")).toEqual([]);
  expect(await problems("web")).toEqual([
    "pod default/web: it has no network, for to set it up broke off: kpod pod reload-network web sets it up anew",
  ]);
  // A plugin that hangs, and a second call meanwhile.
  rmSync(`${plugin()}.calls`);
  writeFileSync(`${plugin()}.ADD`, 'echo $$ > "$0.pid"; exec sleep 1000');
  const child = node.world.startKpod(["pod", "reload-network", "web"]);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const pid = (): string => (existsSync(`${plugin()}.pid`) ? readFileSync(`${plugin()}.pid`, "utf8") : "");
  await until("the plugin", () => pid().length > 1);
  expect(await node.refusal("pod", "reload-network", "web")).toMatch(
    /^the network of pod web is just being reloaded/,
  );
  child.kill("SIGKILL");
  await ended;
  process.kill(Number(pid()), "SIGKILL");
  rmSync(`${plugin()}.ADD`);
  expect(await node.ok("pod", "reload-network", "web")).toBe(`${web}\n`);
  expect(await addresses("web")).toEqual(["10.136.0.2"]);
  expect(await problems()).toEqual([]);
}, 120_000);

test("reload-network without the cache: the network that is the default today", async () => {
  rmSync(join(cacheDirectory, `azure-${web}-eth0`));
  expect(await problems("web")).toEqual([
    "pod default/web: libcni's cache has nothing of its network: kpod pod reload-network web sets it up anew",
  ]);
  expect(await node.ok("pod", "reload-network", "web")).toBe(`${web}\n`);
  expect(await addresses("web")).toEqual(["10.136.0.2"]);
  expect(await problems()).toEqual([]);
}, 120_000);

test("what reload-network refuses changes nothing", async () => {
  await runPod("hosted", "--network", "host");
  await runPod("alone", "--network", "none");
  expect(await node.refusal("pod", "reload-network", "hosted")).toBe("pod hosted is on the node's network");
  expect(await node.refusal("pod", "reload-network", "alone")).toBe("pod alone is in no network");
  await node.ok("pod", "stop", "-t", "0", "alone");
  expect(await node.refusal("pod", "reload-network", "alone")).toMatch(
    /cannot be reloaded: the pod is not ready$/,
  );
  rmSync(file("10-azure.conflist"));
  expect(await node.refusal("pod", "reload-network", "web")).toMatch(/^no network "azure" in /);
  expect((await node.kpod("pod", "reload-network")).exitCode).toBe(2);
  expect((await node.kpod("pod", "reload-network", "--all", "web")).exitCode).toBe(2);
  expect(await addresses("web")).toEqual(["10.136.0.2"]);
  // By the cache, as CRI-O would do.
  await node.ok("pod", "rm", "-f", "hosted", "alone", "web");
  expect(readdirSync(leases("azure")).filter((name) => /^[0-9a-f]+[.:]/.test(name))).toEqual([]);
  expect(readdirSync(cacheDirectory).filter((name) => name.includes(web))).toEqual([]);
}, 120_000);
