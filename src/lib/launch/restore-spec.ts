import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CheckpointArchive } from "../checkpoint/read-archive";
import { KpodError, tolerate } from "../errors";
import { annotations, kubernetesLabels } from "../oci/annotations";
import type { Container } from "../oci/container";
import {
  isBindMount,
  type Spec,
  type SpecLinux,
  type SpecMount,
  type SpecNamespace,
  type SpecProcess,
} from "../oci/spec";
import type { Sandbox } from "../sandbox/sandbox";
import type { SelinuxLabels } from "../storage/store";
import { setFileContext } from "../system/extended-attributes";
import { parseJson } from "../system/files";
import { textMap } from "../system/go-json";
import { mountsOfPod } from "./container";
import type { ContainerOptions } from "./container-options";
import { ociVersion, permittedOomScore } from "./spec";

/** What of a spec for Linux a restored container has as it had it; the rest is of where it is. */
const kept = [
  "devices",
  "maskedPaths",
  "readonlyPaths",
  "resources",
  "rootfsPropagation",
  "seccomp",
] as const;

/** Where a container is restored. */
export interface RestorePlace {
  readonly container: Container;
  readonly sandbox: Sandbox;
  readonly rootPath: string;
  readonly namespaces: readonly SpecNamespace[];
  readonly cgroupsPath: string;
  readonly labels: SelinuxLabels;
  readonly hooks: NonNullable<Spec["hooks"]>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly mounts: readonly SpecMount[];
}

/** The spec of a restored container: what its processes are confined by as it was, all else of its new place. */
export function restoredSpec({ spec }: Pick<CheckpointArchive, "spec">, place: RestorePlace): Spec {
  const { labels, hooks, sandbox } = place;
  const dumped: SpecLinux = spec.linux ?? {};
  const { oomScoreAdj, ...process } = withoutLabel(spec.process ?? noProcess);
  return {
    ociVersion,
    process: {
      ...process,
      ...(oomScoreAdj === undefined ? {} : { oomScoreAdj: permittedOomScore(oomScoreAdj) }),
      ...(labels.process === "" ? {} : { selinuxLabel: labels.process }),
    },
    root: { path: place.rootPath, ...(spec.root?.readonly === true ? { readonly: true } : {}) },
    hostname: sandbox.hostname,
    mounts: [...place.mounts],
    ...(Object.keys(hooks).length === 0 ? {} : { hooks }),
    annotations: { ...place.annotations },
    linux: {
      ...Object.fromEntries(kept.flatMap((key) => (dumped[key] === undefined ? [] : [[key, dumped[key]]]))),
      cgroupsPath: place.cgroupsPath,
      namespaces: [...place.namespaces],
      ...(labels.mount === "" ? {} : { mountLabel: labels.mount }),
    },
  };
}

/** The label is of where it is restored. */
function withoutLabel(process: SpecProcess): SpecProcess {
  const copy = { ...process };
  delete copy.selinuxLabel;
  return copy;
}

const noProcess: SpecProcess = { user: { uid: 0, gid: 0 }, args: [], cwd: "/" };

/**
 * Makes sure that a pod has the namespaces that a container was checkpointed in: criu restores no process into others.
 * @throws KpodError BAD_ARGUMENT
 */
export function requireSameNamespaces(
  { spec }: Pick<CheckpointArchive, "spec">,
  namespaces: readonly SpecNamespace[],
  { kubeName }: Pick<Sandbox, "kubeName">,
): void {
  const before = spec.linux?.namespaces ?? [];
  for (const type of ["network", "ipc", "uts", "pid", "cgroup"] as const) {
    const [had, has] = [before, namespaces].map((list) => list.some((namespace) => namespace.type === type));
    if (had === has) continue;
    const whose = (own: boolean | undefined): string => (own === true ? "one of its own" : "the node's");
    throw new KpodError(
      "BAD_ARGUMENT",
      `cannot restore into pod ${kubeName}: the container had ${whose(had)} as ${type} namespace, and would have ${whose(has)}`,
      {
        hint:
          type === "cgroup" ? "restore it on a node with the same version of cgroups" : "name another pod",
      },
    );
  }
}

/** What mounts of a restored container come from. */
export interface RestoredMounts {
  readonly mounts: readonly SpecMount[];
  /** What was mounted from the node, and is not there: it is empty. */
  readonly missing: readonly string[];
  /** Whether more of the node or of its image is mounted in it than every container has. */
  readonly hasVolumes: boolean;
}

/**
 * The mounts of a restored container: as many as it had, for criu looks for each. Files of its pod are those of the new pod.
 * What else came from the node comes from there again; what is not there is an empty file or directory beside the bundle.
 * @throws KpodError BAD_ARGUMENT where there is a directory in the place of a file, or the other way round
 */
