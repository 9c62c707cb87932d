import { dirname } from "node:path";
import type { Check } from "../check";
import { layerAge, type Facts } from "../facts";
import { bytesOf, unowned } from "../facts/unowned";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";
import { lstatSync } from "node:fs";

export const check: Check = {
  id: "storage.temp-left",
  rank: 130,
  severity: "leaks",
  about: `What waits for its deletion in the store's temporary directories (\`overlay/tempdirs\`, \`overlay-layers/tmp\`), or was being
unpacked there (\`overlay/staging\`), is left from a program that was killed: nobody holds its lock, and it is older than a day.
It is deleted.`,
  quick: true,
  live: false,
  find: findTemporary,
};

async function findTemporary(facts: Facts): Promise<readonly Found[]> {
  const { temporaryRoots } = facts.server.store.layout;
  const found: Found[] = [];
  for (const { kind, path } of await facts.get(unowned)) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (kind !== "temporary" || stat === undefined || facts.isYoung(stat.mtimeMs, layerAge)) continue;
    const steps: readonly MendStep[] = stat.isDirectory()
      ? [
          {
            do: "remove-tree",
            path,
            place: path.startsWith(dirname(temporaryRoots.driver)) ? "driver" : "root",
          },
        ]
      : [{ do: "remove", path }];
    found.push({
      severity: "leaks",
      object: { kind: "path", path },
      evidence: [
        { file: path, says: `nobody holds its lock, and it is there since ${stat.mtime.toISOString()}` },
      ],
      consequence: "it takes room until the next change of the store",
      bytes: await bytesOf(facts, path),
      since: stat.mtimeMs,
      mend: mendBySteps("S", "delete it", steps),
    });
  }
  return found;
}
