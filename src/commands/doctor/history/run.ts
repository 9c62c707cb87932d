import type { CommandContext } from "../../../shell/context";
import { escapeControl } from "../../../format/escape";
import { tableText } from "../../../format/table";
import { readJournals, type JournalEntry } from "../../../lib/doctor/mend/journal";
import type { command } from "./command";

/** `kpod doctor history`: shows the journals of the store, a line for each finding that was mended. */
export async function run({ flags, terminal, loadConfig }: CommandContext<typeof command>): Promise<number> {
  const config = await loadConfig();
  const rows = readJournals(config)
    .filter(({ root }) => root === config.root)
    .flatMap(({ time, entries }) =>
      entries.map((entry) => [time, entry.finding, stateOf(entry), escapeControl(entry.what)]),
    );
  terminal.out(
    tableText({ columns: ["TIME", "FINDING", "STATE", "MENDING"], rows, heading: !flags.noheading }),
  );
  return 0;
}

function stateOf({ ended, undone }: JournalEntry): string {
  if (undone) return "undone";
  return ended ? "mended" : "unfinished";
}
