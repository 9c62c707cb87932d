import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { ExitCode } from "../../shell/exit-code";
import { chosenFindings } from "../../lib/doctor/choose";
import type { ContainerServer } from "../../lib/container-server";
import type { Check } from "../../lib/doctor/check";
import { examine } from "../../lib/doctor/examine";
import type { Examination } from "../../lib/doctor/finding";
import type { MeasureOptions } from "../../lib/doctor/measures";
import { startReader } from "../../lib/doctor/readings/reader-thread";
import { ifThere, KpodError } from "../../lib/errors";
import { writeOutputFile } from "../../lib/system/output-file";
import { readerProgram } from "../../shell/reader-program";
import { readDuration, readPointInTime } from "../shared/point-in-time";
import { viewOf } from "./views";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod doctor`: finds what is at odds on the node. */
export async function run(context: Context): Promise<number> {
  const { flags, globals, terminal } = context;
  const needsMend = flags.yes ? "yes" : flags.dryRun ? "dry-run" : undefined;
  if (!flags.mend && needsMend !== undefined) throw new UsageError(`option --${needsMend} needs --mend`);
  const { checks, findings: wanted } = chosenFindings(context.args);
  if (!flags.mend && wanted.length > 0) throw new UsageError("a finding is named with --mend alone");
  const left = checks.filter(({ quick }) => !quick);
  if (flags.quick && left.length === checks.length)
    throw new UsageError(`--quick leaves out ${left.map(({ id }) => id).join(", ")}`);
  const began = Date.now();
  const since =
    flags.since === undefined ? undefined : Number(readPointInTime("since", flags.since, began) / 1_000_000n);
  const minAgeMs = flags.minAge === undefined ? undefined : readDuration("min-age", flags.minAge);
  if (flags.output === "") throw new UsageError("option --output: it names no file");
  const program = readerProgram(globals.hostRoot !== undefined);
  const server = await context.openServer();
  if (globals.root !== undefined) refuseNoStore(server.store.layout);
  const options = {
    checks,
    quick: flags.quick,
    live: flags.live || globals.root === undefined,
    minAgeMs,
    since,
    signal: context.signal(),
    reader: program === undefined ? undefined : startReader(program, context.logger),
  };
  // A look needs nothing of what changes a node.
  if (flags.mend) return (await import("./mend")).mendFound(context, server, options, wanted);
  const examination = await examine(server, options);
  const text =
    flags.format === "prom"
      ? await metricsOf(server, examination, { ...options, began })
      : viewOf(flags.format, examination);
  if (flags.output === undefined) terminal.out(text);
  else {
    try {
      writeOutputFile(flags.output, text);
    } catch (error) {
      context.reportFailure(error);
      return ExitCode.notWritten;
    }
  }
  return exitCodeOf(examination);
}

/** A disk that is not there, or is not mounted, is not sound. @throws KpodError NOT_FOUND */
function refuseNoStore({ root, layersFiles: [file] }: ContainerServer["store"]["layout"]): void {
  const place = dirname(file);
  if (ifThere(() => statSync(place), "ENOTDIR")?.isDirectory() === true) return;
  throw new KpodError("NOT_FOUND", `there is no store at ${root}: ${place} is no directory`, {
    hint: "--root is what CRI-O has as root, or podman as graphroot",
  });
}

async function metricsOf(
  server: ContainerServer,
  examination: Examination,
  options: MeasureOptions & { readonly checks: readonly Check[] },
): Promise<string> {
  const [{ measureNode }, { promView }] = [await import("../../lib/doctor/measures"), await import("./prom")];
  return promView(examination, await measureNode(server, examination, options), options);
}

/** 1 where something is found that breaks or leaks, 2 where not all could be told, else 0. */
function exitCodeOf({ sound, unknown, findings }: Examination): number {
  if (findings.some(({ severity }) => severity !== "informs")) return 1;
  return unknown.length > 0 ? 2 : sound ? 0 : 1;
}
