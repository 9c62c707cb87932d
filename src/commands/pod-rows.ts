import { displayId } from "../format/id";
import { humanAgo } from "../format/units";
import type { Sandbox } from "../lib/sandbox/sandbox";
import { readOr, type RowSource } from "./row-source";

/** A pod as `pod ps` shows it in a table. */
export function podRow(source: RowSource, sandbox: Sandbox): string[] {
  const members = sandbox.containers();
  const running = members.filter(
    ({ state }) => state?.status === "running" || state?.status === "paused",
  ).length;
  return [
    displayId(sandbox.id, { noTrunc: source.noTrunc }),
    sandbox.kubeName,
    sandbox.namespace,
    podState(source, sandbox),
    humanAgo(sandbox.infraContainer.createdAt.getTime(), source.now),
    String(sandbox.attempt),
    `${running}/${members.length}`,
  ];
}

/** A pod as `pod ps --format json` shows it. */
export function podJson(source: RowSource, sandbox: Sandbox): Record<string, unknown> {
  return {
    id: sandbox.id,
    name: sandbox.name,
    kubeName: sandbox.kubeName,
    namespace: sandbox.namespace,
    uid: sandbox.uid,
    attempt: sandbox.attempt,
    state: podState(source, sandbox),
    createdAt: sandbox.infraContainer.createdAt.toISOString(),
    labels: readOr(source, sandbox.infraContainer, {}, () => sandbox.labels),
    infraContainerId: sandbox.infraContainer.id,
    containers: sandbox
      .containers()
      .map(({ id, name, state }) => ({ id, name, state: state?.status ?? "unknown" })),
  };
}

function podState(source: RowSource, sandbox: Sandbox): string {
  return readOr(source, sandbox.infraContainer, "NotReady", () => sandbox.state);
}
