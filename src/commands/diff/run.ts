import { escapeControl } from "../../format/escape";
import { jsonText } from "../../format/json";
import type { ChangeKind, FileChange } from "../../lib/storage/compare-layers";
import type { CommandContext } from "../../shell/context";
import type { command } from "./command";

const letters: Readonly<Record<ChangeKind, string>> = { added: "A", changed: "C", deleted: "D" };

/** `kpod diff`: shows what of a file system is not as it was. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  const server = await context.openServer();
  await server.updateRecords(args);
  const changes = await server.diff(args[0], args[1], context.signal());
  terminal.out(
    flags.format === "json"
      ? jsonText(changesJson(changes))
      : changes.map(({ kind, path }) => `${letters[kind]} ${escapeControl(path)}\n`).join(""),
  );
  return 0;
}

/** As kpod 1.0.0 had it: a key is there where there is something to list. */
function changesJson(changes: readonly FileChange[]): Partial<Record<ChangeKind, string[]>> {
  const listed: Partial<Record<ChangeKind, string[]>> = {};
  for (const kind of ["changed", "added", "deleted"] as const) {
    const paths = changes.filter((change) => change.kind === kind).map(({ path }) => path);
    if (paths.length > 0) listed[kind] = paths;
  }
  return listed;
}
