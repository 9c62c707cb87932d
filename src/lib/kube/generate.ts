import { dirname, join } from "node:path";
import { tolerate } from "../errors";
import { readLaunchSettings } from "../launch/launch-settings";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { readImageConfig, type ImageConfigData } from "../storage/image-config";
import type { ImageRecord } from "../storage/records";
import { isRecord, readTextIfThere } from "../system/files";
import { keptContainer, keptPod, withoutKept, type KeptPod } from "./annotations";
import { containerObject, handlerOf, kubernetesName } from "./generate-container";
import { findVolumes, type FoundBeside } from "./generate-volumes";

/** What is to be written into a file. */
export interface KubeChoice {
  readonly sandbox: Sandbox;
  /** Some of its containers, all of them by default. */
  readonly containers?: readonly Container[];
}

/** What of a node stands in a file of Kubernetes. */
export interface GeneratedKube {
  /** ConfigMaps and Secrets, and then the pods. */
  readonly objects: readonly Record<string, unknown>[];
  /** What cannot be said in such a file, a line each. */
  readonly notes: readonly string[];
}

/**
 * Writes pods down as Kubernetes would have them, from what the disk tells: `planKube` takes it again. What of a pod was
 * made by `playKube` is as its file had it, but for variables, which have their values, and for limits as they are now.
 * @throws KpodError CORRUPT for a spec that cannot be read
 */
export async function generateKube(
  server: Pick<ServerView, "config" | "store">,
  choices: readonly KubeChoice[],
): Promise<GeneratedKube> {
  const { store } = server;
  const images = store.exists() ? await store.images() : [];
  const notes = new Set<string>();
  const found: FoundBeside = { objects: new Map(), tell: (line) => notes.add(line) };
  const pods = choices.map((choice) => podObject({ ...server, images }, choice, found));
  return { objects: [...found.objects.values(), ...pods], notes: [...notes] };
}

/** The parts of a server by which pods are written. */
interface GenerateParts extends Pick<ServerView, "config" | "store"> {
  readonly images: readonly ImageRecord[];
}

function podObject(
  server: GenerateParts,
  { sandbox, containers = sandbox.containers() }: KubeChoice,
  found: FoundBeside,
): Record<string, unknown> {
  const { config } = server;
  const { tell } = found;
  const kept = keptPod(sandbox.annotations);
  const volumes = findVolumes(sandbox, kept, found);
  const chosen = newestOf(containers).sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  const written: { kind: string; object: Record<string, unknown> }[] = [];
  for (const container of chosen) {
    const image = imageConfigOf(server, container);
    if (image === undefined)
      tell(
        `image ${container.imageName} is not in the store: what container ${container.metadata.name} has of it is written out`,
      );
    const volumeMounts = volumes.mountsOf(container);
    const object = containerObject({ config, sandbox, container, image, volumeMounts, tell });
    written.push({ kind: keptContainer(container.annotations)?.kind ?? "main", object });
  }
  const of = (isMain: boolean): Record<string, unknown>[] =>
    written.filter(({ kind }) => (kind === "main") === isMain).map(({ object }) => object);
  const [main, initial] = [of(true), of(false)];
  addPorts(sandbox, main, [...main, ...initial]);
  const securityContext = podSecurity(config, sandbox, { kept, containers: chosen });
  const ofPod = volumes.volumes();
  const spec = {
    ...kept?.spec,
    ...(initial.length === 0 ? {} : { initContainers: initial }),
    containers: main,
    ...namespacesOf(sandbox),
    ...namesOf(sandbox, kept),
    ...(sandbox.runtimeHandler === "" ? {} : { runtimeClassName: sandbox.runtimeHandler }),
    ...graceOf(chosen),
    ...(Object.keys(securityContext).length === 0 ? {} : { securityContext }),
    ...(ofPod.length === 0 ? {} : { volumes: ofPod }),
  };
  if (main.length === 0)
    tell(`pod ${sandbox.kubeName} has no containers, and a file of Kubernetes needs one`);
  return { apiVersion: "v1", kind: "Pod", metadata: metadataOf(sandbox), spec };
}

/** Of several attempts of a container the newest. */
function newestOf(containers: readonly Container[]): Container[] {
  const newest = new Map<string, Container>();
  for (const container of containers) {
    const other = newest.get(container.metadata.name);
    if (other === undefined || other.metadata.attempt < container.metadata.attempt)
      newest.set(container.metadata.name, container);
  }
  return [...newest.values()];
}

function imageConfigOf(
  { store, images }: GenerateParts,
  { imageId }: Container,
): ImageConfigData | undefined {
  const image = images.find(({ id }) => id === imageId);
  return image === undefined
    ? undefined
    : tolerate(undefined, () => readImageConfig(store, image).config ?? {});
}

function metadataOf(sandbox: Sandbox): Record<string, unknown> {
  const isOwn = ([name]: [string, string]): boolean =>
    !/^(io\.kubernetes\.|kubernetes\.io\/config\.)/.test(name);
  const [labels, annotations] = [sandbox.labels, withoutKept(sandbox.annotations)].map((map) =>
    Object.fromEntries(Object.entries(map).filter(isOwn)),
  );
  const hasSome = (map: Record<string, string> | undefined): boolean => Object.keys(map ?? {}).length > 0;
  return {
    name: sandbox.kubeName.toLowerCase().replace(/_/g, "-"),
    namespace: sandbox.namespace,
    ...(hasSome(labels) ? { labels } : {}),
    ...(hasSome(annotations) ? { annotations } : {}),
  };
}

