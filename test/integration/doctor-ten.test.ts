import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJournals } from "../../src/lib/doctor/mend/journal";
import type { Container } from "../../src/lib/oci/container";
import { isMountPoint, mount, unmount } from "../../src/lib/system/mount";
import { pinNamespaces } from "../../src/lib/system/pinned-namespaces";
import { examined, expectSound, looked } from "../helpers/doctor";
import { killedAt } from "../helpers/killed";
import { useNode, usePod } from "../helpers/node";
import { testId } from "../helpers/store-tree";

const node = useNode({ settings: { "crio.network": { plugin_dirs: ["/usr/lib/cni"] } } }, (world) => {
  mkdirSync(world.networkDir, { recursive: true });
  const ipam = { type: "host-local", dataDir: join(world.directory, "leases"), subnet: "10.126.1.0/29" };
  const plugins = [{ type: "bridge", bridge: "ten0", ipam }];
  writeFileSync(
    join(world.networkDir, "10-ten.conflist"),
    JSON.stringify({ cniVersion: "1.0.0", name: "ten", plugins }),
  );
});
const pod = usePod(node, "shop");
let web: Container;
let ended: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
  ended = await node.start(pod, "ended", "exit 3");
  await node.ok("wait", "ended");
  // No CRI-O persists that it has ended.
  await node.ok("stop", "ended");
}, 120_000);

const inRoot = (...names: string[]): string => join(node.world.root, ...names);

type JsonRecord = Record<string, unknown> & { id: string };

function edit(path: string, change: (records: JsonRecord[]) => JsonRecord[]): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")) as JsonRecord[])));
}

const gone = testId("gone");
const stray = testId("stray");
const merged = (): string => inRoot("overlay", stray, "merged");
const pin = (): string => join(node.world.namespacesDir, "netns/0b3c4d5e-1234-4abc-8def-00112233aabb");

/** What does harm, one trouble each, by the check that finds it. */
const troubles: Readonly<Record<string, () => void>> = {
  "storage.temp-left": () => {
    const left = inRoot("overlay/staging/1");
    mkdirSync(left, { recursive: true });
    utimesSync(left, 1_700_000_000, 1_700_000_000);
  },
  "storage.link-lost": () => {
    rmSync(inRoot("overlay/l", readFileSync(inRoot("overlay", web.layerId, "link"), "utf8")));
  },
  "storage.layer-unknown": () => {
    edit(inRoot("overlay-layers/layers.json"), (layers) => layers.filter(({ id }) => id !== ended.layerId));
  },
  "storage.layer-incomplete": () => {
    edit(inRoot("overlay-layers/layers.json"), (layers) => [
      ...layers,
      { id: testId("half"), flags: { incomplete: true } },
    ]);
  },
  "storage.layer-unowned": () => {
    mkdirSync(inRoot("overlay", stray, "diff"), { recursive: true });
    symlinkSync("/etc", inRoot("overlay", stray, "diff/elsewhere"));
  },
  "storage.mount-leaked": () => {
    mkdirSync(merged(), { recursive: true });
    mount({ source: "tmpfs", target: merged(), type: "tmpfs" });
    writeFileSync(join(merged(), "file"), "");
  },
  "storage.image-broken": () => {
    edit(inRoot("overlay-images/images.json"), (images) => [
      ...images,
      {
        ...images.find(({ names }) => String(names).includes("busybox")),
        id: gone,
        names: ["localhost/ten:1"],
      },
    ]);
    mkdirSync(inRoot("overlay-images", gone));
  },
  "storage.record-corrupt": () => {
    writeFileSync(join(web.dir, "config.json"), "");
  },
  "ns.pin-left": () => {
    mkdirSync(join(pin(), ".."), { recursive: true });
    pinNamespaces({ network: pin() });
  },
  "net.lease-leaked": () => {
    const leases = join(node.world.directory, "leases/ten");
    mkdirSync(leases, { recursive: true });
    writeFileSync(join(leases, "lock"), "");
    writeFileSync(join(leases, "10.126.1.2"), `${gone}\r\neth0`);
  },
};
const ids = Object.keys(troubles);

function harm(): void {
  for (const trouble of Object.values(troubles)) trouble();
}

afterAll(() => {
  for (const path of [merged(), pin()]) if (existsSync(path)) unmount(path);
});

const quickly = ["--quick", "--min-age", "0s"];
const mending = ["doctor", "--mend", "--yes", ...quickly];

/** Nothing is at odds, all programs read the store, and what could be saved is there as it was. */
async function expectSaved(): Promise<void> {
  await expectSound(node, "--min-age", "0s");
  await node.agree();
  const shown = await node.ok("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Status}}");
  const [first = "", second = "", ...more] = shown.trim().split("\n").sort();
  const lines = [`${web.id} Up`, `${ended.id} Exited (3)`].sort();
  expect([first.startsWith(lines[0] ?? ""), second.startsWith(lines[1] ?? ""), more]).toEqual([
    true,
    true,
    [],
  ]);
  expect(await node.ok("exec", "web", "echo", "alive")).toBe("alive\n");
  expect([merged(), pin()].filter((path) => existsSync(path) || isMountPoint(path))).toEqual([]);
}

test("ten troubles at once: told all and nothing else, mended all, and nothing is lost that could be saved", async () => {
  await expectSound(node, "--min-age", "0s");
  harm();
  const { findings, unknown } = await examined(node, "--looks", "--min-age", "0s");
  expect({ ids: findings.map(({ id }) => id).sort(), unknown }).toEqual({
    ids: [...ids].sort(),
    unknown: [],
  });
  const done = (await node.ok(...mending)).trim().split("\n");
  expect(findings.map(({ finding }) => finding)).toEqual(expect.arrayContaining(done));
  await expectSaved();
}, 300_000);

// Each line of the journal is on the disk before what it tells is done: to be killed as one is written is to be killed
// between any two steps.
test("whoever is killed between any two steps of all this leaves what the next one ends", async () => {
  harm();
  let begun = 0;
  let exitCode = 137;
  for (let step = 0; exitCode === 137; step++) {
    ({ exitCode } = await killedAt(
      1 + (step % 7),
      ["--config", node.world.config, ...mending],
      "fsync,fdatasync",
    ));
    const unfinished = await looked(node, "doctor.unfinished");
    begun += unfinished.length > 0 ? 1 : 0;
    expect(step).toBeLessThan(100);
  }
  expect(begun).toBeGreaterThan(3);
  await node.kpod(...mending);
  await expectSaved();
  const entries = readJournals({ kpodStateDir: join(node.world.directory, "state") }).flatMap(
    (each) => each.entries,
  );
  expect(entries.filter(({ ended: isEnded, undone }) => !isEnded && !undone)).toEqual([]);
}, 600_000);
