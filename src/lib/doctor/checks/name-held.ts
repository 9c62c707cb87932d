import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { objectOf, ownRecords, timeOf } from "../facts/store";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";

export const check: Check = {
  id: "storage.name-held",
  rank: 15,
  severity: "breaks-now",
  about: `The record of a container or a pod that was made by half, without spec, state and processes, holds the name that the kubelet
wants to give anew ("name is reserved"), for hours. What has nothing but its record and its layer for five minutes is told;
it is removed.`,
  quick: true,
  live: true,
  find: findHeldNames,
};

async function findHeldNames(facts: Facts): Promise<readonly Found[]> {
  const { store } = facts.server;
  const own = await facts.get(ownRecords);
  return [...own.values()].flatMap(({ record }): Found[] => {
    const { id, names = [], created } = record;
    if (facts.isYoung(timeOf(created) ?? 0, usualAge)) return [];
    const directories = [store.userdataDirectory(id), store.runUserdataDirectory(id)];
    const files = directories.flatMap((directory) =>
      ["config.json", "state.json", "conmon-pidfile"].map((name) => join(directory, name)),
    );
    if (files.some((path) => existsSync(path))) return [];
    const steps: readonly MendStep[] = [{ do: "delete-container", id }];
    return [
      {
        severity: "breaks-now",
        object: objectOf(own, record),
        evidence: [
          { file: store.layout.containersFiles[0], says: `has the names ${names.join(", ")}` },
          { file: directories[0] ?? "", says: "has neither a spec nor a state" },
          { file: directories[1] ?? "", says: "has no bundle" },
        ],
        consequence: `nothing can be made with its name any more: "name ${names[0] ?? ""} is reserved"`,
        since: timeOf(created),
        mend: mendBySteps("Q", "remove it", steps),
      },
    ];
  });
}
