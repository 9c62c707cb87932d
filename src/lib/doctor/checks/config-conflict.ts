import { existsSync } from "node:fs";
import { join } from "node:path";
import { askDaemon } from "../../crio/daemon";
import { tolerate } from "../../errors";
import { silentLogger } from "../../logger";
import { graphDrivers } from "../../storage/layout";
import { readRecords } from "../../storage/records";
import { isRecord, parseJson } from "../../system/files";
import { realPath } from "../../system/mount";
import type { Check } from "../check";
import type { Facts } from "../facts";
import type { Found } from "../finding";

export const check: Check = {
  id: "storage.config-conflict",
  rank: 140,
  severity: "informs",
  about: `The root has records of two graph drivers, of which programs see the one or the other; or the CRI-O that runs works on
another root, or with another graph driver, than its configuration on the disk says, which counts from its next start on: its
pods then seem to be gone. It is told for information; which of the two is meant nobody but you knows.`,
  quick: true,
  live: false,
  find: findConflicts,
};

async function findConflicts(facts: Facts): Promise<readonly Found[]> {
  const { config, store } = facts.server;
  const found: Found[] = [];
  const used = graphDrivers.filter((driver) =>
    ["layers", "containers", "images"].some((what) => {
      const path = join(config.root, `${driver}-${what}`, `${what}.json`);
      return existsSync(path) && tolerate([], () => readRecords(path, silentLogger)).length > 0;
    }),
  );
  if (used.length > 1) {
    found.push({
      severity: "informs",
      object: { kind: "path", path: config.root },
      key: "drivers",
      evidence: used.map((driver) => ({
        file: join(config.root, `${driver}-layers`),
        says: "holds records",
      })),
      consequence: `what the other driver has is not seen: the driver in use is ${store.layout.driver}`,
      mend: { class: "N", what: "move away what belongs to the driver that is not used", commands: [] },
    });
  }
  if (facts.options.live && config.listen.startsWith("/")) {
    const answer = await askDaemon(config.listen, "/info");
    const info: unknown =
      typeof answer === "string"
        ? undefined
        : tolerate(undefined, () => parseJson(config.listen, answer.text));
    if (isRecord(info)) found.push(...daemonConflicts(facts, info));
  }
  return found;
}

/** Where the CRI-O that runs has something else than the files that the next one reads. */
function daemonConflicts(
  { server: { config, store } }: Facts,
  info: Record<string, unknown>,
): readonly Found[] {
  const pairs = [
    ["storage_root", "root", config.root],
    ["storage_driver", "storage_driver", store.layout.driver],
  ] as const;
  return pairs.flatMap(([field, key, configured]): Found[] => {
    const says = info[field];
    if (typeof says !== "string" || says === "" || isSame(says, configured)) return [];
    return [
      {
        severity: "informs",
        object: { kind: "path", path: config.listen },
        key,
        evidence: [
          { file: config.listen, says: `${field} of the CRI-O that runs is ${says}` },
          {
            file: config.sources.get(key === "root" ? "root" : "storage") ?? "the defaults",
            says: `${key} is ${configured}`,
          },
        ],
        consequence: "from its next start on CRI-O works on another store, and its pods seem to be gone",
        mend: { class: "N", what: "set the one that is meant", commands: [] },
      },
    ];
  });
}

function isSame(one: string, other: string): boolean {
  return one === other || (one === "overlay2" && other === "overlay") || realPath(one) === realPath(other);
}
