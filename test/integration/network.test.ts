import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeInfraProcess, userdata } from "../helpers/modern-world";
import { contentsOf, readIfThere, useNode } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { until } from "../helpers/until";

const node = useNode(
  { ownNetwork: true, settings: { "crio.network": { plugin_dirs: ["/usr/lib/cni"] } } },
  (world) => {
    mkdirSync(world.networkDir);
    const own = join(world.directory, "plugins");
    mkdirSync(own);
    writeFileSync(join(own, "odd"), oddPlugin, { mode: 0o755 });
    const text = readFileSync(world.config, "utf8");
    writeFileSync(world.config, text.replace('plugin_dirs = ["', `plugin_dirs = ["${own}","`));
    const write = (file: string, name: string, plugins: readonly object[]): void => {
      writeFileSync(join(world.networkDir, file), JSON.stringify({ cniVersion: "1.0.0", name, plugins }));
    };
    const bridge = (name: string, ...subnets: string[]): object => ({
      ...{ type: "bridge", bridge: name, isGateway: true, ipMasq: true, hairpinMode: true },
      ipam: {
        ...{ type: "host-local", dataDir: join(world.directory, "leases") },
        ranges: subnets.map((subnet) => [{ subnet }]),
        routes: [{ dst: "0.0.0.0/0" }],
      },
    });
    const portmap = { type: "portmap", capabilities: { portMappings: true } };
    write("10-blue.conflist", "blue", [
      bridge("blue0", "10.124.0.0/24", "fd24::/64"),
      ...[portmap, { type: "firewall" }, { type: "tuning" }],
      { type: "bandwidth", capabilities: { bandwidth: true } },
    ]);
    write("20-green.conflist", "green", [bridge("green0", "fd25::/64")]);
    write("30-small.conflist", "small", [bridge("small0", "10.126.0.0/30")]);
    write("40-odd.conflist", "odd", [bridge("odd0", "10.127.0.0/24"), { type: "odd" }]);
    write("50-missing.conflist", "missing", [{ type: "nowhere" }]);
    writeFileSync(join(world.networkDir, "60-broken.conflist"), "{");
  },
);

/** Does what the file beside it says for the command. */
const oddPlugin = `#!/bin/sh
act="$0.$CNI_COMMAND"
echo "$CNI_COMMAND $CNI_CONTAINERID" >> "$0.calls"
input=$(cat)
[ -e "$act" ] && . "$act"
[ "$CNI_COMMAND" = ADD ] && printf '%s' "$input" | sed 's/.*"prevResult"://; s/}$//'
exit 0
`;

const plugin = (): string => join(node.world.directory, "plugins/odd");

/** Has our plugin do something, for as long as a test needs it. */
async function whileOdd<T>(command: "ADD" | "DEL", script: string, work: () => Promise<T>): Promise<T> {
  writeFileSync(`${plugin()}.${command}`, script);
  try {
    return await work();
  } finally {
    rmSync(`${plugin()}.${command}`);
  }
}

const fails = (code: number, msg: string): string =>
  `printf %s '${JSON.stringify({ cniVersion: "1.0.0", code, msg })}'; exit 1`;

async function inNetwork(program: string, ...args: string[]): Promise<string> {
  return succeeded(await node.world.inNetwork(program, args), program).stdout;
}

const cacheDirectory = "/var/lib/cni/results";
const parent = (): string[] => ["--cgroup-parent", node.world.cgroupParent];
const runPod = async (name: string, ...flags: string[]): Promise<string> =>
  (await node.ok("pod", "run", "--name", name, ...parent(), ...flags)).trim();
const inPod = (pod: string, script: string): Promise<string> =>
  node.ok("run", "--rm", "--pod", pod, "busybox", "sh", "-c", script);

