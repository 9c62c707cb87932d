import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Container } from "../../../src/lib/oci/container";
import type { ContainerStatus } from "../../../src/lib/oci/state/container-state";
import { persistedAddresses } from "../../../src/lib/sandbox/addresses";
import { Sandbox } from "../../../src/lib/sandbox/sandbox";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const prefix = "io.kubernetes.cri-o.";

/** A pod with these annotations in its spec, or none; its infra container in this state. */
function podWith(annotations: Record<string, string> | undefined, status?: ContainerStatus): Sandbox {
  const directory = testdir({ "dir/": null, "run/": null });
  const dir = join(directory, "dir");
  const infraContainer = new Container({
    id: testId("pod"),
    name: "k8s_POD_web_shop_u_0",
    sandboxId: testId("pod"),
    metadata: { name: "web", attempt: 0 },
    imageName: "",
    imageId: "",
    layerId: "",
    dir,
    bundlePath: join(directory, "run"),
    createdAt: new Date(0),
    infra: true,
  });
  const { id } = infraContainer;
  const namespaces = [{ type: "pid" }, { type: "network", path: "/run/netns/x" }];
  if (annotations !== undefined) {
    writeFileSync(join(dir, "config.json"), JSON.stringify({ annotations, linux: { namespaces } }));
  }
  if (status !== undefined) {
    infraContainer.state = {
      ociVersion: "",
      id,
      status,
      pid: 0,
      bundle: "",
      annotations: {},
      oomKilled: false,
      error: "",
    };
  }
  return new Sandbox({
    id,
    name: "n",
    kubeName: "web",
    namespace: "shop",
    uid: "u",
    attempt: 0,
    infraContainer,
  });
}

const spoofed = { "spoofed.crio.io": "true" };
const spoofedBefore = { [`${prefix}Spoofed`]: "true" };

test.each<[string, Record<string, string>, ContainerStatus | undefined, string]>([
  ["with a process that runs", {}, "running", "Ready"],
  ["with a process that is paused", {}, "paused", "Ready"],
  ["with a process that waits to be started", {}, "created", "NotReady"],
  ["with a process that ended", {}, "stopped", "NotReady"],
  ["with a process of which nobody knows", {}, "unknown", "NotReady"],
  ["that was never looked up", {}, undefined, "NotReady"],
  ["without a process", spoofed, "stopped", "Ready"],
  ["without a process, by the annotation of CRI-O up to 1.34", spoofedBefore, "stopped", "Ready"],
  ["that says it has one", { "spoofed.crio.io": "false" }, "stopped", "NotReady"],
])("a pod %s", (_, annotations, status, expected) => {
  expect(podWith(annotations, status).state).toBe(expected);
});

test.each(["dir", "bundlePath"] as const)("a pod that was stopped, by a file in its %s", (place) => {
  for (const pod of [podWith({}, "running"), podWith(spoofed, "stopped")]) {
    mkdirSync(pod.infraContainer[place], { recursive: true });
    writeFileSync(join(pod.infraContainer[place], "stopped"), "");
    expect(pod.state).toBe("NotReady");
  }
});

test("without its spec a pod that runs is ready; of any other it cannot be told", async () => {
  expect(podWith(undefined, "running").state).toBe("Ready");
  const pod = podWith(undefined, "stopped");
  expect((await failureOf(() => pod.state)).code).toBe("CORRUPT");
});

test("what the annotations tell, and what holds without them", () => {
  const told = podWith({
    [`${prefix}PrivilegedRuntime`]: "true",
    [`${prefix}TrustedSandbox`]: "false",
    [`${prefix}RuntimeHandler`]: "crun",
    [`${prefix}CgroupParent`]: "/parent",
    [`${prefix}HostName`]: "host",
    [`${prefix}HostnamePath`]: "/run/hostname",
    [`${prefix}ResolvPath`]: "/run/resolv.conf",
    [`${prefix}ShmPath`]: "/dev/shm",
    [`${prefix}HostNetwork`]: "true",
  });
  expect([told.privileged, told.trusted, told.runtimeHandler, told.cgroupParent]).toEqual([
    true,
    false,
    "crun",
    "/parent",
  ]);
  expect([told.hostname, told.hostnamePath, told.resolvPath, told.shmPath, told.hostNetwork]).toEqual([
    "host",
    "/run/hostname",
    "/run/resolv.conf",
    "/dev/shm",
    true,
  ]);
  expect([told.namespacePath("network"), told.namespacePath("pid"), told.namespacePath("user")]).toEqual([
    "/run/netns/x",
    "",
    "",
  ]);
  const silent = podWith({});
  expect([silent.privileged, silent.trusted, silent.hostNetwork, silent.spoofed]).toEqual([
    false,
    undefined,
    false,
    false,
  ]);
  expect([silent.runtimeHandler, silent.cgroupParent, silent.shmPath, silent.portMappings]).toEqual([
    "",
    "",
    "",
    [],
  ]);
  expect(silent.logDirectory("/var/log/pods")).toBe(`/var/log/pods/${silent.id}`);
});

test.each([
  ["none", "", []],
  ["an empty list", "[]", []],
  ["null", "null", []],
  [
    "of newer CRI-O",
    '[{"HostPort":18080,"ContainerPort":8080,"Protocol":"TCP","HostIP":""}]',
    [{ hostPort: 18080, containerPort: 8080, protocol: "tcp", hostIp: "" }],
  ],
  [
    "with CRI's numbers and names",
    '[{"hostPort":53,"containerPort":5353,"protocol":1,"hostIP":"10.0.0.1"},{"containerPort":1}]',
    [
      { hostPort: 53, containerPort: 5353, protocol: "udp", hostIp: "10.0.0.1" },
      { hostPort: 0, containerPort: 1, protocol: "tcp", hostIp: "" },
    ],
  ],
])("port mappings: %s", (_, text, expected) => {
  expect(podWith({ [`${prefix}PortMappings`]: text }).portMappings).toEqual(expected);
});

test("port mappings that are no JSON are CORRUPT", async () => {
  const pod = podWith({ [`${prefix}PortMappings`]: "[{" });
  expect((await failureOf(() => pod.portMappings)).code).toBe("CORRUPT");
});

test.each<[string, Record<string, string>, string[]]>([
  ["none", {}, []],
  ["of CRI-O 1.0", { IP: "10.0.0.1" }, ["10.0.0.1"]],
  ["of a container", { "IP.0": "10.0.0.1", "IP.1": "fd00::1" }, ["10.0.0.1", "fd00::1"]],
  [
    "of the network plugin",
    { CNIResult: '{"ips":[{"address":"10.0.0.2/16"},{"address":"fd00::2/64"}]}', IP: "10.0.0.1" },
    ["10.0.0.2", "fd00::2"],
  ],
  ["of an old network plugin", { CNIResult: '{"ip4":{"ip":"10.0.0.3/24"}}' }, ["10.0.0.3"]],
  ["of a plugin's note that is broken", { CNIResult: "{", IP: "10.0.0.1" }, ["10.0.0.1"]],
  ["empty ones", { CNIResult: "", IP: "", "IP.0": "" }, []],
])("addresses: %s", (_, persisted, expected) => {
  const annotations = Object.fromEntries(
    Object.entries(persisted).map(([key, value]) => [prefix + key, value]),
  );
  expect(persistedAddresses(annotations)).toEqual(expected);
});
