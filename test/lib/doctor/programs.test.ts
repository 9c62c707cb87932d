import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examine } from "../../../src/lib/doctor/examine";
import { chosenChecks } from "../../../src/lib/doctor/choose";
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
  const network = { cniVersion: "1.0.0", name: "shopnet", plugins: [{ type: "bridge" }] };
  writeFileSync(join(networkDir, "10-shop.conflist"), JSON.stringify(network));
  const plugins = join(directory, "plugins");
  mkdirSync(plugins);
  writeFileSync(join(plugins, "bridge"), "", { mode: 0o755 });
  const { server } = versionServer(directory, { networkDir, pluginDirs: [plugins] });
  const words = ["net.hostport-stale"];
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
    for (const name of ["iptables-save", "ip6tables-save"])
      withProgram(directory, name, `exec nsenter ${inside.join(" ")} /usr/sbin/${name} "$@"`);
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
    for (const { mend } of all) {
      for (const command of mend.commands) execFileSync("nsenter", [...inside, "sh", "-c", command]);
    }
    expect(await examinedBy(server, words)).toEqual([]);
  } finally {
    holder.kill("SIGKILL");
    await ended;
  }
});
