import type { CommandContext } from "../../shell/context";
import { version } from "../../shell/version";
import { examine } from "../../lib/doctor/examine";
import { reportName, writeReport } from "../../lib/operations/report";
import { expectMuchWork } from "../../shell/much-work";
import { UsageError } from "../../shell/errors";
import { refuseTerminal, writeArchive } from "../shared/output-archive";
import { sizeLimit } from "../shared/resource-flags";
import type { command } from "./command";

/** `kpod report`: collects a support bundle. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, globals, terminal, logger } = context;
  const directory = reportName();
  const path = flags.output === "-" ? undefined : (flags.output ?? `${directory}.tar.gz`);
  refuseTerminal(path, terminal);
  const limit = sizeLimit("max-size", flags.maxSize) ?? -1;
  if (limit === -1) throw new UsageError("--max-size: a report has a limit");
  const signal = context.signal();
  const server = await context.openServer();
  expectMuchWork();
  const { files, missing } = await writeArchive(
    path,
    terminal,
    (write) =>
      writeReport(server, {
        ...{ write, kpodVersion: version, directory, limit, signal },
        // What is in motion would take a second look: who reads the report knows that it is one moment.
        further: {
          "doctor.json": () => examine(server, { quick: true, live: globals.root === undefined, signal }),
        },
      }),
    0o600,
  );
  logger.info(
    `${files.length} files are in the report, and ${missing.length} could not be had: see its manifest.json`,
  );
  if (path !== undefined) terminal.out(`${path}\n`);
  return 0;
}