export function restoredMounts(
  { spec, bindMounts, config }: Pick<CheckpointArchive, "spec" | "bindMounts" | "config">,
  { container, sandbox, labels }: Pick<RestorePlace, "container" | "sandbox" | "labels">,
): RestoredMounts {
  const ofPod = new Map(mountsOfPod(sandbox, "rw").map(({ destination, source }) => [destination, source]));
  const missing: string[] = [];
  const empty = (index: number, isFile: boolean, mode: number): string => {
    const path = join(container.bundlePath, "restored-mounts", String(index));
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    if (isFile) writeFileSync(path, "");
    else mkdirSync(path);
    chmodSync(path, mode);
    setFileContext(path, labels.mount);
    return path;
  };
  const mounts = (spec.mounts ?? []).map((mount, index): SpecMount => {
    if (!isBindMount(mount)) return mount;
    const { destination, source = "" } = mount;
    const own = ofPod.get(destination);
    if (own !== undefined) return { ...mount, source: own };
    const known = bindMounts.find((bind) => bind.destination === destination);
    // What lay beside the bundle went with the container.
    const isOfBundle = source.includes(`/${config.id}/userdata/`);
    if (isOfBundle || !source.startsWith("/") || !existsSync(source)) {
      if (!isOfBundle) missing.push(source);
      const isFile = known === undefined ? isUsuallyFile(destination) : known.file_type === "file";
      return { ...mount, source: empty(index, isFile, known?.permissions ?? (isFile ? 0o644 : 0o755)) };
    }
    if (known !== undefined) requireKind(source, known.file_type);
    return mount;
  });
  const usual = new Set([...ofPod.keys(), ...ofMaker]);
  const hasVolumes = mounts.some((mount) => isBindMount(mount) && !usual.has(mount.destination));
  return { mounts, missing, hasVolumes };
}

/** What whoever makes a container mounts of itself, as its configuration or a flag wants it. */
const ofMaker = ["/dev/init", "/etc/localtime", "/run/.containerenv", "/run/secrets"];

/** Of these CRI-O does not write down what they are. */
function isUsuallyFile(destination: string): boolean {
  return destination === "/run/.containerenv" || destination.startsWith("/etc/");
}

function requireKind(source: string, kind: "directory" | "file"): void {
  if (statSync(source).isDirectory() === (kind === "directory")) return;
  throw new KpodError(
    "BAD_ARGUMENT",
    `the container had a ${kind} mounted from ${source}, which is ${kind === "file" ? "a directory" : "none"} on this node`,
    { hint: `move it away, or make it the ${kind} that it was` },
  );
}

/** What a container was asked to be, as far as its annotations tell it to others. */
export function restoredOptions({
  spec,
}: Pick<CheckpointArchive, "spec">): Omit<ContainerOptions, "name" | "image"> {
  const all = textMap(spec.annotations);
  const mapOf = (key: string): Record<string, string> =>
    tolerate({}, () => textMap(parseJson(`the annotation ${key}`, all[key] ?? "{}")));
  const ofKubernetes: readonly string[] = Object.values(kubernetesLabels);
  const labels = Object.entries(mapOf(annotations.labels)).filter(([key]) => !ofKubernetes.includes(key));
  const [stopSignal = "", stopTimeout = "", logSizeMax = ""] = [
    all[annotations.stopSignal],
    all[annotations.stopTimeout],
    all[annotations.logSizeMax],
  ];
  return {
    labels: Object.fromEntries(labels),
    annotations: mapOf(annotations.annotations),
    terminal: all[annotations.tty] === "true",
    stdin: all[annotations.stdin] === "true",
    stdinOnce: all[annotations.stdinOnce] === "true",
    ...(/^[A-Z0-9+]{1,32}$/.test(stopSignal) ? { stopSignal } : {}),
    ...(/^\d{1,9}$/.test(stopTimeout) ? { stopTimeout: Number(stopTimeout) } : {}),
    ...(/^-?\d{1,15}$/.test(logSizeMax) ? { logSizeMax: Number(logSizeMax) } : {}),
  };
}

/** Annotations that are shown as they were. */
export function keptAnnotations({ spec }: Pick<CheckpointArchive, "spec">): Record<string, string> {
  const all = textMap(spec.annotations);
  const shown = [annotations.volumes, annotations.seccompProfilePath];
  return Object.fromEntries(shown.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
}

/** The name of a container in Kubernetes, as its annotations have it; undefined where they do not. */
export function dumpedName({ spec }: Pick<CheckpointArchive, "spec">): string | undefined {
  const text = textMap(spec.annotations)[annotations.metadata] ?? "{}";
  return tolerate(undefined, () => textMap(parseJson("its metadata", text)).name);
}
