import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { listMounts } from "../../scripts/lib/machine.mjs";
import type { Container } from "../../src/lib/oci/container";
import type { SpecNamespace } from "../../src/lib/oci/spec";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { createNode, logOf, pidOf, tracesOf, useNode, type Node } from "../helpers/node";
import { runProcess, succeeded } from "../helpers/process";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";

const node = useNode();

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

test("what has no address tells of none, with which CRI-O would try to restore it", async () => {
  const pod = await node.pod("silent");
  const web = await node.create(pod, "web", "true");
  for (const { specAnnotations } of [pod.infraContainer, web]) {
    expect(
      Object.keys(specAnnotations).filter((key) => /^io\.kubernetes\.cri-o\.(IP|CNIResult)/.test(key)),
    ).toEqual([]);
  }
  await node.ok("pod", "rm", "-f", "silent");
});

describe.each(["runc", "crun"] as const)("the pid namespace of a container under %s", (runtime) => {
  let own: Node;

  beforeAll(async () => {
    own = await createNode({ runtime });
  }, 120_000);

  afterAll(async () => {
    await own.world.destroy();
  }, 120_000);

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

/** Pins a user namespace and what belongs to it, as pinns does for a pod that has one. */
const pinOwned = `
  set -e
  cd "$0"
  coproc A { exec unshare --user sh -c "echo there; read end"; }
  read -u "\${A[0]}" there
  echo "0 100000 65536" > "/proc/$A_PID/uid_map"
  echo "0 200000 65536" > "/proc/$A_PID/gid_map"
  mount --bind "/proc/$A_PID/ns/user" "userns/$1"
  coproc B { exec nsenter --user="userns/$1" unshare --net --ipc --uts sh -c "echo there; read end"; }
  read -u "\${B[0]}" there
  for kind in net ipc uts; do mount --bind "/proc/$B_PID/ns/$kind" "\${kind}ns/$1"; done
  kill "$A_PID" "$B_PID"
`;

/** What is copied into a container with a user namespace is root's there, or with `-a` of whom it was, and out again. */
async function expectCopies(own: Node, { layerId }: Container): Promise<void> {
  const work = testdir({ file: "", far: "" });
  const owner = (path: string): number[] => [statSync(path).uid, statSync(path).gid];
  const inLayer = (name: string): number[] => owner(join(own.world.root, "overlay", layerId, "diff", name));
  chownSync(join(work, "file"), 5, 6);
  chownSync(join(work, "far"), 70_000, 0);
  await own.ok("cp", join(work, "file"), "web:/plain");
  await own.ok("cp", "-a", join(work, "file"), "web:/kept");
  expect([inLayer("plain"), inLayer("kept")]).toEqual([
    [100_000, 200_000],
    [100_005, 200_006],
  ]);
  expect(await own.refusal("cp", "-a", join(work, "far"), "web:/far")).toContain("has no user 70000");
  await own.ok("cp", "-a", "web:/kept", join(work, "back"));
  expect(owner(join(work, "back"))).toEqual([5, 6]);
}

describe.each(["runc", "crun"] as const)("a pod with a user namespace, under %s", (runtime) => {
  const uids = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  const gids = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  let own: Node;
  let pod: Sandbox;

  beforeAll(async () => {
    own = await createNode({ runtime });
    pod = await own.pod("shop");
    const uuid = randomUUID();
    const paths = (["network", "ipc", "uts", "user"] as const).map(
      (kind) => [kind, join(own.world.namespacesDir, directories[kind], uuid)] as const,
    );
    for (const [, path] of paths) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "");
    }
    await succeed("bash", "-c", pinOwned, own.world.namespacesDir, uuid);
    setNamespaces(pod.infraContainer, Object.fromEntries(paths));
    for (const directory of [pod.infraContainer.dir, pod.infraContainer.bundlePath]) {
      const path = join(directory, "config.json");
      const spec = JSON.parse(readFileSync(path, "utf8")) as { linux: object };
      writeFileSync(
        path,
        JSON.stringify({ ...spec, linux: { ...spec.linux, uidMappings: uids, gidMappings: gids } }),
      );
    }
    pod.infraContainer.reloadSpec();
    // As on a node, where the way to the store is open.
    for (let path = join(own.world.root, "overlay"); path !== "/"; path = dirname(path))
      chmodSync(path, 0o755);
  }, 120_000);

  afterAll(async () => {
    await own.world.destroy();
  }, 120_000);

  test("its containers are root there and nobody on the node, and so are their files", async () => {
    const script = [
      "cat /proc/self/uid_map /proc/self/gid_map",
      "touch /made; stat -c '%u %g %a' / /etc /bin/busybox /made",
      "hostname; id -u; exec sleep 1000",
    ].join("; ");
    const container = await own.start(pod, "web", script);
    const pid = pidOf(container);
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    expect(status).toMatch(/^Uid:\t100000\t/m);
    expect(status).toMatch(/^Gid:\t200000\t/m);
    for (const kind of ["user", "network", "ipc", "uts"] as const) {
      const path = pod.infraContainer.spec.linux?.namespaces?.find(({ type }) => type === kind)?.path ?? "";
      expect(readlinkSync(`/proc/${pid}/ns/${flags[kind]}`)).toContain(`[${statSync(path).ino}]`);
    }
    await until("its words", () => logOf(container).includes("shop"));
    await until("the last of them", () => /^0$/m.test(logOf(container)));
    const lines = logOf(container).trim().split("\n");
    expect(lines.slice(0, 2).map((line) => line.trim().split(/\s+/))).toEqual([
      ["0", "100000", "65536"],
      ["0", "200000", "65536"],
    ]);
    expect(lines.slice(2, 6).map((line) => line.split(" ").slice(0, 2))).toEqual(
      Array.from({ length: 4 }, () => ["0", "0"]),
    );
    const { root } = own.world;
    const made = statSync(join(root, "overlay", container.layerId, "diff/made"));
    expect([made.uid, made.gid]).toEqual([100_000, 200_000]);
    const maps = { uidmap: [{ container_id: 0, host_id: 100_000, size: 65_536 }] };
    for (const [file, id] of [
      ["overlay-layers/layers.json", container.layerId],
      ["overlay-containers/containers.json", container.id],
    ] as const) {
      const records = JSON.parse(readFileSync(join(root, file), "utf8")) as { id: string }[];
      expect(records.find((record) => record.id === id)).toMatchObject(maps);
    }
    await own.agree();
    await expectCopies(own, container);
    await own.ok("stop", "-t", "0", "web");
    await expectCopies(own, container);
    await own.ok("rm", "web");
    expect(tracesOf(own.world, container)).toEqual([]);
  }, 120_000);

  test("one that kpod makes with users of its own is root inside and nobody on the node", async () => {
    const pods = ["--network", "none", "--cgroup-parent", own.world.cgroupParent];
    for (const flag of ["--privileged", "--network=host"]) {
      expect(await own.refusal("pod", "run", "--userns", "0:300000:65536", flag)).toMatch(
        /^pod \S+ cannot have a user namespace of its own: it is to /,
      );
    }
    // It would give the node's /dev/shm to the users of the pod.
    await expect(own.pod("shared", { userns: { size: 10 }, ipc: "node" })).rejects.toThrow(
      "the host's /dev/shm",
    );
    const script = "echo more >> /etc/hosts; id -u; cat /sys/class/net/lo/flags; exec sleep 1000";
    const users = ["--userns", "0:300000:65536"];
    const command = ["busybox", "sh", "-c", script];
    const id = (await own.ok("run", "-d", "--name", "free", ...users, ...pods, ...command)).trim();
    const { server } = await own.openServer();
    await server.update();
    const container = server.lookupContainer(id);
    const infra = server.lookupSandbox("free").infraContainer;
    await until("its words", () => logOf(container) === "0\n0x9\n");
    for (const each of [container, infra]) {
      expect(readFileSync(`/proc/${pidOf(each)}/status`, "utf8")).toMatch(/^Uid:\t300000\t/m);
      expect(each.spec.linux).toMatchObject({ uidMappings: [{ hostID: 300_000 }] });
    }
    expect(JSON.parse(infra.annotation("io.kubernetes.cri-o.NamespaceOptions"))).toMatchObject({
      userns_options: { gids: [{ host_id: 300_000, container_id: 0, length: 65_536 }] },
    });
    const owners = "id -u; touch /exec; stat -c %u /exec /dev/mqueue";
    expect(await own.ok("exec", "free", "sh", "-c", owners)).toBe("0\n0\n0\n");
    const [exec, run] = [
      ["exec", "-u"],
      ["run", "--pod", "free", "-u"],
    ];
    for (const [words, asked, kind] of [
      [[...exec, "70000", "free"], /container free \(\w+\) cannot run it as/, "user"],
      [[...exec, "0:70000", "free"], /container free \(\w+\) cannot run it as/, "group"],
      [[...run, "70000:0", "busybox"], /the container is to run as/, "user"],
    ] as const) {
      expect(await own.refusal(...words, "true")).toMatch(
        new RegExp(
          `^${asked.source} ${kind} 70000, whom its user namespace does not have: it has 0 to 65535$`,
        ),
      );
    }
    expect(await own.ok("top", "free", "user,huser")).toMatch(/\nroot +300000\n$/);
    await own.ok("restart", "-t", "0", "free");
    await until("its words again", () => logOf(container).endsWith("0x9\n0\n0x9\n"));
    const more = ["--pod", "free", "--userns", "pod", "busybox", "cat", "/proc/self/uid_map"];
    expect((await own.ok("run", "--rm", ...more)).trim().split(/\s+/)).toEqual(["0", "300000", "65536"]);
    await own.agree();
    await own.ok("pod", "rm", "-f", "free");
    expect(tracesOf(own.world, container)).toEqual([]);
  }, 120_000);

  test("the image's files are given to nobody", async () => {
    const layers = JSON.parse(readFileSync(join(own.world.root, "overlay-layers/layers.json"), "utf8")) as {
      id: string;
    }[];
    for (const { id } of layers) {
      const busybox = join(own.world.root, "overlay", id, "diff/bin/busybox");
      if (existsSync(busybox)) expect(statSync(busybox).uid).toBe(0);
    }
    await own.ok("pod", "rm", "-f", "shop");
    expect(readdirSync(join(own.world.namespacesDir, "userns"))).toEqual([]);
  });
});
