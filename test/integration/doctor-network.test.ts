import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { mount, unmount } from "../../src/lib/system/mount";
import { pinNamespaces } from "../../src/lib/system/pinned-namespaces";
import { lockFileAtOnce } from "../../src/lib/system/file-lock";
import { examinedBy, expectSound, foundOn, mending, type ShownFinding } from "../helpers/doctor";
import { kpodCommand } from "../helpers/kpod";
import { useNode, usePod } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { testId } from "../helpers/store-tree";

const node = useNode({ settings: { "crio.network": { plugin_dirs: ["/usr/lib/cni"] } } }, (world) => {
  mkdirSync(world.networkDir, { recursive: true });
  const ipam = {
    ...{ type: "host-local", dataDir: join(world.directory, "leases") },
    ranges: [[{ subnet: "10.126.0.0/30" }]],
  };
  const plugins = [{ type: "bridge", bridge: "small0", ipam }];
  const list = { cniVersion: "1.0.0", name: "small", plugins };
  writeFileSync(join(world.networkDir, "10-small.conflist"), JSON.stringify(list));
});
const pod = usePod(node, "shop");
let web: Container;

/** What is found; all of it can be told. */
function found(...args: string[]): Promise<ShownFinding[]> {
  return foundOn(node, ...args);
}

const uuid = "0b3c4d5e-1234-4abc-8def-00112233aabb";

/** The pins of the pod, by their kind. */
function pinOf(type: string, { infraContainer } = pod): string {
  const spec = JSON.parse(readFileSync(join(infraContainer.dir, "config.json"), "utf8")) as {
    linux: { namespaces: { type: string; path?: string }[] };
  };
  return spec.linux.namespaces.find((namespace) => namespace.type === type)?.path ?? "";
}

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
});

test("a namespace that nobody names, and a file that pins none", async () => {
  await expectSound(node, "--min-age", "0s");
  const directory = join(node.world.namespacesDir, "netns");
  const [pin, plain] = [join(directory, uuid), join(directory, uuid.replace("0b", "1c"))];
  pinNamespaces({ network: pin });
  writeFileSync(plain, "");
  try {
    // What somebody may be at work on is not told.
    expect(await found()).toEqual([]);
    const findings = await found("--min-age", "0s");
    expect(findings.map(({ id, severity, object }) => [id, severity, object.kind, object.path])).toEqual(
      expect.arrayContaining([
        ["ns.pin-left", "leaks", "mount", pin],
        ["ns.pin-left", "leaks", "path", plain],
      ]),
    );
    expect(findings).toHaveLength(2);
    expect(findings.find(({ object }) => object.path === pin)?.mend).toMatchObject({
      class: "S",
      commands: [`umount ${pin}`, `rm ${pin}`],
    });
    const mended = await node.kpod("doctor", "--mend", "--yes", "--min-age", "0s", "ns.pin-left");
    expect({ exitCode: mended.exitCode, stderr: mended.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect([pin, plain].filter((path) => existsSync(path))).toEqual([]);
    await expectSound(node, "--min-age", "0s");
  } finally {
    unmount(pin);
    rmSync(pin, { force: true });
    rmSync(plain, { force: true });
  }
});

test("a pinned namespace of a pod that is covered, and one that is gone", async () => {
  const uts = pinOf("uts");
  const cover = join(node.world.namespacesDir, "utsns");
  mount({ source: "kpod-test", target: cover, type: "tmpfs" });
  try {
    const findings = await found();
    expect(findings.map(({ id }) => id)).toEqual(["ns.pin-shadowed"]);
    expect(findings[0]).toMatchObject({ object: { kind: "pod", id: pod.id, name: "shop" } });
    expect(findings[0]?.evidence).toContainEqual({ file: cover, says: "is mounted over it" });
    expect(findings[0]?.consequence).toBe("no container can be started in the pod");
  } finally {
    unmount(cover);
  }
  unmount(uts);
  const findings = await found();
  expect(findings.map(({ id }) => id)).toEqual(["ns.pin-invalid"]);
  expect(findings[0]).toMatchObject({
    severity: "breaks-now",
    object: { kind: "pod", id: pod.id },
    mend: { class: "Q", commands: [`kpod pod rm -f ${pod.id.slice(0, 13)}`] },
  });
  expect(findings[0]?.evidence).toContainEqual({ file: uts, says: "is a plain file, and no namespace" });
  // As before: the namespace lives on in the pod's containers.
  const { pid } = web.state ?? (await (await node.openServer()).server.runtime.containerStatus(web));
  mount({ source: `/proc/${pid}/ns/uts`, target: uts, flags: 4096 });
  await expectSound(node);

  // One that is named goes, with what runs in it.
  const brief = await node.pod("brief");
  await node.start(brief, "job", "sleep 1000");
  unmount(pinOf("uts", brief));
  const [lost, ...none] = await found();
  expect([lost?.object.id, none]).toEqual([brief.id, []]);
  expect((await node.kpod("doctor", "--mend", "--quick", "--yes")).exitCode).toBe(1);
  await node.ok("doctor", "--mend", "--quick", "--yes", lost?.finding ?? "");
  expect(await node.ok("pod", "ps", "-q", "--no-trunc")).toBe(`${pod.id}\n`);
  await expectSound(node, "--min-age", "0s");
});

test("leases of pods that are gone, until no address is left", async () => {
  const leases = join(node.world.directory, "leases/small");
  mkdirSync(leases, { recursive: true });
  writeFileSync(join(leases, "last_reserved_ip.0"), "10.126.0.2");
  const gone = testId("gone");
  const lease = join(leases, "10.126.0.2");
  writeFileSync(lease, `${gone}\r\neth0`);
  try {
    expect(await found()).toEqual([]);
    const [finding, ...others] = await found("--min-age", "0s");
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: "net.lease-leaked",
      severity: "breaks-now",
      object: { kind: "lease", id: gone, name: "small 10.126.0.2", path: lease },
      mend: { class: "S", commands: [`flock ${join(leases, "lock")} rm ${lease}`] },
    });
    expect(finding?.consequence).toContain("1 of 1 addresses are given away, 1 of them leaked");
    writeFileSync(lease, `${pod.id}\r\neth0`);
    await expectSound(node, "--min-age", "0s");
  } finally {
    rmSync(leases, { recursive: true });
  }
});

