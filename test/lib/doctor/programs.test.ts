import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examine } from "../../../src/lib/doctor/examine";
import type { Finding } from "../../../src/lib/doctor/finding";
import { chosenChecks } from "../../../src/lib/doctor/choose";
import { performOutside } from "../../../src/lib/doctor/mend/outside";
import { isOutside } from "../../../src/lib/doctor/step";
import { nftCommentOf } from "../../../src/lib/network/nftables-ports";
import { examinedBy } from "../../helpers/doctor";
import { testId } from "../../helpers/store-tree";
import { ids, versionServer, versionWorld } from "../../helpers/version-worlds";

const path = process.env.PATH ?? "";

afterEach(() => {
  process.env.PATH = path;
});

/** Has a program found before all others of its name. */
function withProgram(directory: string, name: string, script: string): void {
  const place = join(directory, "programs");
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(place, name), 0o755);
  process.env.PATH = `${place}:${path}`;
}

test("scopes of systemd that have failed, of containers that nobody has", async () => {
  const directory = versionWorld("1.36");
  const words = ["proc.scope-left"];
  const { server: other } = versionServer(directory);
  const { server } = versionServer(directory, { cgroupManager: "systemd" });
  const [gone, kept] = [testId("gone"), ids.runs];
  const line = (unit: string): string => `echo '${unit} loaded failed failed libcontainer container'`;
  const units = [`crio-${gone}.scope`, `crio-conmon-${gone}.scope`, `crio-${kept}.scope`];
  // Where no systemd runs, this says what it would say.
  withProgram(directory, "systemctl", units.map(line).join("\n"));
  expect(await examinedBy(other, words)).toEqual([]);
  const found = await examinedBy(server, words);
  expect(
    found.map(({ severity, object, mend }) => [severity, object.id, mend.class, ...mend.commands]).sort(),
  ).toEqual(
    units
      .slice(0, 2)
      .map((unit) => ["leaks", gone, "S", `systemctl reset-failed ${unit}`])
      .sort(),
  );
  withProgram(directory, "systemctl", "echo 'Failed to connect to bus' >&2; exit 1");
  const { unknown } = await examine(server, { checks: chosenChecks(words), live: true, quick: false });
  expect(unknown).toEqual([
    { id: "proc.scope-left", why: "systemctl does not tell which units there are: Failed to connect to bus" },
  ]);
});

