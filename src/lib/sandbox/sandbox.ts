import { existsSync } from "node:fs";
import { join } from "node:path";
import { isRecord, parseJson } from "../system/files";
import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { SpecNamespace } from "../oci/spec";

/** Who a pod is, as its record in the store says. */
export interface SandboxIdentity {
  id: string;
  /** Full name, `k8s_POD_NS_UID_ATTEMPT`. */
  name: string;
  /** Its names in Kubernetes. */
  kubeName: string;
  namespace: string;
  uid: string;
  attempt: number;
  infraContainer: Container;
}

/**
 * What a pod can be: with its infra container running (or, where it needs none, not stopped), or not, or still being
 * made.
 */
export type SandboxState = "Ready" | "NotReady" | "Creating";

/** A port of the host that leads to one of a pod. */
export interface PortMapping {
  hostPort: number;
  containerPort: number;
  /** `tcp`, `udp` or `sctp`. */
  protocol: string;
  /** "" for every address of the host. */
  hostIp: string;
}

/** CRI-O writes the protocol as a word, up to 1.9 as CRI's number. */
const protocolNumbers = ["tcp", "udp", "sctp"];

function readPortMappings(value: unknown): PortMapping[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((entry) => {
    const read = (name: string): unknown =>
      entry[name] ?? entry[name.replace(/^./, (first) => first.toLowerCase())];
    const protocol = read("Protocol");
    const hostIp = read("HostIP");
    return {
      hostPort: Number(read("HostPort") ?? 0),
      containerPort: Number(read("ContainerPort") ?? 0),
      protocol:
        typeof protocol === "string"
          ? protocol.toLowerCase()
          : (protocolNumbers[Number(protocol ?? 0)] ?? ""),
      hostIp: typeof hostIp === "string" ? hostIp : "",
    };
  });
}

/**
 * A pod (libkpod: sandbox.Sandbox). What goes beyond names stands in the annotations of its infra container's
 * spec, which is read when it is asked for.
 */
export class Sandbox {
  readonly id: string;
  readonly name: string;
  readonly kubeName: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  readonly infraContainer: Container;
  private readonly members = new Map<string, Container>();

  constructor(identity: SandboxIdentity) {
    this.id = identity.id;
    this.name = identity.name;
    this.kubeName = identity.kubeName;
    this.namespace = identity.namespace;
    this.uid = identity.uid;
    this.attempt = identity.attempt;
    this.infraContainer = identity.infraContainer;
  }

  /** The containers of the pod, without the infra container. */
  containers(): Container[] {
    return [...this.members.values()];
  }

  /** Adds a container. */
  addContainer(container: Container): void {
    this.members.set(container.id, container);
  }

  /** Removes a container from the pod. */
  removeContainer(container: Container): void {
    this.members.delete(container.id);
  }

  /** The container with an id. */
  getContainer(id: string): Container | undefined {
    return this.members.get(id);
  }

  /** The pod's labels in Kubernetes. @throws KpodError CORRUPT */
  get labels(): Record<string, string> {
    return this.infraContainer.labels;
  }

  /** The pod's annotations in Kubernetes. @throws KpodError CORRUPT */
  get annotations(): Record<string, string> {
    return this.infraContainer.annotations;
  }

  /** Directory of the logs of containers that name none of their own, below the configured one. */
  logDirectory(logDir: string): string {
    return join(logDir, this.id);
  }

  /** True when the pod has no infra process of its own: CRI-O since 1.20 leaves it out where it can. */
  get spoofed(): boolean {
    return this.flag(annotations.spoofed) || this.flag(annotations.spoofedBefore);
  }

  /** True when the pod has the host's rights. */
  get privileged(): boolean {
    return this.flag(annotations.privilegedRuntime);
  }

  /** What the kubelet said of trust (CRI-O 1.0); undefined when nothing. */
  get trusted(): boolean | undefined {
    const value = this.text(annotations.trustedSandbox);
    return value === "" ? undefined : value === "true";
  }

  /** The runtime handler the pod asks for; "" for the default one. */
  get runtimeHandler(): string {
    return this.text(annotations.runtimeHandler);
  }

  get cgroupParent(): string {
    return this.text(annotations.cgroupParent);
  }

  get hostname(): string {
    return this.text(annotations.hostName);
  }

  get hostnamePath(): string {
    return this.text(annotations.hostnamePath);
  }

  get resolvPath(): string {
    return this.text(annotations.resolvPath);
  }

  get shmPath(): string {
    return this.text(annotations.shmPath);
  }

  get hostNetwork(): boolean {
    return this.flag(annotations.hostNetwork);
  }

  /** The ports of the host that lead to the pod. @throws KpodError CORRUPT */
  get portMappings(): PortMapping[] {
    const text = this.text(annotations.portMappings);
    return text === "" ? [] : readPortMappings(parseJson(`the port mappings of pod ${this.name}`, text));
  }

  /**
   * Which namespaces the pod's containers share, by CRI's numbers; undefined up to CRI-O 1.9, which did not persist it.
   * @throws KpodError CORRUPT
   */
  get namespaceOptions(): { pid?: number } | undefined {
    const text = this.text(annotations.namespaceOptions);
    if (text === "") return undefined;
    const options = parseJson(`the namespace options of pod ${this.name}`, text);
    const pid = isRecord(options) ? options.pid : undefined;
    return typeof pid === "number" ? { pid } : {};
  }

  /** Path of a pinned namespace of the pod; "" when it has none of that kind. */
  namespacePath(type: SpecNamespace["type"]): string {
    const { namespaces } = this.infraContainer.spec.linux ?? {};
    return namespaces?.find((namespace) => namespace.type === type)?.path ?? "";
  }

  /** Whether it is persisted that the pod was stopped. */
  get isMarkedStopped(): boolean {
    return this.isMarked("stopped");
  }

  /** Whether it is persisted that the pod's network is taken down: its addresses may be another pod's by now. */
  get isNetworkStopped(): boolean {
    return this.isMarked("network-stopped");
  }

  /** The marks of a pod without an infra process lie in the run directory, those of others where they last. */
  private isMarked(mark: string): boolean {
    const { dir, bundlePath } = this.infraContainer;
    return [dir, bundlePath].some((directory) => existsSync(join(directory, mark)));
  }

  /**
   * Whether the pod is ready, by the state of its infra container when that was last looked up. One of which nobody can
   * tell that it runs is no ready pod, as for CRI-O, which knows no third answer.
   * @throws KpodError CORRUPT when that does not run, and its spec cannot tell whether the pod needs it
   */
  get state(): SandboxState {
    if (this.isMarkedStopped) return "NotReady";
    const { bundlePath, state } = this.infraContainer;
    const status = state?.status;
    if (status === "running" || status === "paused") return "Ready";
    if (status === "creating") return "Creating";
    // Without a process, what is lost with a reboot tells: the bundle.
    return this.spoofed && existsSync(bundlePath) ? "Ready" : "NotReady";
  }

  private flag(key: string): boolean {
    return this.text(key) === "true";
  }

  private text(key: string): string {
    return this.infraContainer.annotation(key);
  }
}