/** The network of the host as it is, the leases and the cache of this world's pods. */
async function networkState(): Promise<string[]> {
  const { directory } = node.world;
  const leases = join(directory, "leases");
  const files = existsSync(leases)
    ? readdirSync(leases).flatMap((name) => readdirSync(join(leases, name)).map((ip) => `${name} ${ip}`))
    : [];
  const cached = readdirSync(cacheDirectory)
    .map((name) => join(cacheDirectory, name))
    // It is the machine's: what others have in it may go meanwhile.
    .filter((path) => readIfThere(path).includes(directory));
  const rules = [await inNetwork("iptables-save"), await inNetwork("ip6tables-save")].join("\n");
  const links = await inNetwork("ip", "-o", "link");
  return [
    ...links.split("\n").map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? ""),
    ...rules.split("\n").filter((line) => line.startsWith("-A")),
    ...files.filter((name) => !/lock$|last_reserved/.test(name)),
    ...cached,
    ...readdirSync(join(directory, "ns/netns")),
  ].sort();
}

/** What a test leaves of paths, mounts, processes and networks: nothing but logs. */
async function everything(): Promise<string[]> {
  const { logDir, root } = node.world;
  const other = (line: string): boolean => !line.includes(logDir) && line !== `mount ${root}/overlay`;
  return [...contentsOf(node.world).filter(other), ...(await networkState())];
}

beforeAll(async () => {
  mkdirSync(cacheDirectory, { recursive: true });
  // Bridges, and the chains to which the plugins add their rules, stay for the next pod.
  for (const name of ["blue", "green", "small", "odd"]) {
    const publish = name === "blue" ? ["-p", "9:9"] : [];
    await runPod(name, "--network", name, ...publish);
    await node.ok("pod", "rm", "-f", name);
  }
}, 120_000);

test("pods of the default network reach one another; a published port answers from outside; nothing stays", async () => {
  const before = await everything();
  const web = await runPod(
    "web",
    "-p",
    "8080:80",
    "-p",
    "127.0.0.1:8443-8444:443-444",
    "--add-host",
    "db:10.0.0.9",
  );
  const server = "mkdir /w && echo hello > /w/index.html && httpd -f -p '[::]:80' -h /w";
  await node.ok("run", "-d", "--name", "srv", "--pod", "web", "busybox", "sh", "-c", server);
  const curl = (...args: string[]) =>
    node.world.inNetwork("busybox", ["timeout", "5", "wget", "-qO-", ...args]);
  await until("it serves", async () => (await curl("http://127.0.0.1:8080/")).exitCode === 0);
  const [data] = JSON.parse(await node.ok("inspect", "--type", "pod", web, web)) as {
    IPs: string[];
    PortMappings: unknown[];
  }[];
  const [four = "", six = ""] = data?.IPs ?? [];
  expect([four, six]).toEqual([expect.stringMatching(/^10\.124\.0\./), expect.stringMatching(/^fd24::/)]);
  expect(data?.PortMappings).toEqual([
    { hostIp: "", hostPort: 8080, containerPort: 80, protocol: "tcp" },
    { hostIp: "127.0.0.1", hostPort: 8443, containerPort: 443, protocol: "tcp" },
    { hostIp: "127.0.0.1", hostPort: 8444, containerPort: 444, protocol: "tcp" },
  ]);
  await runPod("client", "--dns", "10.0.0.53", "--dns-search", "example.org", "--dns-option", "ndots:3");
  const get = (host: string): string => `timeout 5 wget -qO- http://${host}/`;
  expect(await inPod("client", `${get(four)}; ${get(`[${six}]`)}; cat /etc/resolv.conf`)).toBe(
    "hello\nhello\nsearch example.org\nnameserver 10.0.0.53\noptions ndots:3\n",
  );
  expect(await curl("http://10.124.0.1:8080/")).toMatchObject({ stdout: "hello\n" });
  expect(await curl("http://127.0.0.1:8080/")).toMatchObject({ stdout: "hello\n" });
  // And only there.
  expect((await curl("http://10.124.0.1:8443/")).exitCode).not.toBe(0);
  expect((await curl("http://10.124.0.1:80/")).exitCode).not.toBe(0);
  const hosts = await inPod("web", "cat /etc/hosts; hostname; cat /sys/class/net/lo/operstate");
  expect(hosts.split("\n").slice(2)).toEqual([
    ...[`${four}\tweb`, `${six}\tweb`, "10.0.0.9\tdb", "web", "unknown", ""],
  ]);
  expect(await node.ok("ps", "--format", "{{.Ports}}")).toContain("0.0.0.0:8080->80/tcp");
  await node.ok("pod", "rm", "-f", "web", "client");
  expect(await everything()).toEqual(before);
}, 120_000);

