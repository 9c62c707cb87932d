import { escapeControl } from "../../../format/escape";
import { displayId } from "../../../format/id";
import { humanSize, unknownNumber } from "../../../format/units";
import type { UsageRow, UsedSpace } from "../../../lib/operations/store-usage";
import { withSecondNames } from "../../shared/output-format";

/** The headings of the table, and of that of each thing. */
export const columns = {
  rows: ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"],
  items: ["TYPE", "KIND", "ID", "NAME", "SIZE", "SHARED", "FREES", "ACTIVE"],
} as const;

/** Headings of `table …` that are not the field's name in words. */
export const headings: Readonly<Record<string, string>> = { TotalCount: "TOTAL" };

/** How ids and names are shown. */
interface Style {
  readonly noTrunc: boolean;
}

/** A line of `system df`: all of one type, or with `-v` one of them. */
export interface TemplateUsage {
  readonly Type: string;
  readonly TotalCount: string;
  readonly Active: string;
  readonly Size: string;
  readonly Reclaimable: string;
  readonly Kind: string;
  readonly ID: string;
  readonly Name: string;
  readonly Path: string;
  readonly Shared: string;
  readonly Frees: string;
}

/** All of one type, for templates. */
export function templateRow(row: UsageRow): TemplateUsage {
  return withSecondNames(
    {
      Type: row.type,
      TotalCount: String(row.total),
      Active: String(row.active),
      Size: humanSize(row.size),
      Reclaimable: reclaimableText(row),
      Kind: "",
      ID: "",
      Name: "",
      Path: "",
      Shared: "",
      Frees: humanSize(row.reclaimable),
    },
    { Total: "TotalCount" },
  );
}

/** One thing of a type, for templates. */
export function templateItem({ type }: UsageRow, item: UsedSpace, { noTrunc }: Style): TemplateUsage {
  return withSecondNames(
    {
      Type: type,
      TotalCount: "1",
      Active: String(item.active),
      Size: item.size === undefined ? unknownNumber : humanSize(item.size),
      Reclaimable: humanSize(item.active ? 0 : item.frees),
      Kind: item.kind,
      ID: displayId(item.id, { noTrunc }),
      Name: escapeControl(item.name),
      Path: escapeControl(item.path),
      Shared: humanSize(item.shared),
      Frees: humanSize(item.frees),
    },
    { Total: "TotalCount" },
  );
}

/** The cells of a line. */
export function rowCells(row: UsageRow): string[] {
  const { Type, TotalCount, Active, Size, Reclaimable } = templateRow(row);
  return [Type, TotalCount, Active, Size, Reclaimable];
}

/** The cells of one thing. */
export function itemCells(row: UsageRow, item: UsedSpace, style: Style): string[] {
  const { Type, Kind, ID, Name, Size, Shared, Frees } = templateItem(row, item, style);
  return [Type, Kind, ID, Name, Size, Shared, Frees, item.active ? "yes" : "no"];
}

/** A row as `system df --format json` shows it. */
export function rowJson(
  { type, total, active, size, reclaimable, items }: UsageRow,
  { verbose }: { readonly verbose: boolean },
): Record<string, unknown> {
  return {
    type,
    total,
    active,
    size,
    reclaimable,
    ...(verbose ? { items: items.map((item) => ({ ...item, size: item.size ?? null })) } : {}),
  };
}

/** As docker shows it: `1.2GB (31%)`. */
function reclaimableText({ size, reclaimable }: UsageRow): string {
  const share = size === 0 ? 0 : Math.min(100, Math.round((100 * reclaimable) / size));
  return `${humanSize(reclaimable)} (${share}%)`;
}
