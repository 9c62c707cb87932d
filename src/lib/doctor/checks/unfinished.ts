import { join } from "node:path";
import { isHeldForWriting } from "../../storage/lock-holder";
import type { Check } from "../check";
import type { Facts } from "../facts";
import type { Found } from "../finding";
import { readJournals, unfinishedIn } from "../mend/journal";

export const check: Check = {
  id: "doctor.unfinished",
  rank: 10,
  severity: "breaks-at-start",
  about: `A mending by kpod-doctor(1) was killed half way. Its journal tells how far it came: the next \`--mend\` ends it, and
kpod-doctor-undo(1) undoes it.`,
  quick: true,
  live: false,
  find: findUnfinished,
};

function findUnfinished({ server: { config } }: Facts): readonly Found[] {
  return readJournals(config)
    .filter(({ root, directory }) => root === config.root && !isHeldForWriting(join(directory, "lock")))
    .flatMap((journal) => {
      const [entry] = unfinishedIn(journal);
      if (entry === undefined) return [];
      const { time, directory } = journal;
      return [
        {
          severity: "breaks-at-start",
          object: { kind: "path", path: directory },
          evidence: [
            {
              file: join(directory, "journal.jsonl"),
              says: `the mending of ${entry.finding} was begun and has not ended`,
            },
          ],
          consequence: "the store is half mended",
          mend: {
            class: "S",
            what: "mend what is still at odds of it",
            commands: ["kpod doctor --mend doctor.unfinished", `kpod doctor undo ${time}`],
            steps: [],
          },
        } satisfies Found,
      ];
    });
}
