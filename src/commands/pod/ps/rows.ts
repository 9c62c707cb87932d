import type { Colors } from "../../../shell/colors";
import { displayId } from "../../../format/id";
import { sortedBy } from "../../../format/sort";
import type { Cell } from "../../../format/table";
import { humanAgo } from "../../../format/units";
import type { Sandbox, SandboxState } from "../../../lib/sandbox/sandbox";
import { readOr, type Listing } from "../../shared/listing";

/** The headings of the table of pods. */
export const podColumns = ["POD ID", "NAME", "K8S NAMESPACE", "STATE", "CREATED", "ATTEMPT", "RUNNING"];

/** Those that give way on a narrow terminal, and how much stays of them. */
export const narrowPodColumns = { NAME: 10, "K8S NAMESPACE": 10 };

/** Those that are left out on an even narrower one. */
export const sparePodColumns = ["ATTEMPT", "CREATED"];

/** A pod as `pod ps` shows it in a table. */
export function podRow(listing: Listing, sandbox: Sandbox, colors: Colors): Cell[] {
  return [
    displayId(sandbox.id, { noTrunc: listing.noTrunc }),
    sandbox.kubeName,
    sandbox.namespace,
    podStateCell(podState(listing, sandbox), colors),
    humanAgo(sandbox.infraContainer.createdAt.getTime(), listing.now),
    String(sandbox.attempt),
    runningText(sandbox),
  ];
}

/** How many of a pod's containers run: `1/2`. */
export function runningText(sandbox: Sandbox): string {
  const members = sandbox.containers();
  const running = members.filter(
    ({ state }) => state?.status === "running" || state?.status === "paused",
  ).length;
  return `${running}/${members.length}`;
}

/** A pod as `pod ps --format json` shows it. */
export function podJson(listing: Listing, sandbox: Sandbox): Record<string, unknown> {
  return {
    id: sandbox.id,
    name: sandbox.name,
    kubeName: sandbox.kubeName,
    namespace: sandbox.namespace,
    uid: sandbox.uid,
    attempt: sandbox.attempt,
    state: podState(listing, sandbox),
    createdAt: sandbox.infraContainer.createdAt.toISOString(),
    labels: podLabels(listing, sandbox),
    infraContainerId: sandbox.infraContainer.id,
    containers: sandbox
      .containers()
      .map(({ id, name, state }) => ({ id, name, state: state?.status ?? "unknown" })),
  };
}

/** Whether a pod is ready; one that cannot be read is not. */
export function podState(listing: Listing, sandbox: Sandbox): SandboxState {
  return readOr<SandboxState>(listing, sandbox.infraContainer, "NotReady", () => sandbox.state);
}

/** The labels of a pod; none when they cannot be read. */
export function podLabels(listing: Listing, sandbox: Sandbox): Readonly<Record<string, string>> {
  return readOr(listing, sandbox.infraContainer, {}, () => sandbox.labels);
}

/** By what pods can be sorted. */
export type PodSortKey = "created" | "id" | "name" | "namespace" | "state";

/** Sorts pods: texts rise, times begin with the newest. Those that are equal stay in their order. */
export function sortPods(listing: Listing, sandboxes: readonly Sandbox[], key: PodSortKey): Sandbox[] {
  const valueOf = (sandbox: Sandbox): string | number => {
    switch (key) {
      case "created":
        return sandbox.infraContainer.createdAt.getTime();
      case "id":
        return sandbox.id;
      case "name":
        return sandbox.kubeName;
      case "namespace":
        return sandbox.namespace;
      case "state":
        return podState(listing, sandbox);
    }
  };
  return sortedBy(sandboxes, valueOf);
}

/** The state of a pod in its colour. */
function podStateCell(state: SandboxState, colors: Colors): Cell {
  return { text: state, paint: state === "Ready" ? colors.green : colors.yellow };
}
