import type { BaseContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { escapeControl } from "../../format/escape";
import type { ContainerServer } from "../../lib/container-server";
import { KpodError } from "../../lib/errors";
import type { Container } from "../../lib/oci/container";
import type { ContainerStatus } from "../../lib/oci/state/container-state";
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

/** What a command can act on. */
export interface Selectable {
  /** The command, for errors. */
  readonly verb: string;
  /** The states of those that it chooses from, unless a filter asks for others. */
  readonly states: readonly ContainerStatus[];
  /** The same in words: `that runs`. */
  readonly inWords: string;
}

/**
 * Finds the containers that flags choose, newest first.
 * @throws KpodError NOT_FOUND where there is none, or no such pod
 */
export async function selectContainers(
  context: Pick<BaseContext, "logger">,
  server: ContainerServer,
  selection: Selection,
  { inWords, ...selectable }: Selectable,
): Promise<readonly Container[]> {
  const chosen = await findChosen(context, server, selection, selectable);
  if (chosen.length > 0) return chosen;
  throw new KpodError("NOT_FOUND", `no container ${inWords} fits what was asked for`, {
    hint: "kpod ps -a shows all of them",
  });
}

async function findChosen(
  { logger }: Pick<BaseContext, "logger">,
  server: ContainerServer,
  { latest, pod, terms }: Selection,
  { verb, states }: Omit<Selectable, "inWords">,
): Promise<readonly Container[]> {
  await server.update();
  const podId = pod === undefined ? undefined : server.lookupSandbox(pod, verb).id;
  const listing = openListing(server, { logger, noTrunc: true });
  const fits = await openContainerFilter(server, terms, (container, otherwise, read) =>
    readOr(listing, container, otherwise, read),
  );
  const everyState = asksForState(terms);
  const chosen = server.listContainers(
    ({ sandboxId }) => podId === undefined || sandboxId === podId,
    ({ state }) => everyState || states.some((status) => status === state?.status),
    fits,
  );
  return latest ? chosen.slice(0, 1) : chosen;
}

/** Names containers for a command that acts on each; see `readTargets`. */
export type Targets = (server: ContainerServer) => Promise<readonly string[]>;

/**
 * Reads what a command is to act on: the containers that its arguments name, or those that flags choose.
 * @returns reads the records they need, and with flags the states; gives the names, or the ids of those that fit. Where none
 * fits there is nothing to do, which is no error but with `--latest`
 * @throws UsageError where neither is given, or both are
 */
export function readTargets(
  context: Pick<BaseContext, "logger"> & {
    readonly args: readonly string[];
    readonly flags: SelectionValues;
  },
  selectable: Selectable,
): Targets {
  const { args, flags } = context;
  const selection = readSelection(flags);
  if (selection === undefined) {
    if (args.length === 0)
      throw new UsageError(
        `too few arguments, ${selectable.verb} takes CONTAINER..., or flags that choose them`,
      );
    return async (server) => {
      await server.updateRecords(args);
      return args;
    };
  }
  if (args.length > 0) {
    throw new UsageError(
      "containers are named, or chosen by --all, --latest, --pod, --label and --filter, but not both",
    );
  }
  return async (server) => {
    const find = selection.latest ? selectContainers : findChosen;
    return (await find(context, server, selection, selectable)).map(({ id }) => id);
  };
}

/** What stands above the output of one container of several. */
export function headingOf(server: ContainerServer, { id, sandboxId, metadata: { name } }: Container): string {
  const pod = server.getSandbox(sandboxId)?.kubeName;
  return `==> ${escapeControl(pod === undefined ? name : `${pod}/${name}`)} (${id.slice(0, 13)}) <==\n`;
}
