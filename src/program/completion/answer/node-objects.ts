import { escapeControl } from "../../../format/escape";
import { displayId } from "../../../format/id";
import { displayImageName } from "../../../format/image-name";
import type { ContainerStatus } from "../../../lib/oci/state/container-state";
import { bestName, isNamelessImage } from "../../../lib/images/names";
import type { ImageRecord } from "../../../lib/storage/records";
import { isStorageId } from "../../../lib/names/ids";
import type { NodeObject } from "../../../shell/completes";
import { isCandidate, isPlainName, type NamedObject } from "./candidates";
import { containerNames, imageNames, podNames, podPath } from "./object-names";
import { newestFirst, type PersistedContainer, type StoreRecords } from "./store-records";

/** Which of the containers are meant. One whose state nobody persisted may be any. */
interface ContainerChoice {
  /** Left out: all. */
  readonly states?: readonly ContainerStatus[];
  /** Those in this state come first. */
  readonly first?: ContainerStatus;
  /** A name that several attempts have means the newest of them. */
  readonly newest?: true;
}

const containerChoices = {
  container: {},
  "running-container": { states: ["running"] },
  "live-container": { states: ["running", "paused"] },
  "paused-container": { states: ["paused"] },
  "removable-container": { first: "stopped" },
  "newest-container": { newest: true },
  "newest-running-container": { states: ["running"], newest: true },
} as const satisfies Partial<Record<NodeObject, ContainerChoice>>;

/** What the records of a store have. */
export type StoredObject = Exclude<NodeObject, NetworkObject>;

const networkObjects = ["network", "networks", "network-or-pod"] as const satisfies readonly NodeObject[];

type NetworkObject = (typeof networkObjects)[number];

/** True for what the configuration has, with or without what the store has. */
export function isOfNetworks(completes: string): completes is NetworkObject {
  return (networkObjects as readonly string[]).includes(completes);
}

/**
 * The objects of a node that fit, in the order in which they are offered.
 * @param word how their names begin, or their ids: of the others no state is read
 */
export function nodeObjects(records: StoreRecords, wanted: StoredObject, word: string): NamedObject[] {
  const asked: Question = { records, word, kind: "" };
  switch (wanted) {
    case "image":
      return images(asked);
    case "pod":
    case "ready-pod":
    case "paused-pod":
    case "removable-pod":
      return pods(asked, wanted);
    case "container-id":
      return containers({ ...asked, byId: true }, {});
    case "pod-id":
      return pods({ ...asked, byId: true }, "pod");
    case "container-name":
      return groups(
        newestFirst(records.containers),
        "container",
        ({ metadata }) => metadata["metadata-name"],
      );
    case "pod-name":
      return groups(newestFirst(records.pods), "pod", ({ metadata }) => metadata["metadata-name"]);
    case "namespace":
      return groups(newestFirst(records.pods), "pod", ({ metadata }) => metadata.namespace ?? "");
    case "any":
      return withoutTaken([
        ...containers({ ...asked, kind: "container, " }, { newest: true }),
        ...pods({ ...asked, kind: "pod, " }, "pod"),
        ...images({ ...asked, kind: "image, " }),
      ]);
    default:
      return containers(asked, containerChoices[wanted]);
  }
}

interface Question {
  readonly records: StoreRecords;
  readonly word: string;
  /** The beginning of each description. */
  readonly kind: string;
  /** Names do not count. */
  readonly byId?: true;
}

function containers({ records, word, kind, byId }: Question, choice: ContainerChoice): NamedObject[] {
  const namesOf = containerNames(records, choice);
  const podOf = new Map(records.pods.map((pod) => [pod.record.id as string, pod]));
  let images: ReadonlyMap<string, ImageRecord> | undefined;
  const imagesById = (): ReadonlyMap<string, ImageRecord> =>
    (images ??= new Map(records.images().map((image) => [image.id, image])));
  return inOrder(records.containers, (container) => {
    const { id } = container.record;
    if (!mayFit(choice, records, container)) return undefined;
    const names = byId === true ? [] : namesOf(container);
    if (!isCandidate({ id, names }, word)) return undefined;
    const status = records.status(container);
    if (!fits(choice, status)) return undefined;
    const pod = podPath(podOf.get(container.metadata["pod-id"]))
      .filter((part) => part !== "")
      .join("/");
    const parts = [status, imageText(imageOf(container, imagesById)), pod === "" ? "" : `pod ${pod}`];
    return { object: { id, names, description: describe(kind, parts) }, first: status === choice.first };
  });
}

