import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMountPoint } from "../../src/lib/system/mount";
import type { StorageId } from "../../src/lib/names/ids";
import type { Container } from "../../src/lib/oci/container";
import { kpodCommand } from "../helpers/kpod";
import { listing } from "../helpers/listing";
import { useNode, usePod } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { expectToFit } from "../helpers/schemas";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

afterAll(() => node.world.destroy());

/** The counts of mountpoints.json by layer. */
function counts(): Map<string, number> {
  const file = join(node.world.runRoot, "overlay-layers/mountpoints.json");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "[]";
  return new Map((JSON.parse(text) as { id: string; count: number }[]).map(({ id, count }) => [id, count]));
}

async function pathOf({ layerId }: Pick<Container, "layerId">): Promise<string> {
  return (await node.openServer()).server.store.driver.mountPath(layerId as StorageId);
}

test("a container that runs: counted once more, and its own mount stays", async () => {
  const web = await node.start(pod, "web", "echo hello > /file; sleep 1000");
  const path = await pathOf(web);
  await until("it has written", () => existsSync(join(path, "file")));
  expect(counts().get(web.layerId)).toBe(1);
  expect(await node.ok("mount", "shop/web")).toBe(`${path}\n`);
  expect(await node.ok("mount", web.id.slice(0, 10))).toBe(`${path}\n`);
  expect(counts().get(web.layerId)).toBe(3);
  expect(readFileSync(join(path, "file"), "utf8")).toBe("hello\n");
  await node.ok("umount", "web");
  await node.ok("umount", web.layerId);
  expect(counts().get(web.layerId)).toBe(1);
  expect(await node.refusal("umount", "web")).toContain("the container has not ended");
  expect([counts().get(web.layerId), isMountPoint(path)]).toEqual([1, true]);
  await node.ok("umount", "--force", "web");
  expect([counts().get(web.layerId), isMountPoint(path)]).toEqual([undefined, false]);
  await node.ok("umount", "web");
  await node.ok("rm", "-f", "web");
  await node.agree();
});

test("one that was never started: mounted and unmounted with podman and containers-storage", async () => {
  const made = await node.create(pod, "made", "true");
  await node.ok("umount", "--force", "made");
  const path = await pathOf(made);
  expect(isMountPoint(path)).toBe(false);
  expect(await node.ok("mount", "made")).toBe(`${path}\n`);
  writeFileSync(join(path, "by-hand"), "x");
  const theirs = await node.world.containersStorage(["mount", made.id]);
  expect(succeeded(theirs, "containers-storage").stdout.trim()).toBe(path);
  expect(counts().get(made.layerId)).toBe(2);
  succeeded(await node.world.containersStorage(["unmount", made.id]), "containers-storage");
  expect(await node.ok("diff", "made")).toContain("A /by-hand\n");
  await node.ok("umount", "-f", "made");
  expect([isMountPoint(path), counts().has(made.layerId)]).toEqual([false, false]);
  await node.ok("rm", "-f", "made");
});

