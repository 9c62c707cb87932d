import type { CommandContext } from "../../../shell/context";
import { UsageError } from "../../../shell/errors";
import { canPrompt, isAgreed } from "../../../shell/input";
import { displayId } from "../../../format/id";
import { tableText } from "../../../format/table";
import { humanSize } from "../../../format/units";
import { KpodError } from "../../../lib/errors";
import { parseFilterTerms } from "../../../lib/operations/filter-terms";
import { planPrune, prune, type Prunable, type PrunePlan } from "../../../lib/operations/prune-system";
import { noteForCrio } from "../../shared/crio-note";
import { readFilters } from "../../shared/listing";
import { readPointInTime } from "../../shared/point-in-time";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** What a user does where nobody can be asked. */
const otherwise = "give --yes, or --dry-run to see what would be removed";

/** `kpod system prune`: removes ended containers without a pod, and images that nothing uses. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal } = context;
  const { all, dryRun } = flags;
  const before = readUntil(flags.filter);
  const asks = !dryRun && !flags.yes && !flags.force;
  if (asks && !canPrompt()) {
    throw new KpodError("BAD_ARGUMENT", "a prune asks first, and standard input is no terminal", {
      hint: otherwise,
    });
  }
  const server = await context.openServer();
  const plan = await planPrune(server, { all, before }, context.signal());
  if (dryRun || asks) terminal.out(planText(plan));
  if (dryRun || plan.items.length === 0) {
    if (!dryRun) terminal.out(`Freed ${humanSize(0)}\n`);
    return 0;
  }
  if (asks && !(await isAgreed(context, otherwise, "Remove all this?"))) return 0;

  let code = 0;
  let freed = 0;
  let removedContainers = false;
  for (const item of plan.items) {
    context.signal().throwIfAborted();
    try {
      freed += await prune(server, plan, item);
      terminal.out(`${item.id}\n`);
      removedContainers ||= item.kind === "container";
    } catch (error) {
      if (isStillUsed(error)) context.logger.warn(`${nameOf(item)} stays: ${error.message}`);
      else {
        context.reportFailure(error);
        code = 1;
      }
    }
  }
  terminal.out(`Freed ${humanSize(freed)}\n`);
  if (removedContainers) await noteForCrio(context, server, "removed");
  return code;
}

/** The moment before which things must have come about; of several the earliest. */
function readUntil(filters: readonly string[]): Date | undefined {
  const now = Date.now();
  const terms = readFilters(filters, (texts) => parseFilterTerms(texts, ["until"], () => undefined));
  const times = terms.map(({ value, negated }) => {
    if (negated) throw new UsageError("the filter until cannot be negated");
    return Number(readPointInTime("filter until", value, now) / 1_000_000n);
  });
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

function planText({ items, bytes }: PrunePlan): string {
  const rows = items.map(({ kind, id, names, frees }) => [
    kind,
    displayId(id, { noTrunc: false }),
    names[0] ?? "<none>",
    humanSize(frees),
  ]);
  const table = tableText({ columns: ["KIND", "ID", "NAME", "FREES"], rows });
  return `${table}Would free ${humanSize(bytes)}\n`;
}

/** Whether somebody uses it since it was planned, or has removed it. */
function isStillUsed(error: unknown): error is KpodError {
  return error instanceof KpodError && ["CONFLICT", "BAD_STATE", "NOT_FOUND"].includes(error.code);
}

function nameOf({ kind, id, names: [name] }: Prunable): string {
  return `${kind} ${displayId(id, { noTrunc: false })}${name === undefined ? "" : ` (${name})`}`;
}