/** Those that no container has named itself are the first one's. */
function addPorts(
  sandbox: Sandbox,
  [first]: readonly Record<string, unknown>[],
  all: readonly Record<string, unknown>[],
): void {
  if (first === undefined || sandbox.hostNetwork) return;
  const named = new Set(
    all.flatMap(({ ports }) => (Array.isArray(ports) ? ports.filter(isRecord) : [])).map(portKey),
  );
  const others = sandbox.portMappings
    .filter(({ hostPort }) => hostPort > 0)
    .map(({ hostPort, containerPort, protocol, hostIp }) => ({
      containerPort,
      hostPort,
      ...(protocol === "tcp" ? {} : { protocol: protocol.toUpperCase() }),
      ...(hostIp === "" ? {} : { hostIP: hostIp }),
    }))
    .filter((port) => !named.has(portKey(port)));
  if (others.length > 0)
    first.ports = [...(Array.isArray(first.ports) ? (first.ports as unknown[]) : []), ...others];
}

function portKey({ hostPort, protocol = "TCP", hostIP = "" }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([hostPort, protocol, hostIP]);
}

function namespacesOf(sandbox: Sandbox): Record<string, unknown> {
  const { hostNetwork, namespaceOptions, spoofed, infraContainer } = sandbox;
  const names = (infraContainer.spec.linux?.namespaces ?? []).map(({ type }) => type);
  const pid = namespaceOptions?.pid ?? 0;
  return {
    ...(hostNetwork ? { hostNetwork } : {}),
    ...(names.includes("user") ? { hostUsers: false } : {}),
    ...(names.length > 0 && !names.includes("ipc") ? { hostIPC: true } : {}),
    ...(namespaceOptions === undefined ? {} : pid === 2 ? { hostPID: true } : {}),
    ...(namespaceOptions !== undefined && pid === 0 && !spoofed ? { shareProcessNamespace: true } : {}),
  };
}

/** How it finds others, where that is not as on the node. */
function namesOf(sandbox: Sandbox, kept: KeptPod | undefined): Record<string, unknown> {
  const { hostname, hostNetwork, kubeName, hostnamePath, resolvPath } = sandbox;
  const own =
    hostNetwork || hostname === "" || hostname === kubeName ? {} : { hostname: kubernetesName(hostname) };
  if (kept !== undefined) return own;
  const resolver = resolvPath === "" ? undefined : readTextIfThere(resolvPath);
  const isHosts = resolver === undefined || resolver === readTextIfThere("/etc/resolv.conf");
  const hosts =
    hostNetwork || hostnamePath === "" ? undefined : readTextIfThere(join(dirname(hostnamePath), "hosts"));
  const hostAliases = hosts === undefined ? [] : aliasesIn(hosts, hostname);
  return {
    ...own,
    ...(isHosts ? {} : { dnsPolicy: "None", dnsConfig: resolverIn(resolver) }),
    ...(hostAliases.length === 0 ? {} : { hostAliases }),
  };
}

function resolverIn(text: string): Record<string, unknown> {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const words = (...keys: string[]): string[] =>
    lines.flatMap(([key = "", ...rest]) => (keys.includes(key) ? rest : []));
  const searches = words("search", "domain");
  const options = words("options").map((option) => {
    const [name = "", value] = option.split(":");
    return { name, ...(value === undefined ? {} : { value }) };
  });
  return {
    nameservers: words("nameserver"),
    ...(searches.length === 0 ? {} : { searches }),
    ...(options.length === 0 ? {} : { options }),
  };
}

function aliasesIn(text: string, hostname: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/))
    .filter(([ip = "", ...names]) => ip !== "" && !names.includes("localhost") && !names.includes(hostname))
    .map(([ip, ...hostnames]) => ({ ip, hostnames }));
}

function graceOf(containers: readonly Container[]): Record<string, unknown> {
  const seconds = containers.flatMap(({ stopTimeout, annotations }) => {
    const noted = annotations["io.kubernetes.pod.terminationGracePeriod"] ?? "";
    return stopTimeout ?? (/^\d{1,9}$/.test(noted) ? Number(noted) : []);
  });
  return seconds.length === 0 ? {} : { terminationGracePeriodSeconds: Math.max(...seconds) };
}

function podSecurity(
  config: ServerView["config"],
  sandbox: Sandbox,
  { kept, containers }: { readonly kept: KeptPod | undefined; readonly containers: readonly Container[] },
): Record<string, unknown> {
  const fsGroup = kept?.fsGroup;
  const groups = containers.flatMap(({ spec }) => {
    const { gid, additionalGids = [] } = spec.process?.user ?? { gid: 0 };
    return additionalGids.filter((group) => group !== gid && group !== fsGroup);
  });
  const supplementalGroups = [...new Set(groups)];
  const usual = readLaunchSettings(config, handlerOf(config, sandbox)).sysctls;
  const sysctls = Object.entries(sandbox.infraContainer.spec.linux?.sysctl ?? {})
    .filter(([name, value]) => usual[name] !== value)
    .map(([name, value]) => ({ name, value }));
  return {
    ...(fsGroup === undefined ? {} : { fsGroup }),
    ...(supplementalGroups.length === 0 ? {} : { supplementalGroups }),
    ...(sysctls.length === 0 ? {} : { sysctls }),
  };
}
