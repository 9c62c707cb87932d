import type { CommandContext } from "../../../shell/context";
import { canPrompt, isAgreed } from "../../../shell/input";
import { readJournals, type JournalText } from "../../../lib/doctor/mend/journal";
import { undoJournal } from "../../../lib/doctor/mend/mend";
import type { Config } from "../../../lib/config/index";
import { KpodError } from "../../../lib/errors";
import type { command } from "./command";

/** What a user does where nobody can be asked. */
const otherwise = "give --yes";

/** `kpod doctor undo`: rolls a mending back. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, terminal } = context;
  const server = await context.openServer();
  const journal = chosen(server.config, context.args[0]);
  if (!flags.yes) {
    if (!canPrompt()) {
      throw new KpodError("BAD_ARGUMENT", "an undo asks first, and standard input is no terminal", {
        hint: otherwise,
      });
    }
    for (const { finding, what, undone } of journal.entries)
      if (!undone) terminal.out(`${finding}: ${what}\n`);
    if (!(await isAgreed(context, otherwise, "Roll all this back?"))) return 0;
  }
  const { findings, kept } = await undoJournal(server, journal);
  for (const finding of findings) terminal.out(`${finding}\n`);
  for (const what of kept) context.reportFailure(new KpodError("BAD_STATE", `this stays as it is: ${what}`));
  return kept.length > 0 ? 1 : 0;
}

/** The journal of that name; the last one that can be undone where none is given. @throws KpodError NOT_FOUND */
function chosen(config: Config, time: string | undefined): JournalText {
  const journals = readJournals(config).filter(({ root }) => root === config.root);
  const found =
    time === undefined ? journals.filter(isLeft).at(-1) : journals.find((each) => each.time === time);
  if (found === undefined) {
    const what =
      time === undefined ? "there is no mending to undo" : `there is no mending ${JSON.stringify(time)}`;
    throw new KpodError("NOT_FOUND", what, { hint: "see kpod doctor history" });
  }
  if (!isLeft(found)) throw new KpodError("BAD_STATE", `the mending ${found.time} was undone already`);
  return found;
}

function isLeft({ entries }: JournalText): boolean {
  return entries.some(({ undone }) => !undone);
}
