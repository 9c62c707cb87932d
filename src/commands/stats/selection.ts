import { KpodError } from "../../lib/errors";
import type { ContainerLists } from "../../lib/container-lists";
import type { Container } from "../../lib/oci/container";
import { isNotFoundError } from "../../lib/names/lookup";
import { isSampled } from "../../lib/operations/stats-source";
import type { Sandbox } from "../../lib/sandbox/sandbox";

/** Whose stats are shown. It is asked anew for every look, after the server's update. */
export interface StatsSelection {
  /** Newest first, or in the order of the arguments. */
  readonly containers: () => readonly Container[];
  /** The pods of these containers, and with all also those without containers. */
  readonly pods: () => readonly Sandbox[];
  /** True when none of what was named is left, so that nothing will ever be shown again. */
  readonly isOver: () => boolean;
}

interface SelectionFlags {
  readonly all: boolean;
  readonly pod: boolean;
}

/**
 * What is asked for: all that runs, with all also what does not, or what the arguments name. With `--pod` they
 * name pods, and a container stands for its pod.
 * @param asked.reportFailure takes the error of an argument; the others go on
 * @returns the selection, and how many arguments failed
 */
export function select(
  lists: ContainerLists,
  asked: {
    readonly args: readonly string[];
    readonly flags: SelectionFlags;
    readonly reportFailure: (error: unknown) => void;
  },
): { selection: StatsSelection; failed: number } {
  const { args, flags, reportFailure } = asked;
  if (args.length === 0) return { selection: everything(lists, flags), failed: 0 };
  const ids = new Set<string>();
  let failed = 0;
  for (const name of args) {
    try {
      ids.add(flags.pod ? findPod(lists, name, flags.all).id : findContainerFor(lists, name, flags.all).id);
    } catch (error) {
      reportFailure(error);
      failed += 1;
    }
  }
  return { selection: named(lists, [...ids], flags), failed };
}

function everything(lists: ContainerLists, { all }: SelectionFlags): StatsSelection {
  const containers = () => lists.listContainers((container) => all || isShown(container));
  return {
    containers,
    pods: () => {
      const shown = new Set(containers().map(({ sandboxId }) => sandboxId));
      return lists.listSandboxes().filter(({ id }) => all || shown.has(id));
    },
    isOver: () => false,
  };
}

function named(lists: ContainerLists, ids: readonly string[], { all, pod }: SelectionFlags): StatsSelection {
  const pods = () => ids.flatMap((id) => lists.getSandbox(id) ?? []);
  const members = () => pods().flatMap((sandbox) => sandbox.containers());
  const containers = () =>
    (pod ? members() : ids.flatMap((id) => lists.getContainer(id) ?? [])).filter(
      (container) => all || isShown(container),
    );
  return { containers, pods, isOver: () => (all && pod ? pods() : containers()).length === 0 };
}

function findContainerFor(lists: ContainerLists, name: string, all: boolean): Container {
  const container = lists.lookupContainer(name, "stats");
  if (all) return container;
  if (container.state?.status === "unknown" && !isSampled(container)) {
    throw new KpodError(
      "BAD_STATE",
      `cannot read the stats of container ${container.id}: its state is unknown, and so is its process`,
      { hint: "--all shows it without numbers" },
    );
  }
  if (isShown(container)) return container;
  throw new KpodError("BAD_STATE", `cannot read the stats of container ${container.id}: it is not running`, {
    hint: "--all shows it with zeros",
  });
}

function findPod(lists: ContainerLists, name: string, all: boolean): Sandbox {
  const sandbox = lookUpPod(lists, name);
  if (all || sandbox.containers().some(isShown)) return sandbox;
  throw new KpodError(
    "BAD_STATE",
    `cannot read the stats of pod ${sandbox.id}: none of its containers runs`,
    {
      hint: "--all shows it with zeros",
    },
  );
}

function lookUpPod(lists: ContainerLists, name: string): Sandbox {
  try {
    return lists.lookupSandbox(name);
  } catch (error) {
    const sandbox = isNotFoundError(error) ? podOfContainer(lists, name) : undefined;
    if (sandbox === undefined) throw error;
    return sandbox;
  }
}

function podOfContainer(lists: ContainerLists, name: string): Sandbox | undefined {
  try {
    return lists.getSandbox(lists.lookupContainer(name).sandboxId);
  } catch (error) {
    // Neither a pod nor a container: the first error says so.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

/** One whose runtime could not be asked may well run: leaving it out would hide it when it matters most. */
function isShown({ state }: Container): boolean {
  return !["creating", "created", "stopped"].includes(state?.status ?? "");
}
