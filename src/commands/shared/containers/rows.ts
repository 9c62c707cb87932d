import { escapeControl } from "../../../format/escape";
import { displayId } from "../../../format/id";
import { humanAgo } from "../../../format/units";
import { shownImageName } from "../../../lib/images/shown-name";
import type { Container } from "../../../lib/oci/container";
import type { ContainerState } from "../../../lib/oci/state/container-state";
import type { PortMapping, Sandbox } from "../../../lib/sandbox/sandbox";
import { readNamespaceInodes, type NamespaceInodes } from "../../../lib/system/namespaces";
import { commandLine, imageText, portsText, shortCommand, sizeText, statusText } from "./texts";
import { podOf, readOr, type RowSource } from "../row-source";

/**
 * A container as `ps` shows it. Cells are made when they are asked for: no list has all. What cannot be read of it stays
 * empty, with a warning. Whoever prints image, names and pods makes them safe for a terminal.
 */
export class ContainerRow {
  constructor(
    private readonly source: RowSource,
    private readonly container: Container,
  ) {}

  get id(): string {
    return displayId(this.container.id, this.source);
  }

  get image(): string {
    return imageText(imageOf(this.source, this.container), this.source.noTrunc);
  }

  get command(): string {
    const command = escapeControl(commandOf(this.source, this.container));
    return this.source.noTrunc ? command : shortCommand(command);
  }

  get created(): string {
    return humanAgo(this.container.createdAt.getTime(), this.source.now);
  }

  get status(): string {
    return statusText(this.container.state, this.source.now);
  }

  /** What that says in words. */
  get state(): ContainerState | undefined {
    return this.container.state;
  }

  get ports(): string {
    return portsText(portsOf(this.source, this.container));
  }

  get names(): string {
    return this.container.name;
  }

  get pod(): string {
    return this.sandbox?.kubeName ?? "";
  }

  get podNamespace(): string {
    return this.sandbox?.namespace ?? "";
  }

  get size(): string {
    const { sizes } = this.source;
    return sizes === undefined ? "" : sizeText(sizes.get(this.container.id));
  }

  /** Undefined for a container without a process. */
  get namespaces(): NamespaceInodes | undefined {
    return namespacesOf(this.source, this.container);
  }

  /** 0 without one. */
  get pid(): number {
    return pidOf(this.container);
  }

  private get sandbox(): Sandbox | undefined {
    return podOf(this.source, this.container);
  }
}

/** The name of a container's image; as it was asked for when nobody tells another. */
export function imageOf(source: RowSource, container: Container): string {
  return readOr(source, container, container.imageName, () => shownImageName(container, source.imageNames));
}

/** What a container runs, in one line; "" when that cannot be read. */
export function commandOf(source: RowSource, container: Container): string {
  return readOr(source, container, "", () => commandLine(container));
}

/** The ports of the host that lead to a container's pod. */
export function portsOf(source: RowSource, container: Container): readonly PortMapping[] {
  const { ports } = source;
  const known = ports.get(container.sandboxId);
  if (known !== undefined) return known;
  return readOr(source, container, [], () => {
    const mappings = podOf(source, container)?.portMappings ?? [];
    ports.set(container.sandboxId, mappings);
    return mappings;
  });
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
