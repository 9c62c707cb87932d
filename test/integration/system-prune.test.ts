import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KpodError } from "../../src/lib/errors";
import type { StorageId } from "../../src/lib/names/ids";
import type { Container } from "../../src/lib/oci/container";
import { planPrune, prune } from "../../src/lib/operations/prune-system";
import { mount, mountFlags, unmount } from "../../src/lib/system/mount";
import { KPOD } from "../helpers/kpod";
import { tracesOf, useNode, usePod } from "../helpers/node";
import { runProcess, succeeded } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { until } from "../helpers/until";

// A file system of its own: what is got back is what it says.
const node = useNode({}, ({ root }) => {
  mkdirSync(root, { recursive: true });
  mount({ source: "kpod-test", target: root, type: "tmpfs", data: "size=256m" });
});
const pod = usePod(node, "shop");

/** One that has ended, in a pod that is there, and one whose pod has gone. */
let kept: Container;
let stray: Container;

const megabyte = 1_048_576;

/** Makes an image of one layer with a file of a size that nothing compresses. @returns its id */
async function makeImage(name: string, bytes: number): Promise<string> {
  const directory = join(node.world.scratch, name.replace(/\W/g, "-"));
  mkdirSync(directory);
  writeFileSync(join(directory, "file"), randomBytes(bytes));
  const archive = `${directory}.tar`;
  succeeded(await runProcess("tar", ["-C", directory, "-cf", archive, "."]), "tar");
  return succeeded(await node.world.podman(["import", "-q", archive, name]), "podman import")
    .stdout.trim()
    .replace("sha256:", "");
}

/** Runs kpod, which must succeed and may say of the one container that its pod has gone. @returns what it printed */
async function looked(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await node.kpod(...args);
  const warned = expect.stringMatching(
    /^(?:Warning: [^\n]+: the record of its pod \w+ is gone\n)?$/,
  ) as string;
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: warned });
  return stdout;
}

async function imageIds(): Promise<string[]> {
  const images = JSON.parse(await node.ok("images", "--format", "json")) as { id: string }[];
  return images.map(({ id }) => id).sort();
}

function usedBytes(): number {
  const { blocks, bfree, bsize } = statfsSync(node.world.root);
  return (blocks - bfree) * bsize;
}

beforeAll(async () => {
  kept = await node.start(pod, "kept", "exit 3");
  const gone = await node.pod("gone");
  stray = await node.start(
    gone,
    "stray",
    `dd if=/dev/urandom of=/made bs=${megabyte} count=3 2>/dev/null; exit 3`,
  );
  await node.ok("wait", "kept", "stray");
  await node.ok("pod", "stop", "gone");
  const { server } = await node.openServer();
  succeeded(await node.world.runtime(["delete", gone.id]), "delete");
  await server.store.deleteContainer(gone.id as StorageId);
}, 120_000);

test("asks, refuses where nobody can be asked, and shows what would go without a change", async () => {
  expect(await node.refusal("system", "prune")).toBe(
    "a prune asks first, and standard input is no terminal: give --yes, or --dry-run to see what would be removed",
  );
  const plan = await looked("system", "prune", "--dry-run");
  expect(plan).toMatch(
    new RegExp(
      `^KIND +ID +NAME +FREES\\ncontainer +${stray.id.slice(0, 13)} +${stray.name} +3\\.\\d+MB\\nWould free 3\\.\\d+MB\\n$`,
    ),
  );
  expect(await looked("system", "prune", "-n", "--filter", "until=1h")).toBe(
    "KIND   ID   NAME   FREES\nWould free 0B\n",
  );
  const refused = await startInPty(KPOD, ["--config", node.world.config, "system", "prune"]);
  await until("it asks", () => refused.output().includes("Remove all this? [y/N] "));
  refused.type("n\r");
  expect(await refused.ended).toBe(0);
  expect(refused.output()).toContain(stray.name);
  expect(await looked("ps", "-aq", "--no-trunc")).toContain(stray.id);
  const interrupted = await startInPty(KPOD, ["--config", node.world.config, "system", "prune"]);
  await until("it asks", () => interrupted.output().includes("[y/N] "));
  interrupted.type("\x03");
  expect(await interrupted.ended).toBe(130);
  expect(await looked("ps", "-aq", "--no-trunc")).toContain(stray.id);
});

