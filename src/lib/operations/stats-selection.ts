import { KpodError, tolerate } from "../errors";
import type { ContainerLists } from "../container-lists";
import type { Container } from "../oci/container";
import { isNotFoundError } from "../names/lookup";
import { mayRun } from "./filter-containers";
import { isSampled } from "./stats-source";
import type { Sandbox } from "../sandbox/sandbox";

/** Whose stats are shown. It is asked anew for every look, after the server's update. */
export interface StatsSelection {
  /** True when the stats of pods are asked for. */
  readonly ofPods: boolean;
  /** Newest first, or in the order of the arguments. */
  readonly containers: () => readonly Container[];
  /** The pods of these containers, and with all also those without containers. */
  readonly pods: () => readonly Sandbox[];
  /** True when none of what was named is left, so that nothing will ever be shown again. */
  readonly isOver: () => boolean;
}

/** What is asked for. */
export interface StatsRequest {
  /** Containers, or with `pods` pods, by id or name; all when there are none. */
  readonly names: readonly string[];
  /** True also for what does not run. */
  readonly all: boolean;
  /** True for pods instead of containers. */
  readonly pods: boolean;
  /** Takes the error of a name; the others go on. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Finds whose stats are asked for: of all that runs, with `all` also of what does not, or of what the names mean. Where
 * these are pods, the name of a container stands for its pod.
 * @returns the selection, and how many names failed
 */
export function selectForStats(
  lists: ContainerLists,
  request: StatsRequest,
): { selection: StatsSelection; failed: number } {
  const { names, all, pods, onFailure } = request;
  if (names.length === 0) return { selection: everything(lists, request), failed: 0 };
  const ids = new Set<string>();
  let failed = 0;
  for (const name of names) {
    try {
      ids.add(pods ? findPod(lists, name, all).id : findContainerFor(lists, name, all).id);
    } catch (error) {
      onFailure(error);
      failed += 1;
    }
  }
  return { selection: named(lists, [...ids], request), failed };
}

type Which = Pick<StatsRequest, "all" | "pods">;

function everything(lists: ContainerLists, { all, pods: ofPods }: Which): StatsSelection {
  const containers = () => lists.listContainers((container) => all || mayRun(container));
  return {
    ofPods,
    containers,
    pods: () => {
      const shown = new Set(containers().map(({ sandboxId }) => sandboxId));
      return lists.listSandboxes().filter(({ id }) => all || shown.has(id));
    },
    isOver: () => false,
  };
}

function named(lists: ContainerLists, ids: readonly string[], { all, pods: ofPods }: Which): StatsSelection {
  const pods = () => ids.flatMap((id) => lists.getSandbox(id) ?? []);
  const members = () => pods().flatMap((sandbox) => sandbox.containers());
  const containers = () =>
    (ofPods ? members() : ids.flatMap((id) => lists.getContainer(id) ?? [])).filter(
      (container) => all || mayRun(container),
    );
  const isOver = () => (all && ofPods ? pods() : containers()).length === 0;
  return { ofPods, containers, pods, isOver };
}

function findContainerFor(lists: ContainerLists, name: string, all: boolean): Container {
  const container = lists.lookupContainer(name, "stats", { attempt: "newest" });
  if (all) return container;
  if (container.state?.status === "unknown" && !isSampled(container)) {
    throw new KpodError(
      "BAD_STATE",
      `cannot read the stats of container ${container.id}: its state is unknown, and so is its process`,
      { hint: "--all shows it without numbers" },
    );
  }
  if (mayRun(container)) return container;
  throw new KpodError("BAD_STATE", `cannot read the stats of container ${container.id}: it is not running`, {
    hint: "--all shows it with zeros",
  });
}

function findPod(lists: ContainerLists, name: string, all: boolean): Sandbox {
  const sandbox = lookUpPod(lists, name);
  if (all || sandbox.containers().some(mayRun)) return sandbox;
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
  // Neither a pod nor a container: the first error says so.
  return tolerate(undefined, () => lists.getSandbox(lists.lookupContainer(name).sandboxId));
}
