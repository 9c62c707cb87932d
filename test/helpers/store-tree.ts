import { createHash } from "node:crypto";
import type { Tree } from "./testdir";

/** The same 64 hexadecimal digits for the same word, beginning with digits of one's choice. */
export function testId(word: string, prefix = ""): string {
  return (prefix + createHash("sha256").update(word).digest("hex")).slice(0, 64);
}

/** A pod as the store's record and CRI-O's config.json describe it. */
export interface TestPod {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Over those that CRI-O writes. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A container of a pod, likewise. */
export interface TestContainer {
  readonly id: string;
  readonly pod: TestPod;
  readonly name: string;
  readonly attempt?: number;
  readonly created?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function podName({ name, namespace, uid, attempt = 0 }: TestPod): string {
  return `k8s_${name}_${namespace}_${uid}_${attempt}`;
}

function containerName({ name, pod, attempt = 0 }: TestContainer): string {
  return `k8s_${name}_${pod.name}_${pod.namespace}_${pod.uid}_${attempt}`;
}

/** The record of a pod's infra container, with its fields in the order of containers/storage. */
export function podRecord(pod: TestPod): Record<string, unknown> {
  const infraName = `k8s_POD_${podName(pod).slice("k8s_".length)}`;
  const metadata = {
    "pod-name": podName(pod),
    "pod-id": pod.id,
    "image-name": "localhost/pause:latest",
    "image-id": testId("pause"),
    name: infraName,
    "metadata-name": pod.name,
    uid: pod.uid,
    namespace: pod.namespace,
    "created-at": 1_700_000_000,
    ...(pod.attempt === undefined ? {} : { attempt: pod.attempt }),
    pod: true,
  };
  return {
    id: pod.id,
    names: [infraName, podName(pod)],
    image: testId("pause"),
    layer: testId(`layer of ${pod.id}`),
    metadata: JSON.stringify(metadata),
    created: "2023-11-14T22:13:20.123456789Z",
    flags: { MountLabel: "", ProcessLabel: "" },
  };
}

/** The record of a container. */
export function containerRecord(container: TestContainer): Record<string, unknown> {
  const metadata = {
    "pod-name": podName(container.pod),
    "pod-id": container.pod.id,
    "image-name": "localhost/busybox:latest",
    "image-id": testId("busybox"),
    name: containerName(container),
    "metadata-name": container.name,
    "created-at": 1_700_000_001,
    ...(container.attempt === undefined ? {} : { attempt: container.attempt }),
  };
  return {
    id: container.id,
    names: [containerName(container)],
    image: testId("busybox"),
    layer: testId(`layer of ${container.id}`),
    metadata: JSON.stringify(metadata),
    created: container.created ?? "2023-11-14T22:13:21.5Z",
    flags: { MountLabel: "", ProcessLabel: "" },
  };
}

function podSpec(pod: TestPod): string {
  const annotations = {
    "io.container.manager": "cri-o",
    "io.kubernetes.cri-o.Labels": JSON.stringify(pod.labels ?? {}),
    "io.kubernetes.cri-o.Annotations": "{}",
    "io.kubernetes.cri-o.ContainerType": "sandbox",
    ...pod.annotations,
  };
  return JSON.stringify({ ociVersion: "1.0.2", annotations });
}

function containerSpec(container: TestContainer): string {
  const annotations = {
    "io.container.manager": "cri-o",
    "io.kubernetes.cri-o.Labels": JSON.stringify(container.labels ?? {}),
    "io.kubernetes.cri-o.Annotations": "{}",
    "io.kubernetes.cri-o.ContainerType": "container",
    ...container.annotations,
  };
  return JSON.stringify({ ociVersion: "1.0.2", annotations });
}

/** A store of the overlay driver as files for testdir: `root/` and `runroot/`, without images and layers. */
export function storeTree(pods: readonly TestPod[], containers: readonly TestContainer[]): Tree {
  const records = [...pods.map(podRecord), ...containers.map(containerRecord)];
  const userdata = (id: string): string => `root/overlay-containers/${id}/userdata/config.json`;
  return {
    "root/overlay-containers/containers.json": JSON.stringify(records),
    "root/overlay-containers/containers.lock": "",
    "runroot/": null,
    ...Object.fromEntries(pods.map((pod) => [userdata(pod.id), podSpec(pod)])),
    ...Object.fromEntries(containers.map((container) => [userdata(container.id), containerSpec(container)])),
  };
}
