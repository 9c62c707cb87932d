import type { Container } from "../../lib/oci/container";
import { commandOf, exposedOf, imageOf, namespacesOf, pidOf, portsOf, runningTime } from "./row";
import { podOf, readOr, type Listing } from "../shared/listing";

/** A container as `ps --format json` shows it: the keys of kpod 1.0, then newer ones. */
export function containerJson(
  listing: Listing,
  container: Container,
  options: { namespaces: boolean },
): Record<string, unknown> {
  const { state } = container;
  const sandbox = podOf(listing, container);
  const sizes = listing.sizes?.get(container.id);
  return {
    id: container.id,
    image: imageOf(listing, container),
    image_id: container.imageId,
    command: commandOf(listing, container),
    createdAt: container.createdAt.toISOString(),
    // Nanoseconds, as Go's durations are.
    runningFor: runningTime(container, listing.now) * 1_000_000,
    status: state?.status ?? "unknown",
    ports: Object.fromEntries(exposedOf(listing, container).map((port) => [port, {}])),
    size: sizes?.rootFs ?? 0,
    names: container.name,
    labels: readOr(listing, container, {}, () => container.labels),
    mounts: readOr(listing, container, [], () => container.spec.mounts ?? []),
    ctrRunning: state?.status === "running" || state?.status === "paused",
    ...(options.namespaces ? { namespace: namespaceJson(listing, container) } : {}),
    podId: container.sandboxId,
    podName: sandbox?.kubeName ?? "",
    podNamespace: sandbox?.namespace ?? "",
    pid: pidOf(container),
    exitCode: state?.exitCode ?? null,
    startedAt: state?.started?.toISOString() ?? null,
    finishedAt: state?.finished?.toISOString() ?? null,
    oomKilled: state?.oomKilled ?? false,
    portMappings: portsOf(listing, container),
    ...(listing.orphans === undefined ? {} : { orphan: true }),
    ...(listing.sizes === undefined ? {} : { sizeRw: sizes?.rw ?? null }),
  };
}

/** Texts, as in kpod 1.0; empty for a container without a process. */
function namespaceJson(listing: Listing, container: Container): Record<string, string> {
  const pid = pidOf(container);
  const inodes = namespacesOf(listing, container);
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
