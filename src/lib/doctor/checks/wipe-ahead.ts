import { dirname } from "node:path";
import { comingWipe } from "../../crio/before-launch";
import { shutdownMarks } from "../../crio/shutdown-marks";
import { makeOnce, type Check } from "../check";
import type { Facts } from "../facts";
import { runningContainers } from "../facts/containers";
import { mendBySteps, type Found } from "../finding";
import { crioRuns } from "../forecast";
import type { MendStep } from "../step";
import { check as imageBroken } from "./image-broken";
import { check as layerIncomplete } from "./layer-incomplete";
import { check as layerLost } from "./layer-lost";
import { check as layerUnknown } from "./layer-unknown";
import { check as layerUnowned } from "./layer-unowned";
import { check as recordCorrupt } from "./record-corrupt";

export const check: Check = {
  id: "storage.wipe-ahead",
  rank: 70,
  severity: "breaks-at-start",
  about: `CRI-O was killed, or the node lost its power: its mark \`clean.shutdown\` is missing while it does not run. At its next start
it looks through its store and repairs it, and where it cannot, wipes all of it. With anything at odds in the store that is
told as what breaks then: mend that first. A sound store is told for information; the mark can then be put there, with CRI-O
stopped. So is a missing version file while containers run: CRI-O takes that for a reboot and removes them.`,
  quick: true,
  live: true,
  find: findWipe,
};

/** What CRI-O would find as well. */
const looking: readonly Check[] = [
  layerLost,
  layerUnknown,
  layerIncomplete,
  layerUnowned,
  imageBroken,
  recordCorrupt,
];

async function findWipe(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const { config, store } = facts.server;
  const { cleanFile, unclean, isUsed } = shutdownMarks(config);
  // Where no CRI-O left its marks, none of them starts on this store.
  if (!isUsed || (await facts.get(crioRuns))) return [];
  const found: Found[] = [];
  if (unclean) {
    const atOdds: string[] = [];
    for (const each of looking) {
      const made = await makeOnce(each, facts);
      made.unsure.forEach(unsure);
      if (made.found.length > 0) atOdds.push(`${each.id} (${made.found.length})`);
    }
    const sound = atOdds.length === 0;
    const steps: readonly MendStep[] = [{ do: "write", path: cleanFile, text: "", mode: 0o644 }];
    found.push({
      severity: sound ? "informs" : "breaks-at-start",
      object: { kind: "path", path: cleanFile },
      evidence: [
        { file: cleanFile, says: "is missing" },
        { file: `${cleanFile}.supported`, says: "is there: CRI-O looks at the mark" },
        { file: store.layout.root, says: sound ? "is sound" : `has at odds: ${atOdds.join(", ")}` },
      ],
      consequence: sound
        ? "CRI-O looks through its store when it starts, and finds nothing"
        : "CRI-O removes what it finds at odds when it starts, and wipes the whole store where it cannot",
      mend: sound
        ? { ...mendBySteps("X", "put the mark there", steps), onlyNamed: true }
        : { class: "N", what: "mend what is at odds first", commands: ["kpod doctor --mend storage"] },
    });
  }
  const wipe = comingWipe(config);
  const running = wipe === undefined ? [] : await facts.get(runningContainers);
  if (wipe !== undefined && running.length > 0) {
    found.push({
      severity: "informs",
      object: { kind: "path", path: wipe.missing },
      evidence: [
        { file: wipe.missing, says: "is missing" },
        { file: dirname(store.layout.containersFiles[0]), says: `${running.length} containers run` },
      ],
      consequence: `CRI-O kills and removes all ${wipe.what} when it starts`,
      mend: { class: "N", what: "start CRI-O once the pods may go", commands: [] },
    });
  }
  return found;
}