test("what CRI-O reads of it", async () => {
  const id = await runPod("notes", "-p", "8081:81/udp", "--annotation", "kubernetes.io/egress-bandwidth=10M");
  const { root, directory } = node.world;
  const spec = JSON.parse(
    readFileSync(join(root, "overlay-containers", id, "userdata/config.json"), "utf8"),
  ) as { annotations: Record<string, string>; linux: { namespaces: { type: string; path: string }[] } };
  const read = (key: string): unknown => JSON.parse(spec.annotations[`io.kubernetes.cri-o.${key}`] ?? "null");
  const netns = spec.linux.namespaces.find(({ type }) => type === "network")?.path ?? "";
  expect(read("HostNetwork")).toBe(false);
  expect(read("PortMappings")).toEqual([{ HostPort: 8081, ContainerPort: 81, Protocol: "UDP", HostIP: "" }]);
  expect(read("CNIResult")).toMatchObject({
    cniVersion: "1.1.0",
    interfaces: expect.arrayContaining([
      expect.objectContaining({ name: "eth0", sandbox: netns }),
    ]) as unknown,
    ips: [{ address: expect.stringMatching(/^10\.124\.0\.\d+\/24$/) as string, gateway: "10.124.0.1" }, {}],
  });
  const cached = JSON.parse(readFileSync(join(cacheDirectory, `blue-${id}-eth0`), "utf8")) as Record<
    string,
    unknown
  >;
  expect(cached).toMatchObject({
    kind: "cniCacheV1",
    networkName: "blue",
    netns,
    result: { cniVersion: "1.0.0" },
  });
  expect(cached.capabilityArgs).toMatchObject({
    portMappings: [{ hostPort: 8081, containerPort: 81, protocol: "udp", hostIP: "" }],
    bandwidth: { egressRate: 10_000_000 },
  });
  expect(Buffer.from(String(cached.config), "base64").toString()).toBe(
    readFileSync(join(directory, "net.d/10-blue.conflist"), "utf8"),
  );
  expect(existsSync(join(root, "overlay-containers", id, "userdata/kpod-networks.json"))).toBe(false);
  // Stopped, its addresses are another pod's to have; CRI-O finds the mark, and the namespace.
  await node.ok("pod", "stop", "-t", "0", "notes");
  expect(existsSync(join(root, "overlay-containers", id, "userdata/network-stopped"))).toBe(true);
  expect(existsSync(netns)).toBe(true);
  expect(existsSync(join(cacheDirectory, `blue-${id}-eth0`))).toBe(false);
  expect(JSON.parse(await node.ok("pod", "inspect", "notes"))).toMatchObject({ IPs: [] });
  await node.ok("pod", "stop", "notes");
  await node.ok("pod", "rm", "notes");
});

