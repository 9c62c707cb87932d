import { humanAgo, humanDuration } from "../format/units";
import { displayId } from "../format/id";
import { displayImageName } from "../format/image-name";
import type { Container } from "../lib/oci/container";
import type { ContainerState } from "../lib/oci/state";
import type { PortMapping } from "../lib/sandbox/sandbox";
import { readOr, type RowSource } from "./row-source";

/** How long a command may be before it is cut in the middle of a table. */
const longestCommand = 20;

/** A container as `ps` shows it in a table. */
export interface ContainerRow {
  id: string;
  image: string;
  command: string;
  created: string;
  status: string;
  ports: string;
  names: string;
  pod: string;
  podNamespace: string;
}

/** The cells of a container. What cannot be read of it stays empty, with a warning. */
export function containerRow(source: RowSource, container: Container): ContainerRow {
  const { noTrunc, now } = source;
  const sandbox = source.server.getSandbox(container.sandboxId);
  const command = readOr(source, container, "", () => commandOf(container));
  return {
    id: displayId(container.id, { noTrunc }),
    image: displayImage(container.imageName, noTrunc),
    command:
      noTrunc || command.length <= longestCommand ? command : `${command.slice(0, longestCommand - 3)}...`,
    created: humanAgo(container.createdAt.getTime(), now),
    status: statusText(container.state, now),
    ports: readOr(source, container, [], () => sandbox?.portMappings ?? [])
      .map(portText)
      .join(", "),
    names: container.name,
    pod: sandbox?.kubeName ?? "",
    podNamespace: sandbox?.namespace ?? "",
  };
}

/** A container as `ps --format json` shows it: the keys of kpod 1.0, then newer ones. */
export function containerJson(source: RowSource, container: Container): Record<string, unknown> {
  const { state } = container;
  const sandbox = source.server.getSandbox(container.sandboxId);
  const started = state?.started ?? container.createdAt;
  const ended = state?.status === "stopped" ? (state.finished ?? started).getTime() : source.now;
  const running = state?.status === "running" || state?.status === "paused";
  return {
    id: container.id,
    image: container.imageName,
    image_id: container.imageId,
    command: readOr(source, container, "", () => commandOf(container)),
    createdAt: container.createdAt.toISOString(),
    runningFor: state?.status === "created" ? 0 : Math.max(0, ended - started.getTime()) * 1_000_000,
    status: state?.status ?? "unknown",
    ports: readOr(source, container, [], () => sandbox?.portMappings ?? []),
    size: 0,
    names: container.name,
    labels: readOr(source, container, {}, () => container.labels),
    mounts: readOr(source, container, [], () => container.spec.mounts ?? []),
    ctrRunning: running,
    podId: container.sandboxId,
    podName: sandbox?.kubeName ?? "",
    podNamespace: sandbox?.namespace ?? "",
    pid: state?.pid ?? 0,
    exitCode: state?.exitCode ?? null,
    startedAt: state?.started?.toISOString() ?? null,
    finishedAt: state?.finished?.toISOString() ?? null,
    oomKilled: state?.oomKilled ?? false,
  };
}

/** The state of a container in words: `Up 2 minutes`, `Exited (3) 5 seconds ago`. */
export function statusText(state: ContainerState | undefined, now: number): string {
  const up = (): string => {
    const since = state?.started ?? state?.created;
    return since === undefined ? "Up" : `Up ${humanDuration(now - since.getTime())}`;
  };
  switch (state?.status) {
    case "created":
      return "Created";
    case "running":
      return up();
    case "paused":
      return `${up()} (Paused)`;
    case "stopped": {
      const ago = state.finished === undefined ? "" : ` ${humanAgo(state.finished.getTime(), now)}`;
      return `Exited (${state.exitCode ?? "?"})${ago}${state.oomKilled ? " (OOMKilled)" : ""}`;
    }
    default:
      return "Unknown";
  }
}

function commandOf(container: Container): string {
  return (container.spec.process?.args ?? []).join(" ");
}

function displayImage(name: string, noTrunc: boolean): string {
  return /^[0-9a-f]{64}$/.test(name) ? displayId(name, { noTrunc }) : displayImageName(name, { noTrunc });
}

function portText({ hostIp, hostPort, containerPort, protocol }: PortMapping): string {
  const from = hostPort === 0 ? "" : `${hostIp === "" ? "0.0.0.0" : hostIp}:${hostPort}->`;
  return `${from}${containerPort}/${protocol}`;
}
