import { sortedBy } from "../../format/sort";
import type { ContainerFilter } from "../../lib/container-lists";
import type { Container } from "../../lib/oci/container";
import { asksForState, mayRun, type ContainerFilterTerm } from "../../lib/operations/filter-containers";
import { podOf, type Listing } from "../shared/listing";
import { commandOf, imageOf, runningTime } from "./row";

/** The flags that say which containers `ps` shows. */
export interface PsSelectionFlags {
  readonly all: boolean;
  /** Those that only a runtime or a conmon knows, in any state. */
  readonly orphans?: boolean;
  readonly latest: boolean;
  readonly last: number | undefined;
}

/** True where containers are shown whatever their state, so that nobody has to ask for it. */
export function showsAllStates({ all, orphans = false, latest, last }: PsSelectionFlags): boolean {
  return all || orphans || latest || last !== undefined;
}

/**
 * Which containers are asked for: those that fit the conditions and, unless these or a flag ask for others,
 * run. `-n` and `-l` count what fits.
 * @param containers newest first
 */
export function selectContainers(
  flags: PsSelectionFlags,
  containers: readonly Container[],
  terms: readonly ContainerFilterTerm[],
  fits: ContainerFilter,
): readonly Container[] {
  const everyState = showsAllStates(flags) || asksForState(terms);
  const chosen = containers.filter((container) => (everyState || mayRun(container)) && fits(container));
  return chosen.slice(0, flags.latest ? 1 : flags.last);
}

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
  listing: Listing,
  containers: readonly Container[],
  key: ContainerSortKey,
): Container[] {
  return sortedBy(containers, (container) => values[key](container, listing));
}

type ValueOf = (container: Container, listing: Listing) => string | number;

const values: Readonly<Record<ContainerSortKey, ValueOf>> = {
  command: (container, listing) => commandOf(listing, container),
  created: ({ createdAt }) => createdAt.getTime(),
  id: ({ id }) => id,
  image: (container, listing) => imageOf(listing, container),
  names: ({ name }) => name,
  pod: (container, listing) => {
    const { sandboxId } = container;
    const sandbox = podOf(listing, container);
    return sandbox === undefined ? sandboxId : `${sandbox.kubeName} ${sandbox.namespace} ${sandbox.id}`;
  },
  runningfor: (container, { now }) => runningTime(container, now),
  size: ({ id }, { sizes }) => {
    const size = sizes?.get(id);
    return size === undefined ? -1 : size.rw + size.rootFs;
  },
  status: ({ state }) => state?.status ?? "unknown",
};
