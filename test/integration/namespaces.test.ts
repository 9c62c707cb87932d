import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { listMounts } from "../../scripts/lib/machine.mjs";
import type { Container } from "../../src/lib/oci/container";
import type { SpecNamespace } from "../../src/lib/oci/spec";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { createNode, pidOf, tracesOf, type Node } from "../helpers/node";
import { runProcess, succeeded } from "../helpers/process";

let node: Node;

beforeAll(async () => {
  node = await createNode();
}, 120_000);

afterAll(async () => {
  await node.world.destroy();
}, 60_000);

const directories = { network: "netns", ipc: "ipcns", uts: "utsns", user: "userns", pid: "pidns" } as const;
type Kind = keyof typeof directories;
const flags = { network: "net", ipc: "ipc", uts: "uts", user: "user", pid: "pid" } as const;

const pinPath = (kind: Kind, name: string): string => join(node.world.namespacesDir, directories[kind], name);

/** Nobody can pin the user namespace in which he is. */
const pinUser = `
  coproc unshare --user sh -c "echo there; read end"
  read -u "\${COPROC[0]}" there
  mount --bind "/proc/$COPROC_PID/ns/user" "$0"
  kill "$COPROC_PID"
`;

async function succeed(program: string, ...args: string[]): Promise<void> {
  succeeded(await runProcess(program, args), program);
}

/** Pins a new namespace as CRI-O's pinns does. */
async function pin(kind: Kind, name: string): Promise<string> {
  const path = pinPath(kind, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "", { mode: 0o444 });
  await (kind === "user"
    ? succeed("bash", "-c", pinUser, path)
    : succeed("unshare", `--${flags[kind]}=${path}`, "--fork", "true"));
  return path;
}

/** Changes what a spec says of namespaces; one without a path is a new one. */
function setNamespaces({ dir, bundlePath }: Container, changes: Partial<Record<Kind, string>>): void {
  for (const directory of [dir, bundlePath]) {
    const path = join(directory, "config.json");
    const spec = JSON.parse(readFileSync(path, "utf8")) as { linux: { namespaces: SpecNamespace[] } };
    const others = spec.linux.namespaces.filter(({ type }) => !(type in changes));
    const changed = Object.entries(changes).map(([type, name]) => ({ type, path: name }) as SpecNamespace);
    spec.linux.namespaces = [...others, ...changed];
    writeFileSync(path, JSON.stringify(spec));
  }
}

/** The pins below the namespaces' directory, `KIND/NAME`, and the mounts on them. */
function pins(): { files: string[]; mounts: string[] } {
  const { namespacesDir } = node.world;
  const files = readdirSync(namespacesDir).flatMap((kind) =>
    readdirSync(join(namespacesDir, kind)).map((name) => `${kind}/${name}`),
  );
  const mounts = listMounts().flatMap(({ mountPoint }) =>
    mountPoint.startsWith(`${namespacesDir}/`) ? [mountPoint.slice(namespacesDir.length + 1)] : [],
  );
  return { files: files.sort(), mounts: mounts.sort() };
}

const both = (...names: string[]): { files: string[]; mounts: string[] } => ({
  files: names.sort(),
  mounts: names.sort(),
});
const nothing = both();

/** A pod whose namespaces are pinned as CRI-O does: all under one uuid that is not the pod's uid. */
async function crioPod(name: string): Promise<{ pod: Sandbox; uuid: string }> {
  const pod = await node.pod(name);
  const uuid = randomUUID();
  const made: Partial<Record<Kind, string>> = {};
  for (const kind of ["network", "ipc", "uts", "user"] as const) made[kind] = await pin(kind, uuid);
  setNamespaces(pod.infraContainer, made);
  await pin("pid", uuid);
  return { pod, uuid };
}

test("pod stop without CRI-O unpins all but the network, and pod rm that as well", async () => {
  const pod = await node.pod("shop");
  await node.start(pod, "web", "sleep 1000");
  const user = await pin("user", pod.uid);
  const pid = await pin("pid", pod.uid);
  setNamespaces(pod.infraContainer, { user, pid });
  const { uid } = pod;
  expect(pins()).toEqual(both(...Object.values(directories).map((kind) => `${kind}/${uid}`)));
  const shm = join(pod.infraContainer.bundlePath, "shm");
  expect(listMounts().some(({ mountPoint }) => mountPoint === shm)).toBe(true);
  await node.ok("pod", "stop", "-t", "0", "shop");
  expect(pins()).toEqual(both(`netns/${uid}`));
  expect(listMounts().some(({ mountPoint }) => mountPoint === shm)).toBe(false);
  await node.ok("pod", "stop", "shop");
  await node.ok("pod", "rm", "shop");
  expect(pins()).toEqual(nothing);
  expect(tracesOf(node.world, pod.infraContainer)).toEqual([]);
});

test("of a pod of CRI-O goes what lies under its uuid, also where its spec does not name it", async () => {
  const { pod, uuid } = await crioPod("foreign");
  await node.ok("pod", "stop", "-t", "0", "foreign");
  expect(pins()).toEqual(both(`netns/${pod.uid}`, `netns/${uuid}`));
  await node.ok("pod", "rm", "foreign");
  expect(pins()).toEqual(nothing);
});

