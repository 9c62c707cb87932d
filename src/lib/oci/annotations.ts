/**
 * The annotations that CRI-O writes into a config.json, the names of CRI-O 1.36 (crio-1.0's where only it had
 * one). See CRI-O's pkg/annotations.
 */
export const annotations = {
  manager: "io.container.manager",
  annotations: "io.kubernetes.cri-o.Annotations",
  labels: "io.kubernetes.cri-o.Labels",
  metadata: "io.kubernetes.cri-o.Metadata",
  name: "io.kubernetes.cri-o.Name",
  containerName: "io.kubernetes.cri-o.ContainerName",
  containerId: "io.kubernetes.cri-o.ContainerID",
  containerType: "io.kubernetes.cri-o.ContainerType",
  sandboxId: "io.kubernetes.cri-o.SandboxID",
  sandboxName: "io.kubernetes.cri-o.SandboxName",
  created: "io.kubernetes.cri-o.Created",
  namespace: "io.kubernetes.cri-o.Namespace",
  kubeName: "io.kubernetes.cri-o.KubeName",
  hostName: "io.kubernetes.cri-o.HostName",
  hostNetwork: "io.kubernetes.cri-o.HostNetwork",
  hostnamePath: "io.kubernetes.cri-o.HostnamePath",
  resolvPath: "io.kubernetes.cri-o.ResolvPath",
  shmPath: "io.kubernetes.cri-o.ShmPath",
  usernsMode: "io.kubernetes.cri-o.userns-mode",
  namespaceOptions: "io.kubernetes.cri-o.NamespaceOptions",
  portMappings: "io.kubernetes.cri-o.PortMappings",
  privilegedRuntime: "io.kubernetes.cri-o.PrivilegedRuntime",
  /** Of 1.0 only. */
  trustedSandbox: "io.kubernetes.cri-o.TrustedSandbox",
  runtimeHandler: "io.kubernetes.cri-o.RuntimeHandler",
  cgroupParent: "io.kubernetes.cri-o.CgroupParent",
  image: "io.kubernetes.cri-o.Image",
  imageName: "io.kubernetes.cri-o.ImageName",
  imageRef: "io.kubernetes.cri-o.ImageRef",
  imageRepoDigests: "io.kubernetes.cri-o.ImageRepoDigests",
  logPath: "io.kubernetes.cri-o.LogPath",
  mountPoint: "io.kubernetes.cri-o.MountPoint",
  seccompProfilePath: "io.kubernetes.cri-o.SeccompProfilePath",
  /** Of 1.0; later `.IP.0`, `.IP.1`, … */
  ip: "io.kubernetes.cri-o.IP",
  /** What the network plugin said when it made the pod's network; on infra containers. */
  cniResult: "io.kubernetes.cri-o.CNIResult",
  stdin: "io.kubernetes.cri-o.Stdin",
  stdinOnce: "io.kubernetes.cri-o.StdinOnce",
  tty: "io.kubernetes.cri-o.TTY",
  volumes: "io.kubernetes.cri-o.Volumes",
  platformRuntimePath: "platform-runtime-path.crio.io",
  /** The name of `platformRuntimePath` up to CRI-O 1.34. */
  platformRuntimePathBefore: "io.kubernetes.cri-o.PlatformRuntimePath",
  podLinuxOverhead: "pod-linux-overhead.crio.io",
  podLinuxResources: "pod-linux-resources.crio.io",
  /** The names of these two up to CRI-O 1.34. */
  podLinuxOverheadBefore: "io.kubernetes.cri-o.PodLinuxOverhead",
  podLinuxResourcesBefore: "io.kubernetes.cri-o.PodLinuxResources",
  spoofed: "spoofed.crio.io",
  /** The name of `spoofed` up to CRI-O 1.34. */
  spoofedBefore: "io.kubernetes.cri-o.Spoofed",
  stopSignal: "org.opencontainers.image.stopSignal",
  /** kpod's own, on what it makes. */
  createdBy: "kpod/created-by",
  /** Seconds that a container gets to end before it is killed. */
  stopTimeout: "kpod/stop-timeout",
  /** Bytes after which its log begins anew. */
  logSizeMax: "kpod/log-size-max",
} as const;

/** Labels by which the kubelet names things. */
export const kubernetesLabels = {
  containerName: "io.kubernetes.container.name",
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
} as const;