test("a pod in two networks, with IPv6 alone in the second; --ip, --mac and --sysctl", async () => {
  const before = await everything();
  await runPod("both", "--network", "blue,green", "--sysctl", "net.ipv4.ip_forward=1");
  const inspected = JSON.parse(await node.ok("pod", "inspect", "both")) as { Networks: unknown };
  expect(inspected.Networks).toEqual([
    {
      ...{ Name: "blue", Interface: "eth0", MAC: expect.stringMatching(/^([0-9a-f]{2}:){5}/) as string },
      IPs: [expect.stringMatching(/^10\.124\./) as string, expect.stringMatching(/^fd24::/) as string],
      ...{ Gateways: ["10.124.0.1", "fd24::1"], Routes: [{ Dst: "0.0.0.0/0", Gateway: "" }] },
      DNS: { Nameservers: [], Domain: "", Search: [], Options: [] },
    },
    expect.objectContaining({ Name: "green", Interface: "eth1" }),
  ]);
  await runPod("hosted", "--network", "host");
  const names = (...flags: string[]): Promise<string> =>
    node.ok("pod", "ps", "--sort", "name", "--format", "{{.KubeName}} {{.Networks}}", ...flags);
  expect(await names()).toBe("both blue,green\nhosted host\n");
  expect(await names("-f", "network=green")).toBe("both blue,green\n");
  expect(await names("-f", "network!=blue")).toBe("hosted host\n");
  expect(await node.ok("pod", "ps", "--network")).toMatch(
    /NETWORKS\n.*both .*blue,green|NETWORKS\n.*\n.*both .*blue,green/,
  );
  const shown = await inPod("both", "ip -o addr; cat /proc/sys/net/ipv4/ip_forward");
  expect(shown).toMatch(/eth0 +inet 10\.124\.0\.\d+\/24 /);
  expect(shown).toMatch(/eth1 +inet6 fd25::\w+\/64 /);
  expect(shown).toMatch(/^1$/m);
  await runPod("asked", "--ip", "10.124.0.77", "--mac", "02:00:00:00:00:77");
  expect(await inPod("asked", "ip -o addr; ip -o link")).toMatch(/10\.124\.0\.77\/24[^]*02:00:00:00:00:77/);
  expect(await node.refusal("pod", "run", "--name", "again", "--ip", "10.124.0.77", ...parent())).toMatch(
    /^CNI plugin bridge, ADD for network blue \(.*10-blue\.conflist\), failed: .*10\.124\.0\.77/,
  );
  await node.ok("pod", "rm", "-f", "both", "asked", "hosted");
  expect(await everything()).toEqual(before);
}, 120_000);

test("run makes a pod with the same flags, and takes it down with its container", async () => {
  const before = await everything();
  const command = ["busybox", "sh", "-c", "ip -o -4 addr show eth0"];
  expect(await node.ok("run", "--rm", "-p", "8082:80", ...parent(), ...command)).toContain("10.124.0.");
  expect(
    await node.ok("run", "--rm", "--network", "none", ...parent(), "busybox", "ls", "/sys/class/net"),
  ).toBe("lo\n");
  expect(await everything()).toEqual(before);
});

test("ten pods side by side: no address twice", async () => {
  const names = Array.from({ length: 10 }, (_, at) => `many${at}`);
  // They may tell that they wait for one another.
  const launched = await Promise.all(
    names.map((name) => node.kpod("pod", "run", "--name", name, ...parent())),
  );
  expect(launched.map(({ exitCode }) => exitCode)).toEqual(names.map(() => 0));
  const listed = await node.ok("pod", "inspect", ...names);
  const addresses = (JSON.parse(listed) as { IPs: string[] }[]).flatMap(({ IPs }) => IPs);
  expect(addresses).toHaveLength(20);
  expect(new Set(addresses).size).toBe(20);
  await node.ok("pod", "rm", "-f", ...names);
}, 120_000);

