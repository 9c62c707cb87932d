import { existsSync, readFileSync, readlinkSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { makeBusyboxImage } from "../../scripts/lib/image.mjs";
import type { Container } from "../../src/lib/oci/container";
import { conmonOf, persistedState, pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { until } from "../helpers/until";

type Json = Record<string, unknown>;

const node = useNode();
const pod = usePod(node, "shop", { namespace: "sales", hostname: "counter", labels: { app: "shop" } });
let web: Container;
let other: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000", {
    labels: { tier: "front" },
    annotations: { note: "first" },
    volumes: [{ hostPath: node.world.scratch, containerPath: "/data", readonly: true }],
  });
  other = await node.start(pod, "other", "sleep 1000");
}, 120_000);

function json(path: string): Json {
  return JSON.parse(readFileSync(path, "utf8")) as Json;
}

function records(file: string): Json[] {
  return JSON.parse(readFileSync(join(node.world.root, file), "utf8")) as Json[];
}

function recordOf(id: string): Json {
  return records("overlay-containers/containers.json").find((record) => record.id === id) ?? {};
}

function annotationsOf(container: Container): Record<string, string> {
  return json(join(container.dir, "config.json")).annotations as Record<string, string>;
}

const textOf = (directory: string, file: string): string => readFileSync(join(directory, file), "utf8");
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
const namespaceOf = (pid: number | "self", kind: string): string => readlinkSync(`/proc/${pid}/ns/${kind}`);

/** What a command prints inside a container. */
async function inside(container: Container, ...command: string[]): Promise<string> {
  const result = await node.world.runc(["exec", container.id, ...command]);
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
  return result.stdout;
}

describe("the records", () => {
  test("of a pod bear both of its names and CRI-O's metadata", () => {
    const { uid } = pod;
    const record = recordOf(pod.id);
    const infraName = `k8s_POD_shop_sales_${uid}_0`;
    expect(record.names).toEqual([infraName, `k8s_shop_sales_${uid}_0`]);
    expect(JSON.parse(String(record.metadata))).toEqual({
      "pod-name": `k8s_shop_sales_${uid}_0`,
      "pod-id": pod.id,
      "image-name": "localhost/pause:latest",
      "image-id": record.image,
      name: infraName,
      "metadata-name": "shop",
      uid,
      namespace: "sales",
      "created-at": expect.any(Number) as number,
      pod: true,
    });
  });

  test("of a container name its pod and its image, and its layer bears its name", () => {
    const record = recordOf(web.id);
    const name = `k8s_web_shop_sales_${pod.uid}_0`;
    expect(record.names).toEqual([name]);
    expect(JSON.parse(String(record.metadata))).toMatchObject({
      "pod-id": pod.id,
      name,
      "metadata-name": "web",
      "image-name": "busybox",
    });
    const layer = records("overlay-layers/layers.json").find(({ id }) => id === record.layer);
    expect(layer?.names).toEqual([`${name}-layer`]);
    expect(new Date(String(record.created)).getTime()).toBeLessThanOrEqual(Date.now());
  });

  test("are read by all programs of containers/storage, and the runtime runs what kpod lists", async () => {
    await node.agree();
  });
});

