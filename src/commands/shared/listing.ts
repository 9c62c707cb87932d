import { loadColors, type Colors } from "../../shell/colors";
import { UsageError } from "../../shell/errors";
import type { Terminal } from "../../shell/terminal";
import { displayId } from "../../format/id";
import type { ContainerServer } from "../../lib/container-server";
import { KpodError } from "../../lib/errors";
import type { ImageNames } from "../../lib/images/names";
import type { Logger } from "../../lib/logger";
import type { Container } from "../../lib/oci/container";
import type { ContainerSizes } from "../../lib/operations/sizes";
import type { PortMapping, Sandbox } from "../../lib/sandbox/sandbox";
import { isBeingMade } from "../../lib/oci/state/being-made";
import { hasVanished } from "../../lib/operations/vanished";

/** A list of containers or pods that is being made: of what, at which moment, and what was found out for it. */
export interface Listing {
  server: ContainerServer;
  logger: Logger;
  /** Milliseconds since 1970. */
  now: number;
  noTrunc: boolean;
  /** What the containers take on the disk, by their ids, where that is asked for. */
  sizes?: ReadonlyMap<string, ContainerSizes>;
  /** The names of the store's images, where a container's record has none of its image. */
  imageNames: ImageNames;
  /** The pods of orphans, by the ids of these, where such are listed. */
  orphans?: ReadonlyMap<string, Sandbox>;
  /** The ports of the host that lead to pods, by their ids, as far as they were asked for in this look. */
  ports: Map<string, readonly PortMapping[]>;
  /** The ports that images expose, by their ids, likewise. */
  exposed: Map<string, readonly string[]>;
  /** Ids of containers and pods that somebody removed while they were looked at: lists leave them out. */
  vanished: Set<string>;
}

/** Begins a list, at this moment. */
export function openListing(server: ContainerServer, options: { logger: Logger; noTrunc: boolean }): Listing {
  const { logger, noTrunc } = options;
  return {
    server,
    logger,
    now: Date.now(),
    noTrunc,
    imageNames: new Map(),
    ports: new Map(),
    exposed: new Map(),
    vanished: new Set(),
  };
}

/**
 * Makes a text of containers or pods. Where making it shows that some have vanished meanwhile, it is made anew
 * without them.
 */
export function textOfPresent<T extends { readonly id: string }>(
  { vanished }: Pick<Listing, "vanished">,
  items: readonly T[],
  textOf: (present: readonly T[]) => string,
): string {
  for (;;) {
    const before = vanished.size;
    const text = textOf(items.filter(({ id }) => !vanished.has(id)));
    if (vanished.size === before) return text;
  }
}

/**
 * Reads something of a container; when that cannot be read, it is left open with a warning: one sick container
 * must not spoil the list of the others. One that has vanished meanwhile is marked as such, and of one that is just
 * being made nothing is said.
 */
export function readOr<T>(
  { server, logger, vanished, orphans }: Pick<Listing, "server" | "logger" | "vanished" | "orphans">,
  container: Container,
  otherwise: T,
  read: () => T,
): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    // Nobody expects anything of it to be there.
    if (orphans?.has(container.id) === true) return otherwise;
    if (hasVanished(server, container)) vanished.add(container.id);
    else if (!isBeingMade(container)) warnOnce(logger, container, error.message);
    return otherwise;
  }
}

/** The pod of a container, as far as it is known. */
export function podOf(
  { server, orphans }: Pick<Listing, "server" | "orphans">,
  { id, sandboxId }: Container,
): Sandbox | undefined {
  return orphans?.get(id) ?? server.getSandbox(sandboxId);
}

const warned = new WeakSet<Container>();

function warnOnce(logger: Logger, container: Container, message: string): void {
  if (warned.has(container)) return;
  warned.add(container);
  logger.warn(`container ${displayId(container.id)} (${container.name}): ${message}`);
}

/**
 * Reads the values of `--filter`.
 * @param parse reads them into conditions
 * @throws UsageError for an unknown filter or a bad value
 */
export function readFilters<Term>(
  values: readonly string[],
  parse: (values: readonly string[]) => readonly Term[],
): readonly Term[] {
  try {
    return parse(values);
  } catch (error) {
    if (error instanceof KpodError && error.code === "BAD_ARGUMENT") throw new UsageError(error.message);
    throw error;
  }
}

/** How the tables of lists are drawn. */
export interface TableStyle {
  readonly colors: Colors;
  /** The characters of a line, at this moment; undefined where nothing is cut. */
  readonly width: () => number | undefined;
}

/** Tables as the terminal can show them: coloured where it has colours, cut where it has an end. */
export async function openTableStyle(
  terminal: Terminal,
  { noTrunc }: { readonly noTrunc: boolean },
): Promise<TableStyle> {
  const colors = await loadColors(terminal.color);
  return { colors, width: () => (noTrunc ? undefined : terminal.columns) };
}