test("where CRI-O has unmounted a namespace and no more, or all are gone, the rest goes", async () => {
  const { pod, uuid } = await crioPod("half");
  await succeed("umount", pinPath("ipc", uuid));
  await node.ok("pod", "rm", "-f", "half");
  expect([pins(), existsSync(pod.infraContainer.dir)]).toEqual([nothing, false]);
});

test("while CRI-O answers, pod stop leaves the pins to it, and pod rm takes them", async () => {
  await crioPod("alive");
  const { root, socket } = node.world;
  const before = pins();
  const crio = createServer((_, response) => response.end(JSON.stringify({ storage_root: root })));
  await new Promise<void>((resolve) => crio.listen(socket, resolve));
  try {
    await node.ok("pod", "stop", "-t", "0", "alive");
    expect(pins()).toEqual(before);
    await node.ok("pod", "rm", "alive");
  } finally {
    await new Promise((resolve) => crio.close(resolve));
  }
  expect(pins()).toEqual(nothing);
});

test("a pin that another pod names stays until that goes, and so does what is no pin", async () => {
  const first = await node.pod("first");
  const second = await node.pod("second");
  const shared = await pin("user", randomUUID());
  const name = shared.slice(shared.lastIndexOf("/") + 1);
  const file = join(node.world.scratch, "precious");
  writeFileSync(file, "");
  setNamespaces(first.infraContainer, { user: shared, pid: file, ipc: node.world.scratch });
  setNamespaces(second.infraContainer, { user: shared });
  await node.ok("pod", "rm", "-f", "first");
  expect(pins().mounts).toContain(`userns/${name}`);
  expect(existsSync(file)).toBe(true);
  await node.ok("pod", "stop", "-t", "0", "second");
  expect(pins()).toEqual(both(`netns/${second.uid}`));
  await node.ok("pod", "rm", "second");
  expect(pins()).toEqual(nothing);
});

test("the pid namespace that containers share by name goes with the last of them", async () => {
  const pod = await node.pod("target");
  const one = await node.create(pod, "one", "sleep 1000");
  const two = await node.create(pod, "two", "sleep 1000");
  const path = await pin("pid", randomUUID());
  setNamespaces(one, { pid: path });
  setNamespaces(two, { pid: path });
  await node.ok("rm", "-f", "one");
  expect(listMounts().some(({ mountPoint }) => mountPoint === path)).toBe(true);
  await node.ok("rm", "-f", "two");
  expect(listMounts().some(({ mountPoint }) => mountPoint === path)).toBe(false);
  await node.ok("pod", "rm", "-f", "target");
  expect(pins()).toEqual(nothing);
});

describe.each(["runc", "crun"] as const)("the pid namespace of a container under %s", (runtime) => {
  let own: Node;

  beforeAll(async () => {
    own = await createNode({ runtime });
  }, 120_000);

  afterAll(async () => {
    await own.world.destroy();
  }, 60_000);

  const namespaceOf = (pid: number | "self"): string => readlinkSync(`/proc/${pid}/ns/pid`);

  test.each([
    ["its own", { pid: 1 }],
    ["the pod's", {}],
    ["the node's", { pid: 2 }],
  ])("is %s where the pod says %j", async (whose, options) => {
    const pod = await own.pod("shop");
    const { dir, bundlePath } = pod.infraContainer;
    for (const directory of [dir, bundlePath]) {
      const path = join(directory, "config.json");
      const spec = JSON.parse(readFileSync(path, "utf8")) as { annotations: Record<string, string> };
      spec.annotations["io.kubernetes.cri-o.NamespaceOptions"] = JSON.stringify(options);
      writeFileSync(path, JSON.stringify(spec));
    }
    const run = ["run", "-d", "--pod", "shop", "--name"];
    await own.ok(...run, "web", "busybox", "sh", "-c", "sleep 1000 & sleep 1000");
    await own.ok(...run, "other", "busybox", "sleep", "1000");
    const { server } = await own.openServer();
    await server.update();
    const [web, other] = ["web", "other"].map((name) => server.lookupContainer(`shop/${name}`));
    if (web === undefined || other === undefined) throw new Error("not there");
    const all = { node: namespaceOf("self"), pod: namespaceOf(pidOf(pod.infraContainer)) };
    const seen = [web, other].map((container) => namespaceOf(pidOf(container)));
    expect(new Set(seen).size).toBe(whose === "its own" ? 2 : 1);
    expect(seen.map((namespace) => [namespace === all.pod, namespace === all.node])).toEqual(
      Array.from({ length: 2 }, () => [whose === "the pod's", whose === "the node's"]),
    );
    await own.ok("stop", "-t", "0", "web");
    expect(await own.ok("ps", "--format", "{{.Names}}")).toMatch(/^k8s_other_\S+\n$/);
    await own.ok("rm", "web");
    expect(tracesOf(own.world, web)).toEqual([]);
    await own.agree();
    await own.ok("pod", "rm", "-f", "shop");
    expect([...tracesOf(own.world, other), ...tracesOf(own.world, pod.infraContainer)]).toEqual([]);
  });
});
