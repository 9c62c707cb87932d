import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { attach } from "../../src/lib/network/attachment";
import { cniCacheDirectory } from "../../src/lib/network/cache";
import { parseNetworkList } from "../../src/lib/network/network-list";
import { unmount } from "../../src/lib/system/mount";
import { pinNamespaces } from "../../src/lib/system/pinned-namespaces";
import { expectSound, foundOn, mending, type ShownFinding } from "../helpers/doctor";
import { useNode } from "../helpers/node";
import { testId } from "../helpers/store-tree";

const pluginDirs = ["/usr/lib/cni"];

const node = useNode(
  { settings: { "crio.network": { plugin_dirs: pluginDirs } } },
  ({ networkDir, directory }) => {
    mkdirSync(networkDir, { recursive: true });
    const ipam = { type: "host-local", dataDir: join(directory, "leases"), subnet: "10.125.0.0/30" };
    writeFileSync(join(networkDir, "10-taken.conflist"), textOf({ ipam }));
  },
);

/** A network of one address. */
function textOf(further: Readonly<Record<string, unknown>>): string {
  const bridge = { type: "bridge", bridge: "taken0", isGateway: true, ...further };
  return JSON.stringify({ cniVersion: "1.0.0", name: "taken", plugins: [bridge] });
}

/** What is found; all of it can be told. */
function found(...args: string[]): Promise<ShownFinding[]> {
  return foundOn(node, ...args);
}

const uuid = "0b3c4d5e-1234-4abc-8def-00112233aabb";

test("what the plugins have set up for a pod that is gone is taken down by them", async () => {
  const pin = join(node.world.namespacesDir, "netns", uuid);
  const leases = join(node.world.directory, "leases/taken");
  const lease = join(leases, "10.125.0.2");
  const ipam = { type: "host-local", dataDir: join(node.world.directory, "leases"), subnet: "10.125.0.0/30" };
  const rules = (id: string): string[] =>
    execFileSync("iptables-save", ["-t", "nat"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(id));
  // Without a namespace the plugin bridge leaves its rules, whoever calls it.
  const attached = async (id: string, ipMasq = false): Promise<string> => {
    mkdirSync(dirname(pin), { recursive: true });
    pinNamespaces({ network: pin });
    const network = parseNetworkList("", textOf({ ipMasq, ipam }));
    const attachment = { network, containerId: id, netns: pin, ifName: "eth0", args: [], capabilityArgs: {} };
    await attach({ pluginDirs }, attachment);
    expect(rules(id).length > 0).toBe(ipMasq);
    return join(cniCacheDirectory, `taken-${id}-eth0`);
  };
  const leave = (): void => {
    unmount(pin);
    rmSync(pin, { force: true });
  };
  const ids = ["pinned", "leased", "cached"].map((name) => testId(name));
  const [pinned = "", leased = "", cached = ""] = ids;
  try {
    // Where its namespace is still pinned, it is taken out of its networks first.
    const first = await attached(pinned, true);
    const [left, ...others] = await found("--min-age", "0s");
    expect([left?.id, left?.object.path, others]).toEqual(["ns.pin-left", pin, []]);
    expect(left?.evidence).toContainEqual({ file: first, says: "tells that it is in taken" });
    const mended = await node.kpod(...mending);
    expect([mended.exitCode, mended.stderr]).toEqual([0, ""]);
    expect([pin, lease, first].filter((path) => existsSync(path))).toEqual([]);
    expect(rules(pinned)).toEqual([]);
    // What the plugins did and what was done under the locks is one mending.
    const name = left?.finding ?? "";
    expect(await node.ok("doctor", "history", "--noheading")).toMatch(
      new RegExp(`^\\S+ +${name} +mended +[^\\n]+\\n$`),
    );
    const undone = await node.kpod("doctor", "undo", "--yes");
    expect([undone.exitCode, undone.stdout]).toEqual([1, `${name}\n`]);
    expect(undone.stderr).toContain(`${pinned.slice(0, 13)} was taken out of the network taken`);
    expect(undone.stderr).toContain(`${pin} was unmounted`);
    // Its file is there again, without a namespace.
    expect(readFileSync(pin, "utf8")).toBe("");
    rmSync(pin);

    const second = await attached(leased);
    leave();
    const [leaked] = await found("--min-age", "0s");
    expect([leaked?.id, leaked?.object.path]).toEqual(["net.lease-leaked", lease]);
    // By hand it is done by the commands.
    for (const command of leaked?.mend.commands.slice(0, 1) ?? [])
      execFileSync("sh", ["-c", command], { stdio: "pipe" });
    expect([existsSync(lease), existsSync(second)]).toEqual([false, true]);
    await node.ok(...mending);
    expect(existsSync(second)).toBe(false);

    const third = await attached(cached);
    leave();
    rmSync(lease);
    const [alone, ...none] = await found("--min-age", "0s");
    expect(none).toEqual([]);
    expect(alone).toMatchObject({ id: "net.lease-leaked", severity: "leaks", object: { path: third } });
    await node.ok(...mending);
    expect(existsSync(third)).toBe(false);
    await expectSound(node, "--min-age", "0s");

    // What a plugin that is gone has set up stays, and is told.
    const last = await attached(cached);
    leave();
    const written = readFileSync(last, "utf8");
    const gone = Buffer.from(
      textOf({ ipMasq: false, ipam }).replace('"bridge","bridge"', '"no-bridge","bridge"'),
    ).toString("base64");
    writeFileSync(last, written.replace(/"config":"[^"]*"/, `"config":"${gone}"`));
    const told = await node.kpod(...mending);
    expect(told.exitCode).toBe(0);
    expect(told.stderr).toContain(`have set up for ${cached.slice(0, 13)} may stay: `);
    expect([lease, last].filter((path) => existsSync(path))).toEqual([]);
  } finally {
    leave();
    rmSync(leases, { recursive: true, force: true });
    for (const id of ids) rmSync(join(cniCacheDirectory, `taken-${id}-eth0`), { force: true });
    if (existsSync("/sys/class/net/taken0")) execFileSync("ip", ["link", "del", "taken0"]);
  }
});
