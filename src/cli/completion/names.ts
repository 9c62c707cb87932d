import { displayImageName } from "../../format/image-name";
import type { ImageRecord } from "../../lib/storage/records";
import { isPlainName } from "./named";
import type { RecordedContainer, Records } from "./records";

/** Somebody who can be meant by names in Kubernetes. */
interface Bearer {
  readonly id: string;
  /** Full name. */
  readonly name: string;
  /** The names in Kubernetes from the outermost to its own. */
  readonly path: readonly string[];
}

/** The names of each container by its id: CONTAINER, POD/CONTAINER, NAMESPACE/POD/CONTAINER, the full one. */
export function containerNames({ containers, pods }: Records): Map<string, readonly string[]> {
  const podOf = new Map(pods.map((pod) => [pod.record.id as string, pod]));
  return namesOf(
    containers.map((container) => {
      const pod = podOf.get(container.metadata["pod-id"]);
      return { ...bearer(container), path: [...podPath(pod), container.metadata["metadata-name"]] };
    }),
  );
}

/** The names of each pod by its id: POD, NAMESPACE/POD, the full one. */
export function podNames({ pods }: Records): Map<string, readonly string[]> {
  return namesOf(
    pods.map((pod) => ({ id: pod.record.id, name: pod.metadata["pod-name"], path: podPath(pod) })),
  );
}

/** The namespace and the name of a pod; empty where its record is lost. */
export function podPath(pod: RecordedContainer | undefined): [string, string] {
  return pod === undefined ? ["", ""] : [pod.metadata.namespace ?? "", pod.metadata["metadata-name"]];
}

/** The names of an image as `kpod images` prints them, and as they are. */
export function imageNames({ names = [] }: ImageRecord): readonly string[] {
  return [...new Set([...names.map((name) => displayImageName(name)), ...names])].filter(isPlainName);
}

function bearer({ record, metadata }: RecordedContainer): Pick<Bearer, "id" | "name"> {
  return { id: record.id, name: metadata.name === "" ? (record.names?.[0] ?? record.id) : metadata.name };
}

/** Of each all names that lead to it alone: a full name goes before the names in Kubernetes (see lookUp). */
function namesOf(bearers: readonly Bearer[]): Map<string, readonly string[]> {
  const holders = new Map<string, number>();
  const count = (name: string) => holders.set(name, (holders.get(name) ?? 0) + 1);
  const full = new Set(bearers.map(({ name }) => name));
  for (const { path } of bearers) for (const name of pathNames(path)) count(name);
  return new Map(
    bearers.map(({ id, name, path }) => {
      const short = pathNames(path).filter(
        (way) => holders.get(way) === 1 && (way === name || !full.has(way)),
      );
      return [id, [...new Set([...short, name])].filter(isPlainName)];
    }),
  );
}

/** `c`, `b/c`, `a/b/c`. A part that is empty, or has a slash itself, cannot be said so. */
function pathNames(path: readonly string[]): string[] {
  const usable = path.slice(path.findLastIndex((part) => part === "" || part.includes("/")) + 1);
  return usable.map((_, index) => usable.slice(-1 - index).join("/"));
}
