import { tableText } from "../../format/table";
import { cellsOf, columnsOf, type RowStyle, type StatsRow } from "./rows";

/**
 * The rows as a table.
 * @param width the characters of a line; names that take the room of the numbers are cut, then columns left out.
 * Without it, and with names wanted in full, nothing is
 */
export function statsTable(rows: readonly StatsRow[], style: RowStyle, width?: number): string {
  const cells = rows.map((row) => cellsOf(row, style));
  return tableText({
    columns: columnsOf(style),
    rows: cells,
    width: style.noTrunc ? undefined : width,
    narrow: { NAME: 20, "K8S NAMESPACE": 10 },
    spare: ["BLOCK I/O", "NET I/O"],
  });
}
