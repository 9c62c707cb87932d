import type { CommandContext } from "../../../shell/context";
import type { Terminal } from "../../../shell/terminal";
import { jsonText } from "../../../format/json";
import { tableText } from "../../../format/table";
import { listNetworks, type NetworkRow } from "../../../lib/operations/networks";
import { openRowTemplate, readFormat } from "../../shared/output-format";
import type { command } from "./command";
import { columns, headings, networkCells, templateNetwork } from "./views";

type Context = CommandContext<typeof command>;

/** `kpod network ls`: lists the networks that are configured. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal } = context;
  const show = await openOutput(flags, terminal);
  terminal.out(show(await listNetworks(await context.openServer())));
  return 0;
}

async function openOutput(
  { quiet, format: flag, noheading }: Context["flags"],
  terminal: Terminal,
): Promise<(networks: readonly NetworkRow[]) => string> {
  const format = readFormat(flag);
  if (quiet) {
    return (networks) =>
      networks
        .filter(({ status }) => status !== "passed over")
        .map(({ name }) => `${name}\n`)
        .join("");
  }
  if (format === "json") return jsonText;
  if (format === "table") {
    return (networks) =>
      tableText({
        columns,
        rows: networks.map(networkCells),
        heading: !noheading,
        width: terminal.columns,
        narrow: { NOTE: 30, SUBNETS: 18 },
        spare: ["PLUGINS", "CNI"],
      });
  }
  const template = await openRowTemplate(format.template, {
    name: "network ls",
    dataType: "network",
    headings,
    heading: !noheading,
  });
  return (networks) => template.render(networks.map(templateNetwork));
}
