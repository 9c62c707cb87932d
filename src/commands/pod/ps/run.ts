import type { CommandContext } from "../../../shell/context";
import type { Terminal } from "../../../shell/terminal";
import { displayId } from "../../../format/id";
import { jsonText } from "../../../format/json";
import { tableText } from "../../../format/table";
import {
  parseSandboxFilters,
  sandboxFilter,
  shownNetworks,
  type NetworksOf,
  type SandboxRead,
} from "../../../lib/operations/filter-sandboxes";
import type { Sandbox } from "../../../lib/sandbox/sandbox";
import { narrowPodColumns, podColumns, podJson, podRow, sortPods, sparePodColumns } from "./rows";
import {
  openListing,
  openTableStyle,
  readFilters,
  readOr,
  textOfPresent,
  type Listing,
} from "../../shared/listing";
import { openRowTemplate, readFormat } from "../../shared/output-format";
import type { command } from "./command";

type Context = CommandContext<typeof command>;
type Show = (listing: Listing, sandboxes: readonly Sandbox[], networks: NetworksOf) => string;

/** `kpod pod ps`: lists pods, newest first. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal, logger } = context;
  const terms = readFilters(flags.filter, parseSandboxFilters);
  const show = await openOutput(flags, terminal);
  const server = await context.openServer();
  const states = !flags.quiet || flags.sort === "state" || terms.some(({ key }) => key === "state");
  await (states ? server.update() : server.updateRecords());
  const listing = openListing(server, { logger, noTrunc: flags.noTrunc });
  const read: SandboxRead = (sandbox, otherwise, readIt) =>
    readOr(listing, sandbox.infraContainer, otherwise, readIt);
  const asks =
    flags.network || terms.some(({ key }) => key === "network") || /\bNetworks\b/.test(flags.format ?? "");
  const names = asks ? (await import("../../../lib/operations/network-data")).podNetworkNames() : () => [];
  const fitting = server.listSandboxes().filter(sandboxFilter(terms, read, names));
  const sorted = flags.sort === undefined ? fitting : sortPods(listing, fitting, flags.sort);
  const networks = (sandbox: Sandbox): readonly string[] => shownNetworks(sandbox, read, names);
  terminal.out(textOfPresent(listing, sorted, (present) => show(listing, present, networks)));
  return 0;
}

async function openOutput(flags: Context["flags"], terminal: Terminal): Promise<Show> {
  const format = readFormat(flags.format);
  if (flags.quiet) {
    return (_, sandboxes) => sandboxes.map(({ id }) => `${displayId(id, flags)}\n`).join("");
  }
  if (format === "json") {
    return (listing, sandboxes, networks) =>
      jsonText(
        sandboxes.map((sandbox) => ({
          ...podJson(listing, sandbox),
          ...(flags.network ? { networks: networks(sandbox) } : {}),
        })),
      );
  }
  if (format === "table") {
    const { colors, width } = await openTableStyle(terminal, flags);
    return (listing, sandboxes, networks) =>
      tableText({
        columns: [...podColumns, ...(flags.network ? ["NETWORKS"] : [])],
        rows: sandboxes.map((sandbox) => [
          ...podRow(listing, sandbox, colors),
          ...(flags.network ? [networks(sandbox).join(",") || "none"] : []),
        ]),
        heading: !flags.noheading,
        width: width(),
        narrow: narrowPodColumns,
        spare: sparePodColumns,
      });
  }
  const { podHeadings, templatePod } = await import("./template");
  const rows = await openRowTemplate(format.template, {
    name: "pod ps",
    dataType: "pod",
    headings: podHeadings,
    heading: !flags.noheading,
  });
  return (listing, sandboxes, networks) =>
    rows.render(sandboxes.map((sandbox) => templatePod(listing, sandbox, networks)));
}