test.each([
  [["--filter", "since=3h"], 'unknown filter "since": it must be until'],
  [["--filter", "until=soon"], 'invalid value "soon" for --filter until'],
  [["--filter", "until!=3h"], "the filter until cannot be negated"],
  [["--yes", "--dry-run"], "dry-run and yes are mutually exclusive"],
  [["web"], "too many arguments"],
])("%j is wrong usage", async (args, message) => {
  const { exitCode, stdout, stderr } = await node.kpod("system", "prune", ...args);
  expect([exitCode, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
});

test("removes what is shown and no more; the disk gets back what it says; podman and containers-storage have theirs", async () => {
  const { world } = node;
  const dangling = await makeImage("localhost/dangling:1", 5 * megabyte);
  const named = await makeImage("localhost/named:1", 2 * megabyte);
  const theirs = await makeImage("localhost/theirs:1", megabyte);
  succeeded(
    await world.podman(["create", "--name", "theirs", "localhost/theirs:1", "/file"]),
    "podman create",
  );
  await node.ok("untag", "localhost/dangling:1");
  await node.ok("untag", "localhost/theirs:1");
  const left = (await imageIds()).filter((id) => id !== dangling);
  expect(left).toEqual(expect.arrayContaining([named, theirs]));

  const before = usedBytes();
  const printed = (await looked("system", "prune", "--yes")).split("\n");
  const freed = before - usedBytes();
  expect(printed.slice(0, 2)).toEqual([stray.id, dangling]);
  const told = Number(/^Freed ([\d.]+)MB$/.exec(printed[2] ?? "")?.[1]) * 1_000_000;
  expect(freed).toBeGreaterThan(8 * megabyte);
  // Records and recipes take a page or two less, too.
  expect(Math.abs(told - freed)).toBeLessThan(50_000);

  expect(await imageIds()).toEqual(left);
  expect(tracesOf(world, stray)).toEqual([]);
  expect(await node.ok("ps", "-aq", "--no-trunc")).toBe(`${kept.id}\n`);
  await node.agree();
  const mine = succeeded(
    await world.podman(["ps", "-a", "--format", "{{.Names}} {{.ImageID}}"]),
    "podman ps",
  );
  expect(mine.stdout).toContain("theirs");
  succeeded(await world.podman(["mount", "theirs"]), "podman mount");
  succeeded(await world.podman(["umount", "theirs"]), "podman umount");

  // All that nothing uses, but what is pinned.
  const settings = join(world.scratch, "pinned.conf");
  const text = readFileSync(world.config, "utf8");
  const own = text.includes("[crio.image]") ? text : `${text}\n[crio.image]\n`;
  writeFileSync(
    settings,
    own.replace("[crio.image]\n", '[crio.image]\npinned_images = ["localhost/named*"]\n'),
  );
  expect(await node.ok("--config", settings, "system", "prune", "--all", "-f")).toBe("Freed 0B\n");
  expect(await node.ok("system", "prune", "--all", "--yes")).toMatch(
    new RegExp(`^${named}\nFreed 2\\.\\d+MB\n$`),
  );
  expect(await node.ok("events", "--no-stream", "-f", "event=remove")).toContain(named);
  expect(await imageIds()).toEqual(left.filter((id) => id !== named));
  await node.agree();
  succeeded(await world.podman(["rm", "theirs"]), "podman rm");
});

test("what is used meanwhile, or has got a name, stays, and is told", async () => {
  const images = {
    used: await makeImage("localhost/used:1", 1000),
    named: await makeImage("localhost/other:1", 1000),
    mounted: await makeImage("localhost/mounted:1", 1000),
    gone: await makeImage("localhost/gone:1", 1000),
  };
  const { server } = await node.openServer();
  const plan = await planPrune(server, { all: true });
  expect(plan.items.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.values(images)));
  succeeded(
    await node.world.podman(["create", "--name", "late", "localhost/used:1", "/file"]),
    "podman create",
  );
  await node.ok("tag", "localhost/other:1", "localhost/again:1");
  await node.ok("mount", "localhost/mounted:1");
  await node.ok("rmi", "localhost/gone:1");
  const told: Record<string, string> = {};
  for (const item of plan.items) {
    const failure: unknown = await prune(server, plan, item).catch((error: unknown) => error);
    if (failure instanceof KpodError) told[item.id] = `${failure.code} ${failure.message}`;
  }
  expect(told[images.used]).toMatch(/^CONFLICT image .* is used by container/);
  expect(told[images.named]).toBe("CONFLICT it is called localhost/again:1 now");
  expect(told[images.mounted]).toMatch(/^CONFLICT image .* is mounted/);
  expect(told[images.gone]).toMatch(/^NOT_FOUND/);
  expect(await imageIds()).toEqual(expect.arrayContaining([images.used, images.named, images.mounted]));
  await node.ok("umount", "localhost/mounted:1");
  succeeded(await node.world.podman(["rm", "late"]), "podman rm");
  await node.agree();
});

test("a store that can only be read, or whose records are torn, is told in one line, and nothing goes", async () => {
  const { root } = node.world;
  const image = await makeImage("localhost/last:1", 1000);
  const path = join(root, "overlay-images/images.json");
  const records = readFileSync(path);
  writeFileSync(path, '[{"id":');
  expect(await node.refusal("system", "prune", "--all", "--yes")).toContain(
    `${path} does not hold valid JSON`,
  );
  writeFileSync(path, records);
  mount({ source: root, target: root, flags: mountFlags.bind });
  try {
    mount({
      source: "none",
      target: root,
      flags: mountFlags.bind | mountFlags.remount | mountFlags.readonly,
    });
    expect(await node.ok("system", "prune", "--all", "--dry-run")).toContain(image.slice(0, 13));
    const { exitCode, stderr } = await node.kpod("system", "prune", "--all", "--yes");
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^(Error: .*: read-only file system\n)+$/)]);
  } finally {
    unmount(root);
  }
  expect(await imageIds()).toContain(image);
});