test("what a pod that runs without a record has is not left over: its address, its logs, its directories", async () => {
  const records = join(node.world.root, "overlay-containers/containers.json");
  const lost = await node.pod("lost");
  const db = await node.start(lost, "db", "sleep 1000");
  const text = readFileSync(records, "utf8");
  const leases = join(node.world.directory, "leases/small");
  mkdirSync(leases, { recursive: true });
  writeFileSync(join(leases, "10.126.0.2"), `${lost.id}\r\neth0`);
  const logs = dirname(db.logPath);
  for (const path of [join(logs, basename(db.logPath)), logs]) utimesSync(path, 1_700_000_000, 1_700_000_000);
  const { server } = await node.openServer();
  const foundBy = async (): Promise<string[]> =>
    (await examinedBy(server, ["net", "disk", "storage", "ns"])).map(
      ({ id, object, mend }) => `${id} ${String(object.path ?? object.id)} ${mend.class}`,
    );
  const without = (ids: readonly string[]): string =>
    JSON.stringify((JSON.parse(text) as { id: string }[]).filter(({ id }) => !ids.includes(id)));
  // Pods that were removed before have left their logs.
  const before = await foundBy();
  const foundSince = async (): Promise<string[]> =>
    (await foundBy()).filter((line) => !before.includes(line) && !/^(storage|proc)\..* N$/.test(line));
  try {
    writeFileSync(records, without([lost.id, db.id]));
    expect(await foundSince()).toEqual([]);
    // The containers of a pod may have kept their records.
    writeFileSync(records, without([lost.id]));
    expect(await foundSince()).toEqual([]);
  } finally {
    writeFileSync(records, text);
    rmSync(leases, { recursive: true });
  }
  await node.ok("pod", "rm", "-f", "lost");
  await expectSound(node, "--min-age", "0s");
});