/** Runs a program until the test ends it. */
async function during<T>(
  program: string,
  args: readonly string[],
  cwd: string,
  action: (pid: number) => Promise<T>,
): Promise<T> {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  try {
    await until(`${program} is at work`, () => printed.includes("ready"));
    return await action(child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

test("a mount that somebody works in, or that is in another mount namespace, stays, and it is told whose it is", async () => {
  const held = await node.create(pod, "held", "true");
  await node.ok("umount", "--force", "held");
  const path = (await node.ok("mount", "held")).trim();
  await during("sh", ["-c", "echo ready; exec sleep 1000"], path, async (pid) => {
    const message = await node.refusal("umount", "--force", "held");
    expect(message).toContain(`cannot unmount held: pid ${pid} (sleep`);
    expect(message).toContain(`is at work in ${path}`);
    expect([isMountPoint(path), counts().get(held.layerId)]).toEqual([true, 1]);
  });
  await node.ok("unmount", "--force", "held");
  expect([isMountPoint(path), counts().has(held.layerId)]).toEqual([false, false]);
  const script = '"$@" > /dev/null && echo ready && exec sleep 1000';
  const inside = ["sh", "-c", script, "sh", ...kpodCommand, "--config", node.world.config, "mount", "held"];
  await during("unshare", ["--mount", "--propagation", "private", ...inside], "/", async () => {
    expect([isMountPoint(path), counts().get(held.layerId)]).toEqual([false, 1]);
    const message = await node.refusal("umount", "--force", "held");
    expect(message).toMatch(
      /^cannot unmount held: it is mounted in another mount namespace, that of pid \d+ \(/,
    );
    expect(counts().get(held.layerId)).toBe(1);
  });
  // It has ended with the namespace.
  await node.ok("umount", "--force", "held");
  expect(counts().has(held.layerId)).toBe(false);
  await node.ok("rm", "held");
});

test("an image can only be read, and containers on it go on", async () => {
  const image = JSON.parse(await node.ok("inspect", "-t", "image", "busybox")) as {
    ID?: string;
    Id?: string;
  };
  const id = image.ID ?? image.Id ?? "";
  const path = (await node.ok("mount", "busybox")).trim();
  expect(existsSync(join(path, "bin/busybox"))).toBe(true);
  expect(() => {
    writeFileSync(join(path, "new"), "x");
  }).toThrow("EROFS");
  const listed = JSON.parse(await node.ok("mount", "--format", "json")) as {
    id: string;
    mountpoint: string;
  }[];
  expectToFit("mount", listed);
  expect(listed.find(({ mountpoint }) => mountpoint === path)?.id).toMatch(/^[0-9a-f]{64}$/);
  if (id !== "") expect(listed.find(({ mountpoint }) => mountpoint === path)?.id).toBe(id);
  const web = await node.start(pod, "beside", "sleep 1000");
  expect(existsSync(join(await pathOf(web), "bin/busybox"))).toBe(true);
  const podman = await node.world.podman(["image", "mount", "localhost/busybox:latest"]);
  expect(succeeded(podman, "podman image mount").stdout.trim()).toBe(path);
  await node.ok("umount", "busybox");
  expect(isMountPoint(path)).toBe(true);
  succeeded(await node.world.podman(["image", "unmount", "localhost/busybox:latest"]), "podman");
  expect(isMountPoint(path)).toBe(false);
  await node.ok("umount", "busybox");
  await node.ok("rm", "-f", "beside");
});

test("the list has containers and infra containers, 12 digits of the id or all", async () => {
  const web = await node.start(pod, "listed", "sleep 1000");
  const lines = (await node.ok("mount")).trim().split("\n");
  expect(lines).toContain(`${web.id.slice(0, 12)} ${await pathOf(web)}`);
  expect(lines).toContain(`${pod.id.slice(0, 12)} ${await pathOf(pod.infraContainer)}`);
  for (const flag of ["--no-trunc", "--notruncate"])
    expect(await node.ok("mount", flag)).toContain(`${web.id} ${await pathOf(web)}\n`);
  const one = JSON.parse(await node.ok("mount", "--format", "json", "listed")) as unknown[];
  expectToFit("mount", one);
  expect(one).toEqual([{ id: web.id, names: [web.name], mountpoint: await pathOf(web) }]);
  expect(counts().get(web.layerId)).toBe(2);
  await node.ok("rm", "-f", "listed");
});

test("what there is not, and how it is called", async () => {
  const before = listing(join(node.world.root, "overlay-layers"));
  for (const verb of ["mount", "umount"])
    expect(await node.refusal(verb, "nosuch")).toContain("no container, image or layer nosuch");
  expect((await node.kpod("umount")).exitCode).toBe(2);
  expect((await node.kpod("mount", "a", "b")).exitCode).toBe(2);
  expect((await node.kpod("mount", "--format", "yaml")).exitCode).toBe(2);
  // A label is no way to other options of the mount.
  expect(await node.refusal("mount", "--label", 'a",lowerdir="/etc', "busybox")).toContain(
    "is not an SELinux label",
  );
  const label = "system_u:object_r:nosuch_t:s0:c1,c2";
  expect(await node.refusal("mount", "--label", label, "busybox")).toContain(
    `with the SELinux label ${label}`,
  );
  expect(counts().size).toBe(1);
  expect(listing(join(node.world.root, "overlay-layers"))).toEqual(before);
});
