import { randomInt } from "node:crypto";
import type { Config } from "../config";
import { constants, openSync, writeSync } from "node:fs";
import { errnoOf, fileError, isNotFound, KpodError } from "../errors";
import { warnOnce, type Logger } from "../logger";
import type { ConfinementOptions } from "./container-options";
import type { Sandbox } from "../sandbox/sandbox";
import { parseContainerMetadata } from "../storage/container-metadata";
import type { ContainerRecord } from "../storage/records";
import type { SelinuxLabels } from "../storage/store";
import { readTextIfThere, closing } from "../system/files";

/** What of a node tells of SELinux, below a directory of its own in tests. */
export interface SelinuxHost {
  /** Directory that stands for `/`. */
  root?: string;
}

/** Those of what shares a namespace with the node, and of a node without SELinux. */
export const noLabels: SelinuxLabels = { process: "", mount: "" };

/** Of a container that SELinux confines to nothing: its files are still those of its pod, which others there may need. */
export function unconfinedLabels({ mount }: SelinuxLabels): SelinuxLabels {
  return { process: "", mount };
}

/** Categories are c0 to c1023; two of them keep one pod apart from the others. */
const categories = 1024;

/** Files with the contexts of containers, the first that is there counts: of container-selinux, and of the policy. */
const commonContexts = "/usr/share/containers/selinux/contexts";

/** True where the kernel enforces, or at least knows, SELinux. */
export function hasSelinux({ root = "" }: SelinuxHost = {}): boolean {
  return (
    readTextIfThere(`${root}/sys/fs/selinux/enforce`) !== undefined &&
    readTextIfThere(`${root}/proc/self/attr/current`)?.replace(/\0$/, "").trim() !== "kernel"
  );
}

/**
 * The labels of a new pod: the contexts of the node's policy for containers, with two categories that no other pod has.
 * Without SELinux in the kernel there are none, as in CRI-O; where the configuration asks for some that is told.
 * @param records all containers of the store, under a lock that keeps others from choosing at the same time
 * @throws KpodError BAD_CONFIG where the policy has no contexts for containers, or the kernel does not know them
 */
export function newPodLabels(
  config: Config,
  records: readonly ContainerRecord[],
  logger: Logger,
  host: SelinuxHost = {},
): SelinuxLabels {
  if (!config.selinux) return noLabels;
  if (!hasSelinux(host)) {
    warnOnce(
      logger,
      "selinux is true in [crio.runtime], but this kernel runs without SELinux: no label is set, as in CRI-O",
    );
    return noLabels;
  }
  const { process, file, place } = readContexts(host);
  const level = levelOf(process) === "" ? "" : freeLevel(levelsOf(records));
  const labels = { process: withLevel(process, level), mount: withLevel(file, level) };
  for (const label of Object.values(labels)) requireKnownContext(label, forContainers(place), host);
  return labels;
}

/**
 * The labels of a new container: the process is labelled as that of its pod, and its files are for that pod alone. In a
 * pod without labels it gets some of its own, as in CRI-O.
 * @param withNode true for one that is in the node's IPC or PID namespace
 * @throws KpodError as {@link newPodLabels}
 */
export function newContainerLabels(
  config: Config,
  sandbox: Pick<Sandbox, "infraContainer">,
  withNode: boolean,
  records: readonly ContainerRecord[],
  logger: Logger,
  host: SelinuxHost = {},
): SelinuxLabels {
  // As in CRI-O: what sees the processes of the node, or its IPC, is kept apart from nothing.
  if (withNode) return noLabels;
  const process = sandbox.infraContainer.spec.process?.selinuxLabel ?? "";
  // A pod that has labels was made with selinux = true, whatever the configuration says by now.
  if (process === "" || !hasSelinux(host)) return newPodLabels(config, records, logger, host);
  const { file, place } = readContexts(host);
  const mount = withLevel(file, levelOf(process));
  requireKnownContext(mount, forContainers(place), host);
  return { process, mount };
}

/**
 * The labels of a new container with what a user wants of them.
 * @throws KpodError UNSUPPORTED where nothing is labelled and nobody is to be told, BAD_ARGUMENT for a part that is none and
 * for a label that the policy does not know
 */
export function wantedLabels(
  config: Pick<Config, "selinux">,
  labels: SelinuxLabels,
  { selinux: wanted, onUnlabelled }: Pick<ConfinementOptions, "selinux" | "onUnlabelled">,
  host: SelinuxHost = {},
): SelinuxLabels {
  if (wanted === undefined) return labels;
  const why = whyUnlabelled(config, labels, host);
  if (why !== undefined && onUnlabelled !== undefined) {
    onUnlabelled(why);
    return labels;
  }
  if (why !== undefined)
    throw new KpodError("UNSUPPORTED", `the container gets no SELinux label that could be changed: ${why}`);
  if (wanted === "disable") return unconfinedLabels(labels);
  const [user = "", role = "", type = "", ...level] = labels.process.split(":");
  const parts = { user, role, type, level: level.join(":"), ...wanted };
  for (const [name, value] of Object.entries(parts)) {
    const form = name === "level" ? /^[\w.,:-]*$/ : /^[\w.-]+$/;
    if (!form.test(value))
      throw new KpodError("BAD_ARGUMENT", `invalid ${name} ${JSON.stringify(value)} of an SELinux label`);
  }
  const process = withLevel([parts.user, parts.role, parts.type].join(":"), parts.level);
  requireKnownContext(process, asked, host);
  return { process, mount: withLevel(labels.mount, parts.level) };
}

