import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { chosenFindings } from "../../lib/doctor/choose";
import { examine } from "../../lib/doctor/examine";
import type { Examination } from "../../lib/doctor/finding";
import { writeOutputFile } from "../../lib/system/output-file";
import { readDuration, readPointInTime } from "../shared/point-in-time";
import { mendFound } from "./mend";
import { viewOf } from "./views";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod doctor`: finds what is at odds on the node. */
export async function run(context: Context): Promise<number> {
  const { flags, globals, terminal } = context;
  if (!flags.mend && (flags.yes || flags.dryRun)) throw new UsageError("yes and dry-run go with mend");
  const { checks, findings: wanted } = chosenFindings(context.args);
  if (!flags.mend && wanted.length > 0) throw new UsageError("a finding is named with mend alone");
  const began = Date.now();
  const since =
    flags.since === undefined ? undefined : Number(readPointInTime("since", flags.since, began) / 1_000_000n);
  const minAgeMs = flags.minAge === undefined ? undefined : readDuration("min-age", flags.minAge);
  if (flags.output === "") throw new UsageError("option --output: it names no file");
  const server = await context.openServer();
  const options = {
    checks,
    quick: flags.quick,
    live: flags.live || globals.root === undefined,
    minAgeMs,
    since,
    signal: context.signal(),
  };
  if (flags.mend) return mendFound(context, server, options, wanted);
  const examination = await examine(server, options);
  const text = viewOf(flags.format, examination, { began, checks });
  if (flags.output === undefined) terminal.out(text);
  else writeOutputFile(flags.output, text);
  return exitCodeOf(examination);
}

/** 1 where something is found that breaks or leaks, 2 where not all could be told, else 0. */
function exitCodeOf({ sound, unknown, findings }: Examination): number {
  if (findings.some(({ severity }) => severity !== "informs")) return 1;
  return unknown.length > 0 ? 2 : sound ? 0 : 1;
}
