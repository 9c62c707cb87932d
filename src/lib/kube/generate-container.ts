import type { Config } from "../config";
import { tolerate } from "../errors";
import { defaultProfile } from "../launch/confinement";
import { readLaunchSettings } from "../launch/launch-settings";
import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { Spec } from "../oci/spec";
import type { Sandbox } from "../sandbox/sandbox";
import type { ImageConfigData } from "../storage/image-config";
import { isRecord, parseJson } from "../system/files";
import { textOf, textsOf } from "../system/go-json";
import { keptContainer } from "./annotations";
import { escapeText } from "./environment";
import { byteQuantity, cpuQuantity } from "../quantity";
import { kubeletProfiles } from "./security";

/** Of what a container is written into a file. */
export interface ContainerSource {
  readonly config: Config;
  readonly sandbox: Sandbox;
  readonly container: Container;
  /** How its image wants to be run; undefined where that is not in the store any more. */
  readonly image: ImageConfigData | undefined;
  readonly volumeMounts: readonly Record<string, unknown>[];
  /** What cannot be said in a file. */
  readonly tell: (line: string) => void;
}

/** What `--init` puts before the command of a container. */
const initWords = ["/dev/init", "--"];

/** A container as Kubernetes would have it, without what is as its image has it. */
export function containerObject(source: ContainerSource): Record<string, unknown> {
  const { container, image = {}, volumeMounts } = source;
  const { specAnnotations, spec, terminal } = container;
  const { process } = spec;
  const kept = keptContainer(container.annotations);
  const securityContext = securityOf(source);
  const resources = resourcesOf(spec, kept?.resources);
  const ports = portsOf(specAnnotations["io.kubernetes.container.ports"]);
  const env = variablesOf(source);
  const cwd = textOf(process?.cwd);
  const stopSignal = container.stopSignal;
  const name = specAnnotations[annotations.imageName] ?? "";
  return {
    name: kubernetesName(container.metadata.name),
    image: name === "" ? container.imageName : name,
    ...(kept?.kind === "sidecar" ? { restartPolicy: "Always" } : {}),
    ...commandOf(textsOf(process?.args), source.image),
    ...(cwd === "" || cwd === (image.WorkingDir ?? "/") ? {} : { workingDir: cwd }),
    ...(env.length === 0 ? {} : { env }),
    ...(ports.length === 0 ? {} : { ports }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(volumeMounts.length === 0 ? {} : { volumeMounts }),
    ...(Object.keys(securityContext).length === 0 ? {} : { securityContext }),
    ...(stopSignal === "" || stopSignal === image.StopSignal ? {} : { lifecycle: { stopSignal } }),
    ...(terminal ? { tty: true } : {}),
    ...(specAnnotations[annotations.stdin] === "true" ? { stdin: true } : {}),
    ...(specAnnotations[annotations.stdinOnce] === "true" ? { stdinOnce: true } : {}),
  };
}

/** A name as Kubernetes takes it. */
export function kubernetesName(name: string): string {
  const fit = name
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-")
    .slice(0, 63);
  return fit.replace(/^-+|-+$/g, "") || "container";
}

/** Where the image is not known all words are the command. */
function commandOf(words: readonly string[], image: ImageConfigData | undefined): Record<string, unknown> {
  const hasInit = initWords.every((word, index) => words[index] === word);
  const args = (hasInit ? words.slice(initWords.length) : words).map(escapeText);
  const { Entrypoint, Cmd } = image ?? {};
  const entrypoint = Entrypoint ?? [];
  const isSame = (list: readonly string[]): boolean =>
    list.length === args.length && list.every((word, index) => escapeText(word) === args[index]);
  if (args.length === 0 || isSame([...entrypoint, ...(Cmd ?? [])])) return {};
  const begins = entrypoint.length > 0 && entrypoint.length < args.length;
  if (begins && entrypoint.every((word, index) => escapeText(word) === args[index]))
    return { args: args.slice(entrypoint.length) };
  return { command: args };
}

/** Without what every container has, and what its image brings. */
function variablesOf({ config, sandbox, container, image }: ContainerSource): Record<string, string>[] {
  const usual = new Set([
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TERM=xterm",
    `HOSTNAME=${sandbox.hostname}`,
    ...readLaunchSettings(config, handlerOf(config, sandbox)).env,
    ...(image?.Env ?? []),
  ]);
  return textsOf(container.spec.process?.env)
    .filter((entry) => !usual.has(entry))
    .map((entry) => {
      const [name = "", ...value] = entry.split("=");
      return { name, value: escapeText(value.join("=")) };
    });
}

/** The runtime's handler of a pod. */
export function handlerOf(
  { defaultRuntime }: Pick<Config, "defaultRuntime">,
  { runtimeHandler }: Sandbox,
): string {
  return runtimeHandler === "" ? defaultRuntime : runtimeHandler;
}

/** The limits of its cgroup; of what it asked for beyond the processor only the file that it was made of tells. */
function resourcesOf(spec: Spec, kept: unknown): Record<string, unknown> {
  const { memory, cpu } = spec.linux?.resources ?? {};
  const { quota = 0, period = 0, shares = 0 } = cpu ?? {};
  const limits = {
    ...(quota > 0 && period > 0 ? { cpu: cpuQuantity(quota / period) } : {}),
    ...((memory?.limit ?? 0) > 0 ? { memory: byteQuantity(memory?.limit ?? 0) } : {}),
  };
  const asked = isRecord(kept) && isRecord(kept.requests) ? kept.requests.memory : undefined;
  const requests = {
    // What is as the limit says goes without saying.
    ...(shares > 2 && cpuQuantity(shares / 1024) !== limits.cpu ? { cpu: cpuQuantity(shares / 1024) } : {}),
    ...(asked === undefined ? {} : { memory: asked }),
  };
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
  };
}