describe("the specs", () => {
  test("stand in both places, the same to the byte, indented by tabs", () => {
    for (const container of [web, pod.infraContainer]) {
      const text = textOf(container.dir, "config.json");
      expect(textOf(container.bundlePath, "config.json")).toBe(text);
      expect(text).toMatch(/^\{\n\t"ociVersion"/);
    }
  });

  test("of an infra container have the annotations of CRI-O 1.36 and of 1.0", () => {
    const { id, uid, infraContainer } = pod;
    const persisted = annotationsOf(infraContainer);
    const full = `k8s_shop_sales_${uid}_0`;
    expect(persisted).toMatchObject({
      "io.container.manager": "cri-o",
      "io.kubernetes.cri-o.ContainerType": "sandbox",
      "io.kubernetes.cri-o.ContainerName": `k8s_POD_shop_sales_${uid}_0`,
      "io.kubernetes.cri-o.ContainerID": id,
      "io.kubernetes.cri-o.SandboxID": id,
      "io.kubernetes.cri-o.Name": full,
      "io.kubernetes.cri-o.SandboxName": full,
      "io.kubernetes.cri-o.KubeName": "shop",
      "io.kubernetes.cri-o.Namespace": "sales",
      "io.kubernetes.cri-o.HostName": "counter",
      "io.kubernetes.cri-o.HostNetwork": "false",
      "io.kubernetes.cri-o.NamespaceOptions": '{"pid":1}',
      "io.kubernetes.cri-o.PortMappings": "[]",
      "io.kubernetes.cri-o.PrivilegedRuntime": "false",
      "io.kubernetes.cri-o.TrustedSandbox": "true",
      "io.kubernetes.cri-o.RuntimeHandler": "",
      "io.kubernetes.cri-o.CgroupParent": node.world.cgroupParent,
      "io.kubernetes.cri-o.HostnamePath": join(infraContainer.bundlePath, "hostname"),
      "io.kubernetes.cri-o.ResolvPath": join(infraContainer.bundlePath, "resolv.conf"),
      "io.kubernetes.cri-o.ShmPath": join(infraContainer.bundlePath, "shm"),
      "io.kubernetes.cri-o.MountPoint": join(node.world.root, "overlay", infraContainer.layerId, "merged"),
      "io.kubernetes.cri-o.LogPath": join(node.world.logDir, id, `${id}.log`),
      "io.kubernetes.cri-o.SeccompProfilePath": "",
      "pod-linux-overhead.crio.io": "null",
      "pod-linux-resources.crio.io": "null",
      app: "shop",
    });
    expect(JSON.parse(persisted["io.kubernetes.cri-o.Metadata"] ?? "")).toEqual({
      name: "shop",
      uid,
      namespace: "sales",
    });
    expect(JSON.parse(persisted["io.kubernetes.cri-o.Labels"] ?? "")).toEqual({
      app: "shop",
      "io.kubernetes.container.name": "POD",
      "io.kubernetes.pod.name": "shop",
      "io.kubernetes.pod.namespace": "sales",
      "io.kubernetes.pod.uid": uid,
    });
  });

  test("of a container have theirs", () => {
    const persisted = annotationsOf(web);
    expect(persisted).toMatchObject({
      "io.container.manager": "cri-o",
      "io.kubernetes.cri-o.ContainerType": "container",
      "io.kubernetes.cri-o.ContainerID": web.id,
      "io.kubernetes.cri-o.Name": web.name,
      "io.kubernetes.cri-o.Metadata": '{"name":"web"}',
      "io.kubernetes.cri-o.SandboxID": pod.id,
      "io.kubernetes.cri-o.SandboxName": pod.name,
      "io.kubernetes.cri-o.Image": "busybox",
      "io.kubernetes.cri-o.ImageName": "localhost/busybox:latest",
      "io.kubernetes.cri-o.ImageRef": web.imageId,
      "io.kubernetes.cri-o.LogPath": join(node.world.logDir, pod.id, `${web.id}.log`),
      "io.kubernetes.cri-o.MountPoint": join(node.world.root, "overlay", web.layerId, "merged"),
      "io.kubernetes.cri-o.ResolvPath": join(pod.infraContainer.bundlePath, "resolv.conf"),
      "io.kubernetes.cri-o.TTY": "false",
      "io.kubernetes.cri-o.Stdin": "false",
      "io.kubernetes.cri-o.StdinOnce": "false",
      "io.kubernetes.cri-o.Annotations": '{"note":"first"}',
      "platform-runtime-path.crio.io": "",
      tier: "front",
      note: "first",
    });
    expect(JSON.parse(persisted["io.kubernetes.cri-o.Volumes"] ?? "")).toEqual([
      {
        container_path: "/data",
        host_path: node.world.scratch,
        readonly: true,
        recursive_read_only: false,
        propagation: 0,
        selinux_relabel: false,
      },
    ]);
  });
});

test("state.json names the first process and its conmon, each with its start time", () => {
  for (const container of [web, pod.infraContainer]) {
    const pid = pidOf(container);
    const startTimeOf = (process: number): string | undefined => {
      const stat = readFileSync(`/proc/${process}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    };
    const state = persistedState(container);
    expect(state).toMatchObject({
      id: container.id,
      status: "running",
      pid,
      bundle: container.bundlePath,
      finished: "0001-01-01T00:00:00Z",
      initPid: pid,
      initStartTime: startTimeOf(pid),
      containerMonitorProcess: { pid: conmonOf(container), startTime: startTimeOf(conmonOf(container)) },
    });
    expect(state).not.toHaveProperty("exitCode");
    expect(state.annotations).toEqual(annotationsOf(container));
    expect(textOf(container.dir, "state.json")).toMatch(/^[^\n]+\n$/);
  }
});

test("container and conmon are in cgroups of CRI-O's names below the pod's parent", () => {
  const cgroupsOf = (pid: number): string[] =>
    readFileSync(`/proc/${pid}/cgroup`, "utf8")
      .trim()
      .split("\n")
      // cpuset of version 1 takes no process before it is set up.
      .filter((line) => !line.includes(":cpuset:"))
      .map((line) => line.split(":").slice(2).join(":"));
  expect(new Set(cgroupsOf(pidOf(web)))).toEqual(new Set([`${node.world.cgroupParent}/crio-${web.id}`]));
  const conmons = new Set(cgroupsOf(conmonOf(web)));
  expect(conmons).toEqual(new Set([`${node.world.cgroupParent}/crio-conmon-${web.id}`]));
});

test("the namespaces of a pod are pinned under one name and shared by its containers", () => {
  const { linux } = json(join(web.dir, "config.json")) as {
    linux: { namespaces: { type: string; path?: string }[] };
  };
  const pins = linux.namespaces.flatMap(({ type, path }) => (path === undefined ? [] : [{ type, path }]));
  expect(pins).toEqual([
    { type: "network", path: expect.stringMatching(/\/netns\/[0-9a-f-]{36}$/) as string },
    { type: "ipc", path: expect.stringMatching(/\/ipcns\/[0-9a-f-]{36}$/) as string },
    { type: "uts", path: expect.stringMatching(/\/utsns\/[0-9a-f-]{36}$/) as string },
  ]);
  expect(new Set(pins.map(({ path }) => path.split("/").at(-1))).size).toBe(1);
  for (const { path } of pins)
    expect([dirname(dirname(path)), modeOf(path)]).toEqual([node.world.namespacesDir, "444"]);
  const members = [web, other, pod.infraContainer].map(pidOf);
  for (const [kind, pin] of [
    ["net", 0],
    ["ipc", 1],
    ["uts", 2],
  ] as const) {
    const shared = new Set(members.map((pid) => namespaceOf(pid, kind)));
    expect([...shared]).toEqual([`${kind}:[${statSync(pins[pin]?.path ?? "").ino}]`]);
    expect(shared).not.toContain(namespaceOf("self", kind));
  }
  for (const kind of ["pid", "mnt"])
    expect(new Set(members.map((pid) => namespaceOf(pid, kind))).size).toBe(3);
});

test("the containers of a pod share /dev/shm, host name, hosts and resolv.conf", async () => {
  await inside(web, "sh", "-c", "echo shared > /dev/shm/x");
  expect(await inside(other, "cat", "/dev/shm/x")).toBe("shared\n");
  expect(
    await inside(
      web,
      "sh",
      "-c",
      "stat -c %a /dev/shm; df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2",
    ),
  ).toBe("1777\n65536\n");
  expect(await inside(web, "hostname")).toBe("counter\n");
  expect(await inside(web, "cat", "/etc/hostname")).toBe("counter\n");
  expect(await inside(web, "cat", "/etc/hosts")).toContain("127.0.0.1\tlocalhost counter\n");
  expect(await inside(web, "cat", "/etc/resolv.conf")).toBe(
    existsSync("/etc/resolv.conf") ? readFileSync("/etc/resolv.conf", "utf8") : "",
  );
  expect(await inside(web, "ls", "/run/.containerenv")).toBe("/run/.containerenv\n");
});

test("an empty network has loopback, which is up, and nothing else", async () => {
  expect((await inside(web, "ls", "/sys/class/net")).trim()).toBe("lo");
  expect(await inside(web, "ip", "addr", "show", "lo")).toMatch(/<LOOPBACK,UP,LOWER_UP>[^]*127\.0\.0\.1\/8/);
});

test("a container sees the image with its own layer over it, confined as CRI-O confines it", async () => {
  await inside(web, "sh", "-c", "echo x > /etc/new");
  expect(textOf(join(node.world.root, "overlay", web.layerId, "diff"), "etc/new")).toBe("x\n");
  const status = await inside(web, "grep", "-E", "^(CapEff|Seccomp|NoNewPrivs):", "/proc/1/status");
  // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE.
  expect(status).toMatch(/^CapEff:\t0{13}5fb$/m);
  const refused = await node.world.runc(["exec", web.id, "sh", "-c", "echo 1 > /proc/sys/kernel/panic"]);
  expect(refused.stderr).toContain("Read-only file system");
});

test("logs, pid files and directories have CRI-O's places and modes", () => {
  const { root, runRoot, logDir, exitsDir, attachDir } = node.world;
  expect(modeOf(join(logDir, pod.id, `${web.id}.log`))).toBe("600");
  expect(modeOf(join(logDir, pod.id, `${pod.id}.log`))).toBe("600");
  expect(modeOf(join(root, "overlay-containers", web.id, "userdata"))).toBe("700");
  expect(modeOf(join(runRoot, "overlay-containers", web.id, "userdata"))).toBe("700");
  expect(modeOf(join(root, "overlay-containers/containers.json"))).toBe("600");
  expect(modeOf(join(web.dir, "config.json"))).toBe("644");
  expect(textOf(pod.infraContainer.bundlePath, "hostname")).toBe("counter\n");
  expect(textOf(pod.infraContainer.dir, ".containerenv")).toBe("");
  expect(existsSync(join(exitsDir, web.id))).toBe(false);
  expect(readlinkSync(join(attachDir, web.id))).toBe(web.bundlePath);
  const layer = join(root, "overlay", web.layerId);
  const link = textOf(layer, "link");
  expect(link).toMatch(/^[A-Z0-9]{26}$/);
  expect(readlinkSync(join(root, "overlay/l", link))).toBe(`../${web.layerId}/diff`);
  expect(readdirSync(layer).sort()).toEqual(["diff", "link", "lower", "merged", "work"]);
});

test("an end is written down as conmon does it: the code alone, in both places", async () => {
  const ended = await node.start(pod, "ended", "exit 3");
  await until("the exit file", () => existsSync(join(node.world.exitsDir, ended.id)));
  expect(textOf(ended.dir, "exit")).toBe("3");
  expect(textOf(node.world.exitsDir, ended.id)).toBe("3");
  expect(modeOf(join(ended.dir, "exit"))).toBe("644");
});

describe("a pod on the host's network", () => {
  test("has the host's network and name, and its own ipc", async () => {
    const host = await node.pod("host", { network: "host" });
    const member = await node.start(host, "web", "sleep 1000");
    for (const container of [member, host.infraContainer]) {
      expect(namespaceOf(pidOf(container), "net")).toBe(namespaceOf("self", "net"));
      expect(namespaceOf(pidOf(container), "ipc")).not.toBe(namespaceOf("self", "ipc"));
    }
    expect(await inside(member, "hostname")).toBe(`${hostname()}\n`);
    expect(await inside(member, "cat", "/etc/hosts")).toBe(readFileSync("/etc/hosts", "utf8"));
    expect(annotationsOf(host.infraContainer)).toMatchObject({
      "io.kubernetes.cri-o.HostNetwork": "true",
      "io.kubernetes.cri-o.NamespaceOptions": '{"network":2,"pid":1}',
    });
    await node.ok("pod", "rm", "-f", "host");
    expect(tracesOf(node.world, host.infraContainer)).toEqual([]);
  });
});

describe("of an image that is meant by its id", () => {
  const persisted = (container: Container): unknown[] => {
    const all = annotationsOf(container);
    const metadata = JSON.parse(String(recordOf(container.id).metadata)) as Json;
    const names = [
      all["io.kubernetes.cri-o.Image"],
      all["io.kubernetes.cri-o.ImageName"],
      metadata["image-name"],
    ];
    return [...names, all["io.kubernetes.cri-o.ImageRef"], metadata["image-id"]];
  };

  test("CRI-O finds a name that the image bears, as it would remove a container over an id", async () => {
    const { imageId } = web;
    const name = "localhost/busybox:latest";
    for (const wanted of [imageId, imageId.slice(0, 12), `sha256:${imageId}`]) {
      const made = await node.create(pod, "named", "true", { image: wanted });
      expect(persisted(made)).toEqual([name, name, name, imageId, imageId]);
      await node.ok("rm", made.id);
    }
  });

  test("CRI-O finds no name where the image has lost its own, and kpod shows the id", async () => {
    const layouts = ["one", "two"].map((text) =>
      makeBusyboxImage(join(node.world.scratch, text), {
        name: "localhost/lost:1",
        config: { Env: [`A=${text}`] },
      }),
    );
    for (const { layout } of layouts) await node.ok("load", layout);
    const id = layouts[0]?.id ?? "";
    for (const wanted of [id, id.slice(0, 12)]) {
      const made = await node.start(pod, "nameless", "sleep 1000", { image: wanted });
      expect(persisted(made)).toEqual(["", "", "", id, id]);
      expect(annotationsOf(made)["io.kubernetes.cri-o.ImageRepoDigests"]).toBe("");
      expect(await node.ok("ps", "--format", "{{.Image}}", "-f", `id=${made.id}`)).toBe(
        `${id.slice(0, 13)}\n`,
      );
      expect(JSON.parse(await node.ok("inspect", made.id))).toMatchObject({ Image: id, ImageID: id });
      await node.ok("rm", "-f", made.id);
    }
  });

  test("the same holds for a pause image that is configured by its id", async () => {
    const { imageId } = pod.infraContainer;
    const config = join(node.world.scratch, "by-id.conf");
    writeFileSync(config, readFileSync(node.world.config, "utf8").replace("localhost/pause:latest", imageId));
    await node.ok("-c", config, "pod", "run", "--name", "by-id", "--cgroup-parent", node.world.cgroupParent);
    const { server } = await node.openServer();
    await server.updateRecords();
    const name = "localhost/pause:latest";
    const { infraContainer } = server.lookupSandbox("by-id");
    expect(persisted(infraContainer).slice(0, 3)).toEqual([name, name, name]);
    await node.ok("pod", "rm", "-f", "by-id");
  });
});
