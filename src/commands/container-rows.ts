import { escapeControl } from "../format/escape";
import { displayId } from "../format/id";
import { humanAgo } from "../format/units";
import type { Container } from "../lib/oci/container";
import type { ContainerState } from "../lib/oci/state";
import type { PortMapping } from "../lib/sandbox/sandbox";
import { readNamespaceInodes, type NamespaceInodes } from "../lib/system/process-namespaces";
import { commandLine, imageText, portsText, shortCommand, sizeText, statusText } from "./container-texts";
import { readOr, type RowSource } from "./row-source";

/** A container as `ps` shows it, safe for a terminal. Cells are made when they are asked for: no list has all. */
export interface ContainerRow {
  readonly id: string;
  readonly image: string;
  readonly command: string;
  readonly created: string;
  readonly status: string;
  /** What that says in words. */
  readonly state: ContainerState | undefined;
  readonly ports: string;
  readonly names: string;
  readonly pod: string;
  readonly podNamespace: string;
  readonly size: string;
  /** Undefined for a container without a process. */
  readonly namespaces: NamespaceInodes | undefined;
  /** 0 without one. */
  readonly pid: number;
}

/** The row of a container. What cannot be read of it stays empty, with a warning. */
export function containerRow(source: RowSource, container: Container): ContainerRow {
  const { noTrunc, now, server, sizes } = source;
  const sandbox = server.getSandbox(container.sandboxId);
  return {
    id: displayId(container.id, { noTrunc }),
    image: escapeControl(imageText(container.imageName, noTrunc)),
    get command() {
      const command = escapeControl(commandOf(source, container));
      return noTrunc ? command : shortCommand(command);
    },
    created: humanAgo(container.createdAt.getTime(), now),
    get status() {
      return statusText(container.state, now);
    },
    state: container.state,
    get ports() {
      return portsText(portsOf(source, container));
    },
    names: escapeControl(container.name),
    pod: escapeControl(sandbox?.kubeName ?? ""),
    podNamespace: escapeControl(sandbox?.namespace ?? ""),
    get size() {
      return sizeText(sizes?.get(container.id));
    },
    get namespaces() {
      return namespacesOf(source, container);
    },
    pid: pidOf(container),
  };
}

/** What a container runs, in one line; "" when that cannot be read. */
export function commandOf(source: RowSource, container: Container): string {
  return readOr(source, container, "", () => commandLine(container));
}

/** The ports of the host that lead to a container's pod. */
export function portsOf(source: RowSource, container: Container): readonly PortMapping[] {
  const sandbox = source.server.getSandbox(container.sandboxId);
  return readOr(source, container, [], () => sandbox?.portMappings ?? []);
}

/** The pid of a container's first process, 0 when it has none. */
export function pidOf({ state }: Container): number {
  return state === undefined || state.status === "stopped" ? 0 : state.pid;
}

/** The namespaces of a container's process. */
export function namespacesOf(source: RowSource, container: Container): NamespaceInodes | undefined {
  const pid = pidOf(container);
  return pid === 0 ? undefined : readOr(source, container, undefined, () => readNamespaceInodes(pid));
}
