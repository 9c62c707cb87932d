import { escapeEach } from "../../format/escape";
import { jsonText } from "../../format/json";
import { diffFileSystems } from "../../lib/operations/diff";
import type { ChangeKind, ChangeRun } from "../../lib/storage/change-runs";
import type { CommandContext } from "../../shell/context";
import type { command } from "./command";

const letters: Readonly<Record<ChangeKind, string>> = { added: "A", changed: "C", deleted: "D" };

/** `kpod diff`: shows what of a file system is not as it was. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  const server = await context.openServer();
  await server.updateRecords(args);
  const changes = await diffFileSystems(server, [args[0], args[1]], context.signal());
  terminal.out(
    flags.format === "json" ? jsonText(changesJson(changes)) : changes.map((run) => linesOf(run)).join(""),
  );
  return 0;
}

function linesOf({ kind, paths }: ChangeRun): string {
  const letter = letters[kind];
  return `${letter} ${escapeEach(paths).join(`\n${letter} `)}\n`;
}

/** As kpod 1.0.0 had it: a key is there where there is something to list. */
function changesJson(changes: readonly ChangeRun[]): Partial<Record<ChangeKind, string[]>> {
  const listed: Partial<Record<ChangeKind, string[]>> = {};
  for (const kind of ["changed", "added", "deleted"] as const) {
    const paths = changes.flatMap((run) => (run.kind === kind ? run.paths : []));
    if (paths.length > 0) listed[kind] = paths;
  }
  return listed;
}
