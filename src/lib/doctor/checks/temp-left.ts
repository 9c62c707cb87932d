import { dirname } from "node:path";
import type { Check } from "../check";
import { layerAge, type Facts } from "../facts";
import { isOpen, temporaryEntries } from "../facts/temporary";
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
So are the directories in \`overlay\` in which such a program tried what the kernel can do (\`compat*\`, \`*-check*\`).
All that is deleted. So is what pulls, loads, pushes and saves of images leave in \`/tmp\` and \`/var/tmp\` (\`container_images_*\`,
\`storage*\`, \`oci*\`, \`kpod-*\`), where it is older than a day, whatever \`--min-age\` says, and no process has it open.`,
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
  return [...found, ...(await findTransfers(facts))];
}

/** What containers/image, and kpod for it, make while they copy: root's, for nobody knows whose it is otherwise. */
const transfer =
  /^(?:container_images_.+|(?:storage|oci)\d+|kpod-(?:load|login|pull|push|save)-[A-Za-z0-9]{6})$/;

async function findTransfers(facts: Facts): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const { path, stat } of temporaryEntries(facts, transfer)) {
    const isFile = stat.isFile();
    if (!(isFile || stat.isDirectory()) || facts.now - stat.mtimeMs < layerAge || isOpen(facts, path))
      continue;
    found.push({
      severity: "leaks",
      object: { kind: "path", path },
      evidence: [
        { file: path, says: `is what a transfer of an image made, at ${stat.mtime.toISOString()}` },
        { file: "/proc/*/fd", says: "no process has it open" },
      ],
      consequence: "it takes room until somebody removes it",
      bytes: await bytesOf(facts, path),
      since: stat.mtimeMs,
      mend: mendBySteps("S", "delete it", [
        isFile ? { do: "remove", path } : { do: "remove-tree", path, place: "root" },
      ]),
    });
  }
  return found;
}