test("no network that can be used, a clock that stands before a record, another mount namespace", async () => {
  const file = join(node.world.networkDir, "10-small.conflist");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, before.replace('"bridge"', '"nowhere"'));
  try {
    const [finding, ...others] = await found();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: "net.config",
      severity: "breaks-now",
      object: { path: node.world.networkDir },
    });
    expect(finding?.evidence[0]?.file).toBe(file);
  } finally {
    writeFileSync(file, before);
  }
  const records = join(node.world.root, "overlay-containers/containers.json");
  const text = readFileSync(records, "utf8");
  writeFileSync(records, text.replace(/"created":"\d{4}/, '"created":"2099'));
  try {
    expect((await found("system")).map(({ id }) => id)).toEqual(["system.clock-boot"]);
  } finally {
    writeFileSync(records, text);
  }
  const words = ["-m", ...kpodCommand, "--config", node.world.config, "doctor", "system", "--format", "json"];
  const { stdout } = await runProcess("unshare", words);
  const { findings } = JSON.parse(stdout) as { findings: ShownFinding[] };
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["system.mount-namespace", "informs"]]);
});

test("leases that are leaked are given back, and put back by undo", async () => {
  const leases = join(node.world.directory, "leases/small");
  mkdirSync(leases, { recursive: true });
  const lease = join(leases, "10.126.0.2");
  const said = `${testId("gone")}\r\neth0`;
  writeFileSync(lease, said);
  const lock = join(leases, "lock");
  writeFileSync(lock, "");
  try {
    // While host-local is at work there nothing is removed.
    const release = lockFileAtOnce(lock, "read");
    expect(await node.refusal(...mending, "net.lease-leaked")).toBe(
      `somebody holds ${lock}: see fuser -v, and try again`,
    );
    expect(readFileSync(lease, "utf8")).toBe(said);
    if (typeof release === "function") release();
    await node.ok(...mending, "net.lease-leaked");
    expect(readdirSync(leases)).toEqual(["lock"]);
    await expectSound(node, "--min-age", "0s");
    await node.kpod("doctor", "undo", "--yes");
    expect(readFileSync(lease, "utf8")).toBe(said);
    await node.ok(...mending, "net.lease-leaked");
    writeFileSync(lease, `${pod.id}\r\neth0`);
    const { exitCode, stderr } = await node.kpod("doctor", "undo", "--yes");
    expect([exitCode, stderr]).toEqual([
      1,
      `Error: this stays as it is: ${lease} was given to another pod since\n`,
    ]);
  } finally {
    rmSync(leases, { recursive: true });
  }
});

test("thousands of exit files and links of containers that are gone", async () => {
  const { exitsDir, attachDir } = node.world;
  const names = Array.from({ length: 1_200 }, (_, index) => index.toString(16).padStart(64, "0"));
  mkdirSync(exitsDir, { recursive: true });
  mkdirSync(attachDir, { recursive: true });
  for (const name of names) {
    symlinkSync(join(node.world.directory, "nowhere", name), join(attachDir, name));
    writeFileSync(join(exitsDir, name), "0");
    utimesSync(join(exitsDir, name), 1_700_000_000, 1_700_000_000);
  }
  try {
    const findings = await found();
    expect(
      findings.map(({ id, severity, object }) => [id, severity, basename(String(object.path))]).sort(),
    ).toEqual([exitsDir, attachDir].map((directory) => ["run.full", "leaks", basename(directory)]).sort());
    expect(findings.map(({ evidence: [evidence] }) => evidence?.says).join()).toMatch(
      /has 1200 (links|exit files)/,
    );
    writeFileSync(join(exitsDir, "other"), "0");
    const kept = (directory: string): string[] =>
      readdirSync(directory).filter((name) => !names.includes(name));
    const before = [exitsDir, attachDir].map(kept);
    await node.ok(...mending, "run.full");
    expect([exitsDir, attachDir].map((directory) => readdirSync(directory))).toEqual(before);
  } finally {
    for (const name of names) {
      rmSync(join(exitsDir, name), { force: true });
      rmSync(join(attachDir, name), { force: true });
    }
    rmSync(join(exitsDir, "other"), { force: true });
  }
  await expectSound(node);
});