test("rules that lead ports of the host to pods that are gone", async () => {
  const directory = versionWorld("1.36");
  const networkDir = join(directory, "net.d");
  mkdirSync(networkDir);
  const ipam = { type: "host-local", subnet: "10.1.0.0/24", dataDir: join(directory, "leases") };
  const network = { cniVersion: "1.0.0", name: "shopnet", plugins: [{ type: "bridge", ipam }] };
  writeFileSync(join(networkDir, "10-shop.conflist"), JSON.stringify(network));
  const plugins = join(directory, "plugins");
  mkdirSync(plugins);
  writeFileSync(join(plugins, "bridge"), "", { mode: 0o755 });
  const { server } = versionServer(directory, { networkDir, pluginDirs: [plugins] });
  const words = ["net.hostport-stale"];
  const mendAll = async (findings: readonly Finding[]): Promise<void> => {
    for (const { mend } of findings)
      for (const step of mend.steps ?? []) if (isOutside(step)) await performOutside(server, step);
  };
  // The rules of a network namespace of its own, as iptables has them.
  const holder = spawn("unshare", ["-n", "sh", "-c", "echo; exec sleep 1000"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => holder.once("exit", resolve));
  try {
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const inside = ["-t", String(holder.pid ?? 0), "-n"];
    const iptables = (...args: string[]): void => {
      execFileSync("nsenter", [...inside, "iptables", "-w", "-t", "nat", ...args]);
    };
    for (const name of ["iptables-save", "ip6tables-save", "iptables-restore", "nft"])
      withProgram(directory, name, `exec nsenter ${inside.join(" ")} /usr/sbin/${name} "$@"`);
    const nft = (...lines: string[]): string =>
      execFileSync("nsenter", [...inside, "nft", "-f", "-"], { input: lines.join("\n"), encoding: "utf8" });
    expect(await examinedBy(server, words)).toEqual([]);
    const add = (all: string, chain: string, comment: string, port: string): void => {
      iptables("-N", chain);
      iptables(
        "-A",
        all,
        "-p",
        "tcp",
        "-m",
        "comment",
        "--comment",
        comment,
        "-m",
        "tcp",
        "--dport",
        port,
        "-j",
        chain,
      );
      iptables("-A", chain, "-p", "tcp", "-j", "DNAT", "--to-destination", "10.1.0.9:80");
    };
    const gone = testId("gone");
    iptables("-N", "CNI-HOSTPORT-DNAT");
    add("CNI-HOSTPORT-DNAT", "CNI-DN-aaaaaaaaaaaaaaaa", `dnat name: "shopnet" id: "${gone}"`, "8080");
    add("CNI-HOSTPORT-DNAT", "CNI-DN-bbbbbbbbbbbbbbbb", `dnat name: "shopnet" id: "${ids.infraPod}"`, "8081");
    add("CNI-HOSTPORT-DNAT", "CNI-DN-cccccccccccccccc", `dnat name: "elsewhere" id: "${gone}"`, "8082");
    iptables("-N", "KUBE-HOSTPORTS");
    add("KUBE-HOSTPORTS", "KUBE-HP-AAAAAAAAAAAAAAAA", "old_shop hostport 9090", "9090");
    const cni = await examinedBy(server, words);
    expect(cni).toMatchObject([
      { severity: "breaks-now", object: { id: gone, name: "port 8080" }, mend: { class: "S" } },
    ]);
    add("KUBE-HOSTPORTS", "KUBE-HP-BBBBBBBBBBBBBBBB", "db_shop hostport 9091", "9091");
    const all = await examinedBy(server, words);
    expect(all.map(({ object }) => object.name).sort()).toEqual(["port 8080", "port 9090"]);
    // One rule for each protocol leads to the same chain.
    const [first] = all.flatMap(({ evidence: [rule] }) =>
      rule?.says.includes("8080") === true ? [rule.says] : [],
    );
    execFileSync("nsenter", [
      ...inside,
      "sh",
      "-c",
      `iptables -w -t nat ${(first ?? "").replaceAll("tcp", "udp").replace("8080", "8053")}`,
    ]);
    const both = await examinedBy(server, words);
    expect(both.map(({ object }) => object.name).sort()).toEqual(["port 9090", "ports 8080, 8053"]);
    const [byHand, ...byStep] = both;
    for (const command of byHand?.mend.commands ?? [])
      execFileSync("nsenter", [...inside, "sh", "-c", command]);
    expect(await examinedBy(server, words)).toHaveLength(1);
    await mendAll(byStep);
    expect(await examinedBy(server, words)).toEqual([]);
    // What is done already is done again without harm.
    await mendAll(both);

    // As portmap makes them by its backend nftables, and CRI-O itself.
    const portmap = (id: string, port: number, address: string): string[] => [
      `add rule ip cni_hostport hostports ip protocol tcp th dport ${port} dnat ip addr . port to ${address} . 80 comment "${id}"`,
      `add rule ip cni_hostport masquerading ip saddr 127.0.0.1 ip daddr ${address} masquerade comment "${id}"`,
    ];
    const own = (id: string, port: number, address: string): string[] => [
      `add element ip crio-hostports hostports { tcp . ${port} comment "${nftCommentOf(id)}" : ${address} . 80 }`,
      `add element ip crio-hostports hostipports { 192.0.2.1 . udp . ${port} comment "${nftCommentOf(id)}" : ${address} . 80 }`,
      `add element ip crio-hostports hairpins { ${address} . ${address} comment "${nftCommentOf(id)}" }`,
    ];
    nft(
      "add table ip cni_hostport",
      "add chain ip cni_hostport hostports",
      "add chain ip cni_hostport masquerading { type nat hook postrouting priority 100 ; }",
      ...portmap(gone, 8080, "10.1.0.9"),
      ...portmap(testId("elsewhere"), 8081, "10.2.0.9"),
      ...portmap(ids.infraPod, 8082, "10.1.0.10"),
      "add table ip crio-hostports",
      "add map ip crio-hostports hostports { type inet_proto . inet_service : ipv4_addr . inet_service ; }",
      "add map ip crio-hostports hostipports { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service ; }",
      "add set ip crio-hostports hairpins { type ipv4_addr . ipv4_addr ; }",
      ...own(gone, 9090, "10.1.0.9"),
    );
    const others = await examinedBy(server, words);
    expect(others).toMatchObject([{ object: { id: gone, name: "port 8080" }, mend: { class: "S" } }]);
    nft(...own(ids.infraPod, 9091, "10.1.0.10"));
    const stale = await examinedBy(server, words);
    expect(stale.map(({ object }) => object.name).sort()).toEqual(["port 8080", "port 9090"]);
    expect(stale.map(({ mend }) => mend.commands.length).sort()).toEqual([2, 3]);
    const [inHand, ...inSteps] = stale;
    for (const command of inHand?.mend.commands ?? [])
      execFileSync("nsenter", [...inside, "sh", "-c", command]);
    await mendAll(inSteps);
    expect(await examinedBy(server, words)).toEqual([]);
    await mendAll(stale);
    const left = execFileSync("nsenter", [...inside, "nft", "list", "ruleset"], { encoding: "utf8" });
    expect([gone, nftCommentOf(gone)].filter((comment) => left.includes(comment))).toEqual([]);
    expect([ids.infraPod, testId("elsewhere")].filter((comment) => left.split(comment).length === 3)).toEqual(
      [ids.infraPod, testId("elsewhere")],
    );
    expect(left.split(nftCommentOf(ids.infraPod))).toHaveLength(4);

    // A kernel that knows no nftables has no rules of it.
    withProgram(
      directory,
      "nft",
      "echo 'netlink: Error: cache initialization failed: Operation not supported' >&2; exit 1",
    );
    expect(await examinedBy(server, words)).toEqual([]);
    withProgram(directory, "nft", "echo 'Operation not permitted' >&2; exit 1");
    const { unknown } = await examine(server, { checks: chosenChecks(words), live: true, quick: false });
    expect(unknown).toEqual([
      { id: "net.hostport-stale", why: "nft -j list tables fails: Operation not permitted" },
    ]);
  } finally {
    holder.kill("SIGKILL");
    await ended;
  }
});
