import { namespacesOf, specNamespaces } from "../../../src/lib/launch/pod-namespaces";
import type { Container } from "../../../src/lib/oci/container";
import type { SpecLinux } from "../../../src/lib/oci/spec";
import { failureOf } from "../../helpers/failure";

const podOf = (linux: SpecLinux, pid?: number): Parameters<typeof namespacesOf>[0] => ({
  kubeName: "shop",
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

test.each<[string, SpecLinux]>([
  ["a user namespace", { namespaces: [{ type: "user", path: "/u" }] }],
  ["a user namespace of its own", { namespaces: [{ type: "user" }] }],
  ["mappings", { namespaces: [], uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }] }],
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
