import { escapeControl } from "../../format/escape";
import { displayId } from "../../format/id";
import { displayImageName } from "../../format/image-name";
import { humanAgo, humanDuration, humanSize, unknownNumber } from "../../format/units";
import { hasCheckpoint } from "../../lib/checkpoint/kept";
import { exposedPorts } from "../../lib/images/exposed-ports";
import { shownImageName } from "../../lib/images/names";
import type { Container } from "../../lib/oci/container";
import type { ContainerState } from "../../lib/oci/state/container-state";
import type { PortMapping, Sandbox } from "../../lib/sandbox/sandbox";
import { readNamespaceInodes, type NamespaceInodes } from "../../lib/system/namespaces";
import type { ContainerSizes } from "../../lib/operations/sizes";
import { podOf, readOr, type Listing } from "../shared/listing";

/**
 * A container as `ps` shows it. Cells are made when they are asked for: no list has all. What cannot be read of it stays
 * empty, with a warning. Whoever prints image, names and pods makes them safe for a terminal.
 */
export class ContainerRow {
  constructor(
    private readonly listing: Listing,
    private readonly container: Container,
  ) {}

  get id(): string {
    return displayId(this.container.id, this.listing);
  }

  get image(): string {
    return imageText(imageOf(this.listing, this.container), this.listing.noTrunc);
  }

  get command(): string {
    const command = escapeControl(commandOf(this.listing, this.container));
    return this.listing.noTrunc ? command : shortCommand(command);
  }

  get created(): string {
    return humanAgo(this.container.createdAt.getTime(), this.listing.now);
  }

  get status(): string {
    const { state } = this.container;
    const kept =
      state?.checkpointed !== undefined && state.status === "stopped" && hasCheckpoint(this.container);
    return `${statusText(state, this.listing.now)}${kept ? " (Checkpointed)" : ""}`;
  }

  /** What that says in words. */
  get state(): ContainerState | undefined {
    return this.container.state;
  }

  get ports(): string {
    return portsText(portsOf(this.listing, this.container), exposedOf(this.listing, this.container));
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
    const { sizes } = this.listing;
    return sizes === undefined ? "" : sizeText(sizes.get(this.container.id));
  }

  /** Undefined for a container without a process. */
  get namespaces(): NamespaceInodes | undefined {
    return namespacesOf(this.listing, this.container);
  }

  /** 0 without one. */
  get pid(): number {
    return pidOf(this.container);
  }

  private get sandbox(): Sandbox | undefined {
    return podOf(this.listing, this.container);
  }
}

/** The name of a container's image; as it was asked for when nobody tells another. */
export function imageOf(listing: Listing, container: Container): string {
  return readOr(listing, container, container.imageName, () => shownImageName(container, listing.imageNames));
}

/** What a container runs, in one line; "" when that cannot be read. */
export function commandOf(listing: Listing, container: Container): string {
  return readOr(listing, container, "", () => commandLine(container));
}

/** The ports of the host that lead to a container's pod. */
export function portsOf(listing: Listing, container: Container): readonly PortMapping[] {
  const { ports } = listing;
  const known = ports.get(container.sandboxId);
  if (known !== undefined) return known;
  return readOr(listing, container, [], () => {
    const mappings = podOf(listing, container)?.portMappings ?? [];
    ports.set(container.sandboxId, mappings);
    return mappings;
  });
}

/** The ports that a container's image exposes: `80/tcp`. */
export function exposedOf({ server, exposed }: Listing, { imageId }: Container): readonly string[] {
  const known = exposed.get(imageId);
  if (known !== undefined) return known;
  const found = exposedPorts(server.store, imageId);
  exposed.set(imageId, found);
  return found;
}

/** The pid of a container's first process, 0 when it has none. */
export function pidOf({ state }: Container): number {
  return state === undefined || state.status === "stopped" ? 0 : state.pid;
}

/** The namespaces of a container's process. */
export function namespacesOf(listing: Listing, container: Container): NamespaceInodes | undefined {
  const pid = pidOf(container);
  return pid === 0 ? undefined : readOr(listing, container, undefined, () => readNamespaceInodes(pid));
}

/** How long a command may be before it is cut in the middle of a table. */
const longestCommand = 20;

/** The state of a container in words: `Up 2 minutes`, `Exited (3) 5 seconds ago`. */
export function statusText(state: ContainerState | undefined, now: number): string {
  switch (state?.status) {
    case "creating":
      return "Creating";
    case "created":
      return "Created";
    case "running":
      return upText(state, now);
    case "paused":
      return `${upText(state, now)} (Paused)`;
    case "stopped": {
      const ago = state.finished === undefined ? "" : ` ${humanAgo(state.finished.getTime(), now)}`;
      return `Exited (${state.exitCode ?? "?"})${ago}${state.oomKilled ? " (OOMKilled)" : ""}`;
    }
    default:
      return "Unknown";
  }
}

function upText(state: ContainerState, now: number): string {
  const since = startOf(state);
  return since === undefined ? "Up" : `Up ${humanDuration(now - since.getTime())}`;
}

/** When a container began to run: as far as that is known, when it was started, else when its runtime created it. */
function startOf({ started, created }: ContainerState): Date | undefined {
  return started ?? created;
}

/** How long a container has run, or ran, in milliseconds; 0 for one that never did. */
export function runningTime({ state, createdAt }: Container, now: number): number {
  if (state === undefined || state.status === "creating" || state.status === "created") return 0;
  const started = startOf(state) ?? createdAt;
  const ended = state.status === "stopped" ? (state.finished ?? started).getTime() : now;
  return Math.max(0, ended - started.getTime());
}

/** What a container runs, in one line. @throws KpodError CORRUPT */
function commandLine(container: Container): string {
  return container.args.join(" ");
}

/** The beginning of a command, for a column. */
function shortCommand(command: string): string {
  return command.length <= longestCommand ? command : `${command.slice(0, longestCommand - 3)}...`;
}

/** The name of an image as a column shows it; an id is cut. */
function imageText(name: string, noTrunc: boolean): string {
  return name.length === 64 && /^[0-9a-f]*$/.test(name)
    ? displayId(name, { noTrunc })
    : displayImageName(name, { noTrunc });
}

/** Ports as docker writes them: `0.0.0.0:8080->80/tcp, 53/udp`; those that are exposed and not mapped come last. */
function portsText(mappings: readonly PortMapping[], exposed: readonly string[] = []): string {
  const mapped = mappings.map(({ hostIp, hostPort, containerPort, protocol }) => {
    const address = hostIp === "" ? "0.0.0.0" : hostIp.includes(":") ? `[${hostIp}]` : hostIp;
    return `${hostPort === 0 ? "" : `${address}:${hostPort}->`}${containerPort}/${protocol}`;
  });
  const targets = new Set(mappings.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  return [...mapped, ...exposed.filter((port) => !targets.has(port))].join(", ");
}

/** Sizes as docker writes them: `12.3kB (virtual 2.15MB)`, the read-write layer and all layers together. */
function sizeText(sizes: ContainerSizes | undefined): string {
  if (sizes === undefined) return unknownNumber;
  return `${humanSize(sizes.rw)} (virtual ${humanSize(sizes.rw + sizes.rootFs)})`;
}