test("what cannot be: one line that names file or plugin, and nothing stays", async () => {
  await runPod("holder", "-p", "8090:80");
  await runPod("only", "--network", "small");
  const before = await everything();
  const cases: [flags: string[], says: RegExp][] = [
    [["--network", "red"], /^no network "red" in .*: there is blue, green, small, odd; .* is none: /],
    [
      ["--network", "missing"],
      /50-missing\.conflist is no network: its plugin nowhere is not in .*: install it/,
    ],
    [["--network", "blue,blue"], /^network blue is named twice$/],
    [["--network", "host", "-p", "80:80"], /^a pod on the host's network cannot have ports of its own$/],
    [["--network", "none", "--ip", "10.1.1.1"], /^a pod without a network cannot have an address: /],
    [["--network", "green", "-p", "80:80"], /green \(.*\) has no portmap plugin, .*: add \{"type":"portmap"/],
    [["--network", "small"], /failed: failed to allocate for range 0: no IP addresses available/],
    [["--ip", "10.9.9.9"], /failed: .*10\.9\.9\.9/],
    [["--ip", "here"], /^"here" is no IP address$/],
    [["-p", "8090:81"], /^port 8090\/tcp of the host is taken by pod holder: /],
    [["-p", "81:81", "-p", "81:82"], /^port 81\/tcp of the host is published twice$/],
    [
      ["-p", "10.9.9.9:81:81"],
      /^port 10\.9\.9\.9:81\/tcp cannot be published: the host has no such address$/,
    ],
    [["--sysctl", "kernel.panic=1"], /^sysctl "kernel.panic" cannot be set: it is no setting of a pod's own/],
    [["--dns", "a\nb"], /is no IP address$/],
    [["--annotation", "kubernetes.io/ingress-bandwidth=fast"], /must be bits a second from 1k to 1P/],
  ];
  for (const [flags, says] of cases)
    expect(await node.refusal("pod", "run", "--name", "bad", ...parent(), ...flags)).toMatch(says);
  for (const words of [
    ["-p", "80"],
    ["-p", "80:80/icmp"],
    ["-p", "80-82:80-81"],
    ["-p", "0:80"],
    ["--network", "blue,host"],
    ["--add-host", "x"],
  ])
    expect((await node.kpod("pod", "run", ...words)).exitCode).toBe(2);
  expect(await everything()).toEqual(before);
  await node.ok("pod", "rm", "-f", "holder", "only");
}, 120_000);

test("a port on which a program listens is not published", async () => {
  const script = "nc -l -p 8091 -e true & echo; wait";
  const listening = node.world.inNetwork("busybox", ["sh", "-c", script]);
  await until("a listener", async () =>
    (await inNetwork("cat", "/proc/net/tcp", "/proc/net/tcp6")).includes(":1F9B "),
  );
  expect(await node.refusal("pod", "run", "--name", "bad", ...parent(), "-p", "8091:80")).toMatch(
    /^port 8091\/tcp of the host is taken: a program listens on it: /,
  );
  await node.world.inNetwork("busybox", ["nc", "127.0.0.1", "8091"]);
  await listening;
});

describe("a plugin that", () => {
  const launch = ["pod", "run", "--name", "strange", "--network", "odd"];

  test.each([
    ["fails", fails(7, "bad weather"), /^CNI plugin odd, ADD for network odd \(.*\), failed: bad weather$/],
    ["prints rubbish", "echo what; exit 0", /^CNI plugin odd, .*, printed no result but "what"$/],
  ])("%s: what those before it made is taken down", async (_, script, says) => {
    const before = await everything();
    await whileOdd("ADD", script, async () => {
      expect(await node.refusal(...launch, ...parent())).toMatch(says);
    });
    expect(await everything()).toEqual(before);
  });

  test("says to try later is tried again", async () => {
    rmSync(`${plugin()}.calls`, { force: true });
    const later = `[ $(grep -c ADD "$0.calls") -lt 2 ] && { ${fails(11, "not yet")}; }`;
    await whileOdd("ADD", later, () => node.ok(...launch, ...parent()));
    await node.ok("pod", "rm", "-f", "strange");
  });

  test.each(["SIGINT", "SIGTERM"] as const)("hangs: %s takes all down", async (name) => {
    const before = await everything();
    rmSync(`${plugin()}.calls`, { force: true });
    await whileOdd("ADD", "sleep 1000", async () => {
      const child = node.world.startKpod([...launch, ...parent()]);
      const ended = new Promise((resolve) => child.on("close", resolve));
      await until("the plugin", () => existsSync(`${plugin()}.calls`));
      child.kill(name);
      expect(await ended).toBe(name === "SIGINT" ? 130 : 143);
    });
    expect(await everything()).toEqual(before);
  });

  test("was at it when kpod was killed: pod rm -f clears what it had made", async () => {
    const before = await everything();
    await whileOdd("ADD", 'echo $$ > "$0.pid"; exec sleep 1000', async () => {
      const child = node.world.startKpod([...launch, ...parent()]);
      const ended = new Promise((resolve) => child.on("exit", resolve));
      await until(
        "the plugin",
        () => existsSync(`${plugin()}.pid`) && readFileSync(`${plugin()}.pid`).length > 1,
      );
      child.kill("SIGKILL");
      await ended;
      process.kill(Number(readFileSync(`${plugin()}.pid`, "utf8")), "SIGKILL");
    });
    expect((await networkState()).filter((line) => line.startsWith("odd 10.127."))).toHaveLength(1);
    // Its spec was not written yet, which is told.
    expect((await node.kpod("pod", "rm", "-f", "strange")).exitCode).toBe(0);
    expect(await everything()).toEqual(before);
  });

  test("fails at DEL: rm keeps the pod, rm -f warns and goes on", async () => {
    const id = await runPod("strange", "--network", "odd");
    await whileOdd("DEL", fails(5, "stuck"), async () => {
      const says = /^CNI plugin odd, DEL for network odd, failed: stuck$/;
      const stopped = await node.kpod("pod", "stop", "-t", "0", "strange");
      expect([stopped.exitCode, stopped.stderr.trim().replace(/^Error: /, "")]).toEqual([
        1,
        expect.stringMatching(says),
      ]);
      expect(await node.refusal("pod", "rm", "strange")).toMatch(says);
      expect(await node.ok("pod", "ps", "-q", "--no-trunc")).toContain(id);
      const forced = await node.kpod("pod", "rm", "-f", "strange");
      expect(forced).toMatchObject({ exitCode: 0, stdout: `${id}\n` });
      expect(forced.stderr).toMatch(/^Warning: .*strange.*CNI plugin odd.*stuck\n$/i);
    });
    expect(await node.ok("pod", "ps", "-q", "--no-trunc")).not.toContain(id);
    // Left for CRI-O's garbage collection.
    rmSync(join(cacheDirectory, `odd-${id}-eth0`));
    expect((await networkState()).some((line) => line.includes("odd 10.127."))).toBe(false);
  });
});

test("a pod of CRI-O is taken down by what libcni cached, whatever is configured now", async () => {
  const before = await networkState();
  const id = await runPod("theirs", "--network", "odd");
  const { networkDir } = node.world;
  // As CRI-O leaves it: no mark of kpod's, no process, and a file of the cache as libcni writes it.
  await removeInfraProcess(node.world, id);
  for (const root of ["root", "runRoot"] as const) {
    const path = userdata(node.world, root, id, "config.json");
    const spec = JSON.parse(readFileSync(path, "utf8")) as { annotations: Record<string, string> };
    delete spec.annotations["kpod/created-by"];
    writeFileSync(path, JSON.stringify(spec));
  }
  const [odd, away] = [join(networkDir, "40-odd.conflist"), join(networkDir, "odd.bak")];
  renameSync(odd, away);
  rmSync(`${plugin()}.calls`, { force: true });
  try {
    await node.ok("pod", "stop", "-t", "0", "theirs");
    expect(readFileSync(`${plugin()}.calls`, "utf8")).toBe(`DEL ${id}\n`);
    // Where CRI-O looks for it of such a pod.
    expect(existsSync(userdata(node.world, "runRoot", id, "network-stopped"))).toBe(true);
    await node.ok("pod", "rm", "theirs");
  } finally {
    renameSync(away, odd);
  }
  expect(await networkState()).toEqual(before);
}, 120_000);
