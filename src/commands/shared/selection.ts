import type { BaseContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { escapeControl } from "../../format/escape";
import type { ContainerServer } from "../../lib/container-server";
import { KpodError } from "../../lib/errors";
import type { Container } from "../../lib/oci/container";
import {
  asksForState,
  openContainerFilter,
  parseContainerFilters,
  type ContainerFilterTerm,
} from "../../lib/operations/filter-containers";
import { openListing, readFilters, readOr } from "./listing";

/** The flags that choose several containers: `selectionFlags`. */
export interface SelectionValues {
  readonly all: boolean;
  readonly latest: boolean;
  readonly pod: string | undefined;
  readonly label: readonly string[];
  readonly filter: readonly string[];
}

/** What flags choose; undefined where none of them was given. */
export type Selection = SelectionValues & { readonly terms: readonly ContainerFilterTerm[] };

/**
 * Reads the flags that choose several containers.
 * @throws UsageError for an unknown filter or a bad value
 */
export function readSelection(flags: SelectionValues): Selection | undefined {
  const { all, latest, pod, label, filter } = flags;
  if (!all && !latest && pod === undefined && label.length === 0 && filter.length === 0) return undefined;
  const labels = label.map((value) => {
    if (value.startsWith("=")) throw new UsageError(`option --label: ${JSON.stringify(value)} has no key`);
    return `label=${value}`;
  });
  return {
    all,
    latest,
    pod,
    label,
    filter,
    terms: readFilters([...labels, ...filter], parseContainerFilters),
  };
}

/**
 * Finds the containers that flags choose, newest first: those that run, unless a filter asks for others.
 * @throws KpodError NOT_FOUND where there is none, or no such pod
 */
export async function selectContainers(
  { logger }: Pick<BaseContext, "logger">,
  server: ContainerServer,
  { latest, pod, terms }: Selection,
): Promise<readonly Container[]> {
  await server.update();
  const podId = pod === undefined ? undefined : server.lookupSandbox(pod, "exec").id;
  const listing = openListing(server, { logger, noTrunc: true });
  const fits = await openContainerFilter(server, terms, (container, otherwise, read) =>
    readOr(listing, container, otherwise, read),
  );
  const everyState = asksForState(terms);
  const chosen = server.listContainers(
    ({ sandboxId }) => podId === undefined || sandboxId === podId,
    ({ state }) => everyState || state?.status === "running",
    fits,
  );
  if (chosen.length > 0) return latest ? chosen.slice(0, 1) : chosen;
  throw new KpodError("NOT_FOUND", "no container that runs fits what was asked for", {
    hint: "kpod ps -a shows all of them",
  });
}

/** What stands above the output of one container of several. */
export function headingOf(server: ContainerServer, { id, sandboxId, metadata: { name } }: Container): string {
  const pod = server.getSandbox(sandboxId)?.kubeName;
  return `==> ${escapeControl(pod === undefined ? name : `${pod}/${name}`)} (${id.slice(0, 13)}) <==\n`;
}
