import { escapeControl } from "../format/escape";
import { tableText } from "../format/table";
import { cutToWidth, displayWidth } from "../format/width";
import { cellsOf, columnsOf, nameColumn, type RowStyle, type StatsRow } from "./stats-rows";

/** The least that is left of a name when the terminal is narrow. */
const shortestName = 10;

/**
 * The rows as a table.
 * @param width the characters of a line; names that take the room of the numbers are cut. Without it, and with
 * names wanted in full, nothing is
 */
export function statsTable(rows: readonly StatsRow[], style: RowStyle, width?: number): string {
  const columns = columnsOf(style);
  const cells = rows.map((row) => cellsOf(row, style));
  const table = tableText({ columns, rows: cells });
  if (width === undefined || style.noTrunc) return table;
  const excess = widestOf(table.split("\n")) - width;
  if (excess <= 0) return table;
  const names = cells.map((row) => escapeControl(row[nameColumn] ?? ""));
  const room = Math.max(shortestName, widestOf(names) - excess);
  return tableText({
    columns,
    rows: cells.map((row, index) => row.with(nameColumn, cutToWidth(names[index] ?? "", room, "..."))),
  });
}

function widestOf(lines: readonly string[]): number {
  return lines.reduce((widest, line) => Math.max(widest, displayWidth(line)), 0);
}
