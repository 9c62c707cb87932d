import type { Container } from "../../lib/oci/container";
import { commandOf, imageOf, namespacesOf, pidOf, portsOf } from "../shared/containers/rows";
import { runningTime } from "../shared/containers/texts";
import { podOf, readOr, type RowSource } from "../shared/row-source";

/** A container as `ps --format json` shows it: the keys of kpod 1.0, then newer ones. */
export function containerJson(
  source: RowSource,
  container: Container,
  options: { namespaces: boolean },
): Record<string, unknown> {
  const { state } = container;
  const sandbox = podOf(source, container);
  const sizes = source.sizes?.get(container.id);
  return {
    id: container.id,
    image: imageOf(source, container),
    image_id: container.imageId,
    command: commandOf(source, container),
    createdAt: container.createdAt.toISOString(),
    // Nanoseconds, as Go's durations are.
    runningFor: runningTime(container, source.now) * 1_000_000,
    status: state?.status ?? "unknown",
    ports: portsOf(source, container),
    size: sizes?.rootFs ?? 0,
    names: container.name,
    labels: readOr(source, container, {}, () => container.labels),
    mounts: readOr(source, container, [], () => container.spec.mounts ?? []),
    ctrRunning: state?.status === "running" || state?.status === "paused",
    ...(options.namespaces ? { namespace: namespaceJson(source, container) } : {}),
    podId: container.sandboxId,
    podName: sandbox?.kubeName ?? "",
    podNamespace: sandbox?.namespace ?? "",
    pid: pidOf(container),
    exitCode: state?.exitCode ?? null,
    startedAt: state?.started?.toISOString() ?? null,
    finishedAt: state?.finished?.toISOString() ?? null,
    oomKilled: state?.oomKilled ?? false,
    ...(source.orphans === undefined ? {} : { orphan: true }),
    ...(source.sizes === undefined ? {} : { sizeRw: sizes?.rw ?? null }),
  };
}

/** Texts, as in kpod 1.0; empty for a container without a process. */
function namespaceJson(source: RowSource, container: Container): Record<string, string> {
  const pid = pidOf(container);
  const inodes = namespacesOf(source, container);
  return {
    pid: pid === 0 ? "" : String(pid),
    cgroup: inodes?.cgroup ?? "",
    ipc: inodes?.ipc ?? "",
    mnt: inodes?.mnt ?? "",
    net: inodes?.net ?? "",
    pidns: inodes?.pid ?? "",
    user: inodes?.user ?? "",
    uts: inodes?.uts ?? "",
  };
}