/** Why a new container has no label; undefined where it has one. */
function whyUnlabelled(
  { selinux }: Pick<Config, "selinux">,
  { process, mount }: SelinuxLabels,
  host: SelinuxHost,
): string | undefined {
  if (!hasSelinux(host)) return "this kernel runs without SELinux";
  if (!selinux) return "selinux is false in [crio.runtime]";
  if (process !== "") return undefined;
  return mount === ""
    ? "what shares the node's IPC or PID namespace has none"
    : "what is privileged has none";
}

/** The labels of a container's spec: on the node's network a process has none where the configuration says so. */
export function processLabels(
  labels: SelinuxLabels,
  hostNetwork: boolean,
  { hostNetworkWithoutLabel }: { readonly hostNetworkWithoutLabel: boolean },
): SelinuxLabels {
  return hostNetwork && hostNetworkWithoutLabel ? { ...labels, process: "" } : labels;
}

/** Who wants a context, and what is done where the policy does not have it. */
type Wanting = Pick<KpodError, "code"> & { readonly whose: string; readonly hint: string };

const forContainers = (place: string): Wanting => ({
  code: "BAD_CONFIG",
  whose: `which is for containers by ${place}`,
  hint: "load a policy that knows containers, as container-selinux brings it, or set selinux to false in [crio.runtime]",
});

const asked: Wanting = {
  code: "BAD_ARGUMENT",
  whose: "which was asked for",
  hint: "seinfo -t lists its types, -r its roles, -u its users; a level is s0 or s0:c1,c2",
};

/**
 * Asks the kernel whether its policy has a context, as libselinux does: a mount with another fails with "invalid argument",
 * and nobody could tell why. Where it may not be asked, the mount tells.
 */
function requireKnownContext(
  label: string,
  { code: wrong, whose, hint }: Wanting,
  { root = "" }: SelinuxHost,
): void {
  const path = `${root}/sys/fs/selinux/context`;
  try {
    closing(openSync(path, constants.O_WRONLY), (file) => {
      writeSync(file, `${label}\0`);
    });
  } catch (error) {
    const code = errnoOf(error);
    if (isNotFound(error) || code === "EACCES" || code === "EPERM" || code === "EROFS") return;
    if (code !== "EINVAL") throw fileError(`cannot ask SELinux by ${path}`, error);
    throw new KpodError(wrong, `the SELinux policy that is loaded does not know ${label}, ${whose}`, {
      hint,
    });
  }
}

function readContexts({ root = "" }: SelinuxHost): { process: string; file: string; place: string } {
  const type =
    /^SELINUXTYPE=(\S+)/m.exec(readTextIfThere(`${root}/etc/selinux/config`) ?? "")?.[1] ?? "targeted";
  const places = [commonContexts, `/etc/selinux/${type.replace(/[^\w.-]/g, "")}/contexts/lxc_contexts`];
  for (const place of places) {
    const text = readTextIfThere(root + place);
    if (text === undefined) continue;
    const context = (key: string): string | undefined =>
      new RegExp(`^\\s*${key}\\s*=\\s*"([^"\\s]+)"`, "m").exec(text)?.[1];
    const [process, file] = [context("process"), context("file")];
    if (process !== undefined && file !== undefined && [process, file].every(isContext))
      return { process, file, place };
  }
  throw new KpodError(
    "BAD_CONFIG",
    `SELinux has no contexts for containers: neither ${places.join(" nor ")}`,
    {
      hint: "install container-selinux, or set selinux to false in [crio.runtime]",
    },
  );
}

/** `USER:ROLE:TYPE[:LEVEL]`, of what does not end the options of a mount. */
function isContext(text: string): boolean {
  return /^[\w.-]+:[\w.-]+:[\w.-]+(:[\w.,:-]+)?$/.test(text);
}

/** The sensitivity and categories of a context; "" where the policy has none. */
function levelOf(context: string): string {
  return context.split(":").slice(3).join(":");
}

function withLevel(context: string, level: string): string {
  const base = context.split(":").slice(0, 3);
  return (level === "" ? base : [...base, level]).join(":");
}

/** The levels of all containers that there are: of pods that run, and of such that could be started again. */
export function levelsOf(records: readonly ContainerRecord[]): Set<string> {
  const labels = records.flatMap(({ flags, metadata }) => [
    flags?.ProcessLabel,
    flags?.MountLabel,
    parseContainerMetadata(metadata)?.mountlabel,
  ]);
  return new Set(labels.flatMap((label) => (typeof label === "string" ? [levelOf(label)] : [])));
}

/**
 * A level of two categories that is not among those in use.
 * @param count how many categories there are
 * @throws KpodError CONFLICT when none is left
 */
export function freeLevel(used: ReadonlySet<string>, count = categories): string {
  // Half a million pairs: where one is taken the next draw hits a free one, unless the node has hundreds of thousands.
  for (let tries = 0; tries < 10_000; tries++) {
    const [first, second] = [randomInt(count), randomInt(count)];
    if (first === second) continue;
    const level = `s0:c${Math.min(first, second)},c${Math.max(first, second)}`;
    if (!used.has(level)) return level;
  }
  throw new KpodError("CONFLICT", "SELinux has no categories left to keep another pod apart", {
    hint: "remove pods that have ended",
  });
}
