/* What kpod keeps of a file of Kubernetes with the pod that it has made of it, to write such a file again. */
import { tolerate } from "../errors";
import { isRecord, parseJson } from "../system/files";

/** The annotation, of pods and of containers. */
const key = "kpod/kube";

/** What is kept of a pod. */
export interface KeptPod {
  /** Its volumes, as the file has them. */
  readonly volumes: readonly Record<string, unknown>[];
  /** Fields of its spec that nothing else on the node tells of. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** The group that its volumes were given to. */
  readonly fsGroup?: number | undefined;
}

/** What is kept of a container. */
export interface KeptContainer {
  readonly kind: string;
  /** Where its volumes are, as the file has it. */
  readonly mounts: readonly Record<string, unknown>[];
  readonly resources?: unknown;
}

/** The annotations of a new pod. */
export function keepPod(kept: KeptPod): Record<string, string> {
  return { [key]: JSON.stringify(kept) };
}

/** The annotations of a new container. */
export function keepContainer(kept: KeptContainer): Record<string, string> {
  return { [key]: JSON.stringify(kept) };
}

/** True for a pod that was made of a file. */
export function isPlayed(annotations: Readonly<Record<string, string>>): boolean {
  return annotations[key] !== undefined;
}

/** What was kept of a pod; undefined where it was not made of a file. */
export function keptPod(annotations: Readonly<Record<string, string>>): KeptPod | undefined {
  const kept = read(annotations);
  if (kept === undefined) return undefined;
  const { volumes, spec, fsGroup } = kept;
  return {
    volumes: records(volumes),
    spec: isRecord(spec) ? spec : {},
    fsGroup: typeof fsGroup === "number" ? fsGroup : undefined,
  };
}

/** What was kept of a container. */
export function keptContainer(annotations: Readonly<Record<string, string>>): KeptContainer | undefined {
  const kept = read(annotations);
  if (kept === undefined) return undefined;
  const { kind, mounts, resources } = kept;
  return { kind: typeof kind === "string" ? kind : "main", mounts: records(mounts), resources };
}

/** The annotations without kpod's own. */
export function withoutKept(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== key));
}

function read(annotations: Readonly<Record<string, string>>): Record<string, unknown> | undefined {
  const text = annotations[key];
  // Somebody else may have written it: then it tells nothing.
  const value = text === undefined ? undefined : tolerate(undefined, () => parseJson(key, text));
  return isRecord(value) ? value : undefined;
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
