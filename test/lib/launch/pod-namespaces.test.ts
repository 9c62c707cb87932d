import { namespacesOf, specNamespaces } from "../../../src/lib/launch/pod-namespaces";
import type { Container } from "../../../src/lib/oci/container";
import type { SpecLinux, SpecNamespace } from "../../../src/lib/oci/spec";
import { failureOf } from "../../helpers/failure";

type Pod = Parameters<typeof namespacesOf>[0];

const podOf = (linux: SpecLinux, pid?: number, more: Partial<Pod> = {}): Pod => ({
  kubeName: "shop",
  namespaceOptions: undefined,
  spoofed: false,
  ...more,
  infraContainer: {
    spec: { ociVersion: "", linux },
    ...(pid === undefined ? {} : { state: { pid } }),
  } as unknown as Container,
});

test("pinned namespaces are joined by their paths", () => {
  const namespaces = [
    { type: "pid" as const },
    { type: "network" as const, path: "/n" },
    { type: "ipc" as const, path: "/i" },
    { type: "uts" as const, path: "/u" },
    { type: "mount" as const },
  ];
  expect(namespacesOf(podOf({ namespaces }))).toEqual({ network: "/n", ipc: "/i", uts: "/u" });
});

test("those that CRI-O 1.0 did not pin are joined through the infra container's process, not left to the node's", () => {
  const namespaces = [
    { type: "network" as const, path: "/n" },
    { type: "ipc" as const },
    { type: "uts" as const },
  ];
  expect(namespacesOf(podOf({ namespaces }, 4711))).toEqual({
    network: "/n",
    ipc: "/proc/4711/ns/ipc",
    uts: "/proc/4711/ns/uts",
  });
  expect(namespacesOf(podOf({ namespaces: [{ type: "network" }] }, 4711))).toEqual({
    network: "/proc/4711/ns/net",
  });
});

test.each([undefined, 0])("without that process (%s) the launch is refused", async (pid) => {
  const error = await failureOf(() => namespacesOf(podOf({ namespaces: [{ type: "ipc" }] }, pid)));
  expect([error.code, error.message]).toEqual([
    "BAD_STATE",
    "the ipc namespace of pod shop is not to be found",
  ]);
});

test("those that the pod's maker left to the node stay so", () => {
  expect(namespacesOf(podOf({ namespaces: [{ type: "mount" }] }))).toEqual({});
});

const own = [{ type: "pid" as const }];

test.each<[string, SpecLinux, Partial<Pod>, SpecNamespace[]]>([
  ["that tells nothing of it", { namespaces: own }, {}, own],
  ["whose containers have their own", { namespaces: own }, { namespaceOptions: { pid: 1 } }, own],
  ["that takes it from another container", { namespaces: own }, { namespaceOptions: { pid: 3 } }, own],
  ["of the node", { namespaces: [] }, { namespaceOptions: { pid: 2 } }, []],
  [
    "that shares that of its process",
    { namespaces: own },
    { namespaceOptions: {} },
    [{ type: "pid", path: "/proc/4711/ns/pid" }],
  ],
  [
    "that shares one pinned",
    { namespaces: [{ type: "pid", path: "/p" }] },
    { namespaceOptions: { pid: 0 } },
    [{ type: "pid", path: "/p" }],
  ],
  ["that shares it, but has no process", { namespaces: own }, { namespaceOptions: {}, spoofed: true }, own],
  ["that shares that of the node", { namespaces: [] }, { namespaceOptions: {} }, []],
])("the pid namespace in a pod %s", (_, linux, options, expected) => {
  const namespaces = specNamespaces(namespacesOf(podOf(linux, 4711, options)), false);
  expect(namespaces).toEqual([...expected, { type: "mount" }]);
});

test("where the pod shares its pid namespace, and its process is not known, the launch is refused", async () => {
  const pod = podOf({ namespaces: own }, 0, { namespaceOptions: {} });
  const error = await failureOf(() => namespacesOf(pod));
  expect([error.code, error.message]).toEqual([
    "BAD_STATE",
    "the pid namespace of pod shop is not to be found",
  ]);
});

const ids = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

test.each([
  ["pinned", { type: "user" as const, path: "/u" }, "/u"],
  ["of its process", { type: "user" as const }, "/proc/4711/ns/user"],
])("a user namespace that is %s is joined, with the pod's mappings", (_, namespace, path) => {
  const gids = [{ hostID: 200_000, size: 1000 }];
  const linux: SpecLinux = { namespaces: [namespace], uidMappings: ids, gidMappings: gids };
  const joined = namespacesOf(podOf(linux, 4711));
  expect(joined).toEqual({ user: { path, mappings: { uids: ids, gids } } });
  expect(specNamespaces(joined, false)).toEqual([...own, { type: "user", path }, { type: "mount" }]);
});

test.each<[string, SpecLinux]>([
  ["a user namespace without mappings", { namespaces: [{ type: "user", path: "/u" }] }],
  ["mappings without a namespace", { namespaces: [], uidMappings: ids, gidMappings: ids }],
  ["mappings of users alone", { namespaces: [{ type: "user", path: "/u" }], uidMappings: ids }],
  [
    "mappings that are none",
    { namespaces: [{ type: "user", path: "/u" }], uidMappings: ids, gidMappings: [{ hostID: -1, size: 1 }] },
  ],
])("a pod with %s is refused", async (_, linux) => {
  const error = await failureOf(() => namespacesOf(podOf(linux)));
  expect([error.code, error.message]).toEqual(["UNSUPPORTED", expect.stringContaining("user namespace")]);
});

test("with cgroups of version 2 a container has a cgroup namespace too", () => {
  expect(specNamespaces({ ipc: "/i" }, true)).toEqual([
    { type: "pid" },
    { type: "ipc", path: "/i" },
    { type: "mount" },
    { type: "cgroup" },
  ]);
  expect(specNamespaces({}, false)).toEqual([{ type: "pid" }, { type: "mount" }]);
});