/** The name of a container's image. Which images there are is read only where its record has none. */
function imageOf(
  { record, metadata }: PersistedContainer,
  images: () => ReadonlyMap<string, ImageRecord>,
): string {
  const [imageName, imageId] = [metadata["image-name"], record.image ?? metadata["image-id"]];
  if (!isNamelessImage({ imageName, imageId })) return imageName;
  return bestName(images().get(imageId)?.names) ?? imageName;
}

/** False where a state is wanted that a container without a mounted file system cannot be in. */
function mayFit({ states }: ContainerChoice, records: StoreRecords, container: PersistedContainer): boolean {
  return states === undefined || records.mayLive(container);
}

function fits({ states }: ContainerChoice, status: ContainerStatus): boolean {
  return states === undefined || status === "unknown" || states.includes(status);
}

function pods({ records, word, kind, byId }: Question, wanted: NodeObject): NamedObject[] {
  const namesOf = podNames(records);
  const membersOf = new Map<string, PersistedContainer[]>();
  for (const container of records.containers) {
    const id = container.metadata["pod-id"];
    membersOf.set(id, [...(membersOf.get(id) ?? []), container]);
  }
  return inOrder(records.pods, (pod) => {
    const { id } = pod.record;
    const names = byId === true ? [] : namesOf(pod);
    if (!isCandidate({ id, names }, word)) return undefined;
    const ready = records.isReady(pod);
    const members = membersOf.get(id) ?? [];
    if (wanted === "ready-pod" && !ready) return undefined;
    if (wanted === "paused-pod" && !members.some((member) => isPaused(records, member))) return undefined;
    const parts = [
      ready ? "ready" : "not ready",
      countOf(members.length, "container"),
      `namespace ${podPath(pod)[0]}`,
    ];
    const first = wanted === "removable-pod" && !ready;
    return { object: { id, names, description: describe(kind, parts) }, first };
  });
}

function isPaused(records: StoreRecords, container: PersistedContainer): boolean {
  return fits(containerChoices["paused-container"], records.status(container));
}

function images({ records, kind }: Question): NamedObject[] {
  return records.images().map((image) => {
    const made = image.created === undefined ? "" : `made ${image.created.slice(0, 10)}`;
    const description = describe(kind, [displayId(image.id), made]);
    return { id: image.id, names: imageNames(image), description };
  });
}

/** What several have in common, with how many they are. */
function groups(
  all: readonly PersistedContainer[],
  noun: string,
  nameOf: (item: PersistedContainer) => string,
): NamedObject[] {
  const counts = new Map<string, number>();
  for (const item of all) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return [...counts]
    .filter(([name]) => isPlainName(name))
    .map(([name, count]) => ({
      id: "",
      names: [name],
      description: countOf(count, noun),
    }));
}

function countOf(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

function describe(kind: string, parts: readonly string[]): string {
  return escapeControl(kind + parts.filter((part) => part !== "").join(", "));
}

function imageText(name: string): string {
  return isStorageId(name) ? displayId(name) : displayImageName(name);
}

/** What `pick` takes, those that it wants first before the others, else the newest first. */
function inOrder(
  all: readonly PersistedContainer[],
  pick: (item: PersistedContainer) => { object: NamedObject; first: boolean } | undefined,
): NamedObject[] {
  const picked = new Map(
    all.flatMap((item) => {
      const made = pick(item);
      return made === undefined ? [] : [[item, made] as const];
    }),
  );
  const sorted = newestFirst([...picked.keys()]).flatMap((item) => picked.get(item) ?? []);
  return [...sorted.filter(({ first }) => first), ...sorted.filter(({ first }) => !first)].map(
    ({ object }) => object,
  );
}

/** A name that several have means the first of them. */
function withoutTaken(objects: readonly NamedObject[]): NamedObject[] {
  const taken = new Set<string>();
  return objects.map((object) => {
    const names = object.names.filter((name) => !taken.has(name));
    for (const name of names) taken.add(name);
    return { ...object, names };
  });
}
