import type { Container } from "../../../lib/oci/container";
import { commandOf, imageOf } from "./rows";
import { runningTime } from "./texts";
import { podOf, type RowSource } from "../row-source";

/** By what containers can be sorted; podman's keys. */
export const containerSortKeys = [
  "command",
  "created",
  "id",
  "image",
  "names",
  "pod",
  "runningfor",
  "size",
  "status",
] as const;

export type ContainerSortKey = (typeof containerSortKeys)[number];

/**
 * Sorts containers: texts rise, times and sizes begin with the newest, longest and largest. Those that are equal
 * stay in their order.
 */
export function sortContainers(
  source: RowSource,
  containers: readonly Container[],
  key: ContainerSortKey,
): Container[] {
  const valueOf = (container: Container): string | number => values[key](container, source);
  return containers
    .map((container) => ({ container, value: valueOf(container) }))
    .sort((a, b) => compareValues(a.value, b.value))
    .map(({ container }) => container);
}

/** Texts rise, numbers fall. */
export function compareValues(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return b - a;
  return a === b ? 0 : a < b ? -1 : 1;
}

type ValueOf = (container: Container, source: RowSource) => string | number;

const values: Readonly<Record<ContainerSortKey, ValueOf>> = {
  command: (container, source) => commandOf(source, container),
  created: ({ createdAt }) => createdAt.getTime(),
  id: ({ id }) => id,
  image: (container, source) => imageOf(source, container),
  names: ({ name }) => name,
  pod: (container, source) => {
    const { sandboxId } = container;
    const sandbox = podOf(source, container);
    return sandbox === undefined ? sandboxId : `${sandbox.kubeName} ${sandbox.namespace} ${sandbox.id}`;
  },
  runningfor: (container, { now }) => runningTime(container, now),
  size: ({ id }, { sizes }) => {
    const size = sizes?.get(id);
    return size === undefined ? -1 : size.rw + size.rootFs;
  },
  status: ({ state }) => state?.status ?? "unknown",
};
