import type { ContainerFilter } from "../../lib/container-lists";
import type { Container } from "../../lib/oci/container";
import { asksForState, mayRun, type ContainerFilterTerm } from "../../lib/operations/filter-containers";

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
