import { linesOf, type Draw } from "../../shell/live-screen";
import type { Terminal } from "../../shell/terminal";
import { jsonLine, jsonText } from "../../format/json";
import type { NamedStats } from "../../lib/operations/stats-watch";
import { UsageError } from "../../shell/errors";
import { promText } from "./prom";
import { rowJson, tableFields, templateFields, templateHeadings, statsTable, type RowStyle } from "./rows";
import { openRowTemplate, readFormat } from "../shared/output-format";

/** How one look is shown. */
export interface StatsOutput {
  /** As text, one look after the other. */
  readonly text: (rows: readonly NamedStats[]) => string;
  /** One look is all that there is of it. */
  readonly once?: true;
  /** As a picture that takes the place of the one before; undefined for JSON, which is for programs. */
  readonly lines: ((rows: readonly NamedStats[]) => Draw) | undefined;
  /** The fields that are shown, by their names in templates; undefined where all are. */
  readonly fields?: ReadonlySet<string>;
}

interface OutputFlags extends RowStyle {
  readonly format: string | undefined;
  readonly json: boolean;
  readonly noStream: boolean;
}

/** Reads how the stats are to be shown. @throws UsageError for a template that cannot be read */
export async function openStatsOutput(flags: OutputFlags, terminal: Terminal): Promise<StatsOutput> {
  const format = flags.json ? "json" : readFormat(flags.format);
  if (format === "table") {
    return {
      fields: tableFields,
      text: (rows) => statsTable(rows, flags, terminal.columns),
      lines:
        (rows) =>
        ({ columns }) =>
          linesOf(statsTable(rows, flags, columns)),
    };
  }
  if (format === "json") {
    const write = flags.noStream ? jsonText : jsonLine;
    return { text: (rows) => write(rows.map((row) => rowJson(row, flags))), lines: undefined };
  }
  if (format.template.trim() === "prom") {
    if (flags.pod) throw new UsageError("--format prom is of containers: leave --pod out");
    return { text: promText, lines: undefined, once: true };
  }
  const template = await openRowTemplate(format.template, {
    name: "stats",
    dataType: flags.pod ? "pod" : "container",
    headings: flags.pod ? { ...templateHeadings, ID: "POD ID" } : templateHeadings,
  });
  const text = (rows: readonly NamedStats[]) =>
    template.render(rows.map((row) => templateFields(row, flags)));
  return {
    text,
    ...(template.fields.whole ? {} : { fields: template.fields.names }),
    lines: (rows) => {
      // Rendered once, for it may fail: not when the terminal has another size.
      const lines = linesOf(text(rows));
      return () => lines;
    },
  };
}
