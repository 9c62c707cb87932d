import { displayImageName } from "../../../format/image-name";
import { createdAt, fullName } from "../../../lib/storage/container-metadata";
import { newestFirst, type AttemptAge } from "../../../lib/names/attempts";
import { mayBeginId } from "../../../lib/names/ids";
import type { ImageRecord } from "../../../lib/storage/records";
import { isPlainName } from "./candidates";
import type { PersistedContainer, StoreRecords } from "./store-records";

/** How objects of a kind are named. */
interface Naming {
  /** The full name. */
  readonly name: (object: PersistedContainer) => string;
  /** The names in Kubernetes from the outermost to its own. */
  readonly path: (object: PersistedContainer) => readonly string[];
  /** Tells which of several with the same path this means, the newest; left out, it means none of them. */
  readonly age?: ((object: PersistedContainer) => AttemptAge) | undefined;
}

/** Tells the names of one of those that it was made for. */
export type NamesOf = (object: PersistedContainer) => readonly string[];

/**
 * The names of a container: CONTAINER, POD/CONTAINER, NAMESPACE/POD/CONTAINER, the full one.
 * @param options.newest the names that attempts share are those of the newest, as `chooseAttempt` has it; else nobody's
 */
export function containerNames(
  { containers, pods }: StoreRecords,
  { newest }: { readonly newest?: true } = {},
): NamesOf {
  const podOf = new Map(pods.map((pod) => [pod.record.id as string, pod]));
  return namesOf(containers, pods, {
    name: ({ record, metadata }) => fullName(record, metadata),
    path: ({ metadata }) => [...podPath(podOf.get(metadata["pod-id"])), metadata["metadata-name"]],
    age: newest === undefined ? undefined : ageOf,
  });
}

function ageOf({ record, metadata }: PersistedContainer): AttemptAge {
  return { createdAt: createdAt(record, metadata), attempt: metadata.attempt ?? 0 };
}

/** The names of a pod: POD, NAMESPACE/POD, the full one. */
export function podNames({ containers, pods }: StoreRecords): NamesOf {
  return namesOf(pods, containers, { name: ({ metadata }) => metadata["pod-name"], path: podPath });
}

/** The namespace and the name of a pod; empty where its record is lost. */
export function podPath(pod: PersistedContainer | undefined): [string, string] {
  return pod === undefined ? ["", ""] : [pod.metadata.namespace ?? "", pod.metadata["metadata-name"]];
}

/** The names of an image as `kpod images` prints them, and as they are. */
export function imageNames({ names = [] }: ImageRecord): readonly string[] {
  return [...new Set([...names.map((name) => displayImageName(name)), ...names])].filter(isPlainName);
}

/**
 * All names that lead to a object alone: a full name goes before the names in Kubernetes, and none may begin the id of
 * something else (see lookUp). Only few of a thousand are asked for, so that those which share their own name are
 * looked at then.
 */
function namesOf(
  objects: readonly PersistedContainer[],
  others: readonly PersistedContainer[],
  { name: nameOf, path: pathOf, age }: Naming,
): NamesOf {
  const beginsOther = (way: string, object: PersistedContainer): boolean =>
    mayBeginId(way) &&
    [...objects, ...others].some((other) => other !== object && other.record.id.startsWith(way));
  const sharing = new Map<string, PersistedContainer[]>();
  const full = new Set<string>();
  for (const object of objects) {
    const own = object.metadata["metadata-name"];
    const others = sharing.get(own);
    if (others === undefined) sharing.set(own, [object]);
    else others.push(object);
    full.add(nameOf(object));
  }
  return (object) => {
    const name = nameOf(object);
    const path = pathOf(object);
    const isOlder = (other: PersistedContainer): boolean =>
      age !== undefined &&
      newestFirst(age(object), age(other)) < 0 &&
      pathOf(other).join("/") === path.join("/");
    const others = (sharing.get(object.metadata["metadata-name"]) ?? []).filter(
      (other) => other !== object && !isOlder(other),
    );
    const taken = new Set(others.flatMap((other) => pathNames(pathOf(other))));
    const short = pathNames(path).filter((way) => !taken.has(way) && (way === name || !full.has(way)));
    return [...new Set([...short, name])].filter((way) => isPlainName(way) && !beginsOther(way, object));
  };
}

/** `c`, `b/c`, `a/b/c`. A part that is empty, or has a slash itself, cannot be said so. */
function pathNames(path: readonly string[]): string[] {
  const usable = path.slice(path.findLastIndex((part) => part === "" || part.includes("/")) + 1);
  return usable.map((_, index) => usable.slice(-1 - index).join("/"));
}
