import type { CommandContext } from "../../../shell/context";
import type { Terminal } from "../../../shell/terminal";
import { jsonText } from "../../../format/json";
import { tableText } from "../../../format/table";
import { storeUsage, type UsageRow } from "../../../lib/operations/store-usage";
import { openRowTemplate, readFormat } from "../../shared/output-format";
import type { command } from "./command";
import { columns, headings, itemCells, rowCells, rowJson, templateItem, templateRow } from "./views";

type Context = CommandContext<typeof command>;

/** `kpod system df`: shows what takes the room of the store. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal } = context;
  const show = await openOutput(flags, terminal);
  terminal.out(show(await storeUsage(await context.openServer(), context.signal())));
  return 0;
}

async function openOutput(
  { verbose, noheading, noTrunc, format: flag }: Context["flags"],
  terminal: Terminal,
): Promise<(rows: readonly UsageRow[]) => string> {
  const format = readFormat(flag);
  if (format === "json") return (rows) => jsonText(rows.map((row) => rowJson(row, { verbose })));
  const each = <T>(rows: readonly UsageRow[], ofRow: (row: UsageRow) => T, ofItem: ItemView<T>): T[] =>
    verbose
      ? rows.flatMap((row) => row.items.map((item) => ofItem(row, item, { noTrunc })))
      : rows.map(ofRow);
  if (format === "table") {
    return (rows) =>
      tableText({
        columns: columns[verbose ? "items" : "rows"],
        rows: each(rows.filter(isShown), rowCells, itemCells),
        heading: !noheading,
        width: noTrunc ? undefined : terminal.columns,
        narrow: { NAME: 20 },
      });
  }
  const template = await openRowTemplate(format.template, {
    name: "df",
    dataType: "usage",
    headings,
    heading: !noheading,
  });
  return (rows) => template.render(each(rows, templateRow, templateItem));
}

type ItemView<T> = (
  row: UsageRow,
  item: UsageRow["items"][number],
  style: { readonly noTrunc: boolean },
) => T;

/** Most nodes have nothing of podman's or buildah's. */
function isShown({ type, total }: UsageRow): boolean {
  return type !== "Others" || total > 0;
}
