import type { CommandContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import { displayId } from "../../format/id";
import { jsonText } from "../../format/json";
import { tableText } from "../../format/table";
import { humanAgo, humanSize, timeText, unknownNumber } from "../../format/units";
import { imageHistory, type ImageHistoryEntry } from "../../lib/images/history";
import { openRowTemplate, readFormat } from "../shared/output-format";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** The columns of the table, and the fields that stand in them. */
const columns = ["ID", "CREATED", "CREATED BY", "SIZE", "COMMENT"];

/** A row of `history`, safe for a terminal. A time that is not known is "". */
interface TemplateStep {
  readonly ID: string;
  readonly Created: string;
  readonly CreatedAt: string;
  readonly CreatedSince: string;
  readonly CreatedBy: string;
  readonly Size: string;
  readonly Comment: string;
}

/** `kpod history`: lists the steps in which an image was built, the newest first. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal, args, signal } = context;
  const show = await openOutput(flags);
  const { store } = await context.openServer();
  terminal.out(show(await imageHistory(store, args[0], signal())));
  return 0;
}

async function openOutput(flags: Context["flags"]): Promise<(steps: readonly ImageHistoryEntry[]) => string> {
  const { quiet, human } = flags;
  const noTrunc = flags.noTrunc || flags.notruncate;
  const style = { human, noTrunc, now: Date.now() };
  const format = readFormat(flags.format);
  // All other steps have no image of their own any more.
  if (quiet)
    return (steps) =>
      steps
        .slice(0, 1)
        .map(({ id }) => `${displayId(id, { noTrunc })}\n`)
        .join("");
  if (format === "json") return (steps) => jsonText(steps.map(stepJson));
  if (format === "table") {
    return (steps) =>
      tableText({ columns, rows: steps.map((step, index) => cells(stepRow(step, index, style))) });
  }
  const template = await openRowTemplate(format.template, { name: "history", dataType: "history" });
  return (steps) => template.render(steps.map((step, index) => stepRow(step, index, style)));
}

function stepRow(
  { id, created, createdBy, size, comment }: ImageHistoryEntry,
  index: number,
  { human, noTrunc, now }: { readonly human: boolean; readonly noTrunc: boolean; readonly now: number },
): TemplateStep {
  const time = created === undefined ? undefined : new Date(created);
  const ago = time === undefined ? "" : humanAgo(time.getTime(), now);
  const instruction = createdBy.replace(/\s+/g, " ").trim();
  const fits = noTrunc || instruction.length <= longest;
  return {
    ID: index === 0 ? displayId(id, { noTrunc }) : "<missing>",
    Created: human || time === undefined ? ago : time.toISOString().replace(/\.\d+Z$/, "Z"),
    CreatedAt: time === undefined ? "" : timeText(time),
    CreatedSince: ago,
    CreatedBy: escapeControl(fits ? instruction : `${instruction.slice(0, longest - 3)}...`),
    Size: size === undefined ? unknownNumber : human ? humanSize(size) : String(size),
    Comment: escapeControl(comment),
  };
}

/** Characters of an instruction that are shown. */
const longest = 45;

function cells({ ID, Created, CreatedBy, Size, Comment }: TemplateStep): string[] {
  return [ID, Created, CreatedBy, Size, Comment];
}

/** A step as `history --format json` shows it, as kpod 1.0 did. */
function stepJson({ id, created, createdBy, size, comment }: ImageHistoryEntry): Record<string, unknown> {
  return { id, created: created ?? null, createdBy, size: size ?? null, comment };
}
