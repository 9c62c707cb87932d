import { defaultConfig } from "../../../src/lib/config";
import { attachmentAsCached } from "../../../src/lib/operations/pod-network";
import { Container } from "../../../src/lib/oci/container";
import type { ContainerState, ContainerStatus } from "../../../src/lib/oci/state/container-state";
import { Sandbox } from "../../../src/lib/sandbox/sandbox";
import { testId } from "../../helpers/store-tree";

const config = JSON.stringify({ cniVersion: "1.0.0", name: "pods", plugins: [{ type: "bridge" }] });

function podWith(state: Pick<ContainerState, "status" | "pid"> | undefined): Sandbox {
  const id = testId("pod");
  const infraContainer = new Container({
    ...{ id, sandboxId: id, name: "k8s_POD_shop_default_u_0", metadata: { name: "POD", attempt: 0 } },
    ...{ imageName: "", imageId: "", layerId: "", dir: "/none", bundlePath: "/none" },
    ...{ createdAt: new Date(0), infra: true },
  });
  if (state !== undefined) {
    const rest = { ociVersion: "", id, bundle: "", annotations: {}, oomKilled: false, error: "" };
    infraContainer.state = { ...rest, ...state };
  }
  const names = { name: infraContainer.name, kubeName: "shop", namespace: "default", uid: "u", attempt: 0 };
  return new Sandbox({ id, infraContainer, ...names });
}

function netnsOf(netns: string, status: ContainerStatus | undefined, pid = 0): string {
  const sandbox = podWith(status === undefined ? undefined : { status, pid });
  const cached = {
    ...{ path: "", networkName: "pods", containerId: sandbox.id, ifName: "eth0", config, netns },
    ...{ args: [], capabilityArgs: {}, result: undefined },
  };
  return attachmentAsCached({ config: defaultConfig() }, sandbox, cached).netns;
}

test("a namespace that is named by a pid is that of a pod only while that process is the pod's", () => {
  expect(netnsOf("/proc/4711/ns/net", "running", 4711)).toBe("/proc/4711/ns/net");
  expect(netnsOf("/proc/4711/ns/net", "paused", 4711)).toBe("/proc/4711/ns/net");
  // The process is dead, and its pid may be that of a daemon in the namespace of the node.
  expect(netnsOf("/proc/4711/ns/net", "stopped")).toBe("");
  expect(netnsOf("/proc/4711/ns/net", "running", 4712)).toBe("");
  expect(netnsOf("/proc/4711/ns/net", "unknown", 4711)).toBe("");
  expect(netnsOf("/proc/4711/ns/net", undefined)).toBe("");
  // One that is pinned stays.
  expect(netnsOf("/run/netns/a", "stopped")).toBe("/run/netns/a");
});
