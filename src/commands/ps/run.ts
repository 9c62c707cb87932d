import type { CommandContext } from "../../shell/context";
import { mark } from "../../shell/trace";
import type { ContainerFilter } from "../../lib/container-lists";
import type { ContainerServer } from "../../lib/container-server";
import { isNamelessImage } from "../../lib/images/names";
import type { Container } from "../../lib/oci/container";
import {
  asksForState,
  openContainerFilter,
  parseContainerFilters,
  type ContainerFilterTerm,
} from "../../lib/operations/filter-containers";
import { openPsOutput, type PsOutput } from "./output";
import { selectContainers, showsAllStates, sortContainers } from "./selection";
import { openListing, podOf, readFilters, readOr, textOfPresent } from "../shared/listing";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod ps`: lists containers, newest first, once or with `--watch` again and again. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal } = context;
  const terms = readFilters(flags.filter, parseContainerFilters);
  const output = await openPsOutput({ ...flags, namespace: flags.namespace || flags.ns }, terminal);
  const server = await context.openServer();
  const list = createList(context, server, terms, output);
  if (flags.watch === undefined) {
    terminal.out(await context.unlessInterrupted(list()));
  } else {
    const { watchList } = await import("../shared/watch");
    await watchList(context, flags.watch, { drawable: output.drawable, list });
  }
  return 0;
}

/** Makes what looks at the node and writes the list, each time anew. */
function createList(
  { flags, logger, signal }: Context,
  server: ContainerServer,
  terms: readonly ContainerFilterTerm[],
  output: PsOutput,
): () => Promise<string> {
  const sortsByState = flags.sort === "status" || flags.sort === "runningfor";
  const states = output.needs.states || !showsAllStates(flags) || asksForState(terms) || sortsByState;
  const sizes = output.needs.sizes || flags.sort === "size";
  const images = output.needs.images || flags.sort === "image";
  let filter: ContainerFilter | undefined;
  const listing = openListing(server, { logger, noTrunc: flags.noTrunc });
  return async () => {
    await (states && !flags.orphans ? server.update({ infra: false }) : server.updateRecords());
    const orphans = flags.orphans ? await orphansOf(server) : undefined;
    if (orphans !== undefined)
      listing.orphans = new Map(orphans.map((each) => [each.container.id, each.sandbox]));
    mark("node looked at");
    listing.now = Date.now();
    listing.vanished.clear();
    listing.ports.clear();
    listing.exposed.clear();
    // What `before` and `since` name is looked up once: it may be gone at the next look.
    filter ??= await openContainerFilter(
      server,
      terms,
      (container, otherwise, read) => readOr(listing, container, otherwise, read),
      (container) => podOf(listing, container),
    );
    const all = orphans?.map(({ container }) => container) ?? server.listContainers();
    const containers = selectContainers(flags, all, terms, filter);
    if (images && containers.some(isNamelessImage)) listing.imageNames = await imageNamesOf(server);
    if (sizes) listing.sizes = await sizesOf(server, containers, signal());
    const sorted = flags.sort === undefined ? containers : sortContainers(listing, containers, flags.sort);
    if (flags.pidTree) {
      const { pidTreeText } = await import("./pid-tree");
      return pidTreeText(listing, sorted);
    }
    return textOfPresent(listing, sorted, (present) => output.text(listing, present));
  };
}

// What few lists need is loaded by those.

async function orphansOf(server: ContainerServer) {
  const { findOrphans } = await import("../../lib/operations/orphans");
  return findOrphans(server);
}

async function imageNamesOf(server: ContainerServer) {
  const { readableImageNames } = await import("../../lib/operations/readable-images");
  return readableImageNames(server);
}

async function sizesOf(server: ContainerServer, containers: readonly Container[], signal: AbortSignal) {
  const { containerSizes } = await import("../../lib/operations/sizes");
  return containerSizes(server, containers, signal);
}
