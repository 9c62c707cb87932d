import { KpodError } from "../../lib/errors";
import type { ContainerLists } from "../../lib/container-lists";
import type { Container } from "../../lib/oci/container";
import { findContainer, isNotFoundError } from "../../lib/operations/find-container";
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
  server: ContainerLists,
  asked: {
    readonly args: readonly string[];
    readonly flags: SelectionFlags;
    readonly reportFailure: (error: unknown) => void;
  },
): { selection: StatsSelection; failed: number } {
  const { args, flags, reportFailure } = asked;
  if (args.length === 0) return { selection: everything(server, flags), failed: 0 };
  const ids = new Set<string>();
  let failed = 0;
  for (const name of args) {
    try {
      ids.add(flags.pod ? findPod(server, name, flags.all).id : findContainerFor(server, name, flags.all).id);
    } catch (error) {
      reportFailure(error);
      failed += 1;
    }
  }
  return { selection: named(server, [...ids], flags), failed };
}

function everything(server: ContainerLists, { all }: SelectionFlags): StatsSelection {
  const containers = () => server.listContainers((container) => all || isShown(container));
  return {
    containers,
    pods: () => {
      const shown = new Set(containers().map(({ sandboxId }) => sandboxId));
      return server.listSandboxes().filter(({ id }) => all || shown.has(id));
    },
    isOver: () => false,
  };
}

function named(server: ContainerLists, ids: readonly string[], { all, pod }: SelectionFlags): StatsSelection {
  const pods = () => ids.flatMap((id) => server.getSandbox(id) ?? []);
  const members = () => pods().flatMap((sandbox) => sandbox.containers());
  const containers = () =>
    (pod ? members() : ids.flatMap((id) => server.getContainer(id) ?? [])).filter(
      (container) => all || isShown(container),
    );
  return { containers, pods, isOver: () => (all && pod ? pods() : containers()).length === 0 };
}

function findContainerFor(server: ContainerLists, name: string, all: boolean): Container {
  const container = findContainer(server, name, "stats");
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

function findPod(server: ContainerLists, name: string, all: boolean): Sandbox {
  const sandbox = lookUpPod(server, name);
  if (all || sandbox.containers().some(isShown)) return sandbox;
  throw new KpodError(
    "BAD_STATE",
    `cannot read the stats of pod ${sandbox.id}: none of its containers runs`,
    {
      hint: "--all shows it with zeros",
    },
  );
}

function lookUpPod(server: ContainerLists, name: string): Sandbox {
  try {
    return server.lookupSandbox(name);
  } catch (error) {
    const sandbox = isNotFoundError(error) ? podOfContainer(server, name) : undefined;
    if (sandbox === undefined) throw error;
    return sandbox;
  }
}

function podOfContainer(server: ContainerLists, name: string): Sandbox | undefined {
  try {
    return server.getSandbox(server.lookupContainer(name).sandboxId);
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