/** The ports as the kubelet, or a file, has named them. */
function portsOf(noted: string | undefined): Record<string, unknown>[] {
  const value = noted === undefined ? [] : tolerate([], () => parseJson("the ports of a container", noted));
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** True for a container with the rights of the host. */
function isPrivileged({ linux }: Spec): boolean {
  const devices = linux?.resources?.devices ?? [];
  const allowsAll = devices.some(
    ({ allow, access, type, major }) =>
      allow && access === "rwm" && (type ?? "a") === "a" && (major ?? -1) === -1,
  );
  return allowsAll && (linux?.maskedPaths ?? []).length === 0;
}

function securityOf(source: ContainerSource): Record<string, unknown> {
  const { config, sandbox, container, image, tell } = source;
  const { process, root, linux = {} } = container.spec;
  const settings = readLaunchSettings(config, handlerOf(config, sandbox));
  const privileged = isPrivileged(container.spec);
  const { uid, gid } = process?.user ?? { uid: 0, gid: 0 };
  const named = (image?.User ?? "") !== "";
  if (!privileged && (linux.devices ?? []).length > settings.devices.length)
    tell(`the devices of container ${container.metadata.name} cannot be said in a file of Kubernetes`);
  const cpus = linux.resources?.cpu?.cpus ?? "";
  if (cpus !== "")
    tell(
      `that container ${container.metadata.name} runs on processors ${cpus} cannot be said in a file of Kubernetes`,
    );
  return {
    ...(uid !== 0 || named ? { runAsUser: uid } : {}),
    ...(gid !== 0 || named ? { runAsGroup: gid } : {}),
    ...(privileged
      ? { privileged }
      : capabilitiesObject(textsOf(process?.capabilities?.bounding), settings.capabilities)),
    ...(process?.noNewPrivileges === true ? { allowPrivilegeEscalation: false } : {}),
    ...(root?.readonly === true && !settings.readOnly ? { readOnlyRootFilesystem: true } : {}),
    ...(privileged ? {} : profilesOf(source)),
    ...selinuxOf(textOf(process?.selinuxLabel), textOf(sandbox.infraContainer.spec.process?.selinuxLabel)),
  };
}

function capabilitiesObject(has: readonly string[], usual: readonly string[]): Record<string, unknown> {
  const short = (names: readonly string[]): string[] => names.map((name) => name.replace(/^CAP_/, ""));
  const kept = usual.filter((name) => has.includes(name));
  const extra = has.filter((name) => !usual.includes(name));
  if (kept.length === usual.length && extra.length === 0) return {};
  const dropped = usual.filter((name) => !has.includes(name));
  if (dropped.length > kept.length)
    return { capabilities: { drop: ["ALL"], ...(has.length === 0 ? {} : { add: short(has) }) } };
  return {
    capabilities: {
      ...(extra.length === 0 ? {} : { add: short(extra) }),
      ...(dropped.length === 0 ? {} : { drop: short(dropped) }),
    },
  };
}

function profilesOf({ config, container, tell }: ContainerSource): Record<string, unknown> {
  const { specAnnotations, spec } = container;
  const seccomp = specAnnotations[annotations.seccompProfilePath] ?? "";
  const path = seccomp.replace(/^localhost\//, "");
  const isLocal = path !== seccomp;
  if (isLocal && !path.startsWith(`${kubeletProfiles}/`))
    tell(`the seccomp profile ${path} does not lie below ${kubeletProfiles}, and cannot be named`);
  const apparmor = textOf(spec.process?.apparmorProfile);
  const isOwn = apparmor !== "" && apparmor !== defaultProfile(config);
  return {
    ...(seccomp === "Unconfined" ? { seccompProfile: { type: "Unconfined" } } : {}),
    // Kubernetes confines no container by itself.
    ...(!isLocal && spec.linux?.seccomp !== undefined ? { seccompProfile: { type: "RuntimeDefault" } } : {}),
    ...(isLocal && path.startsWith(`${kubeletProfiles}/`)
      ? { seccompProfile: { type: "Localhost", localhostProfile: path.slice(kubeletProfiles.length + 1) } }
      : {}),
    ...(isOwn ? { appArmorProfile: { type: "Localhost", localhostProfile: apparmor } } : {}),
  };
}

/** What of its label its pod has otherwise. */
function selinuxOf(label: string, ofPod: string): Record<string, unknown> {
  const [, , type = "", ...level] = label.split(":");
  const [, , podType = "", ...podLevel] = ofPod.split(":");
  const options = {
    ...(type === "" || type === podType ? {} : { type }),
    ...(level.length === 0 || level.join(":") === podLevel.join(":") ? {} : { level: level.join(":") }),
  };
  return Object.keys(options).length === 0 ? {} : { seLinuxOptions: options };
}
