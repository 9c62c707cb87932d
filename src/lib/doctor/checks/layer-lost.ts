import type { Check } from "../check";
import type { Facts } from "../facts";
import { affectedBy, removalMend } from "../facts/affected";
import { overlayHomes } from "../facts/overlay";
import { layerRecordFiles } from "../facts/record-files";
import { foreignLayers, inWords, wholeLayers } from "../facts/store";
import type { Found } from "../finding";

export const check: Check = {
  id: "storage.layer-lost",
  rank: 31,
  severity: "breaks-now",
  about: `A layer has a record, and its directory is gone. What stands on it cannot be mounted, and a CRI-O that starts after an end
that was not in order finds that it cannot repair its store, and wipes all of it, images too. What stands on the layer is
removed, its containers once they have ended: images are pulled again by whoever needs them.`,
  quick: true,
  live: false,
  find: findLostLayers,
};

async function findLostLayers(facts: Facts): Promise<readonly Found[]> {
  const { store } = facts.server;
  const foreign = await facts.get(foreignLayers);
  const homes = await facts.get(overlayHomes);
  const found: Found[] = [];
  for (const { id } of await facts.get(wholeLayers)) {
    // One that is not listed may have come since.
    if (foreign.has(id) || homes.some(({ layers }) => layers.has(id)) || store.driver.has(id)) continue;
    const affected = await affectedBy(facts, id);
    const { objects } = affected;
    const path = store.driver.directory(id);
    found.push({
      severity: objects.length > 0 ? "breaks-now" : "breaks-at-start",
      object: { kind: "layer", id, path },
      evidence: [
        { file: facts.get(layerRecordFiles)(id), says: "has a record of the layer" },
        { file: path, says: "is missing" },
      ],
      consequence:
        "CRI-O wipes the whole store when it starts after an end that was not in order" +
        (objects.length > 0 ? `; what stands on the layer cannot be used: ${inWords(objects)}` : ""),
      mend: removalMend(
        affected,
        objects.length > 0 ? `remove what stands on it: ${inWords(objects)}` : "remove its record",
      ),
    });
  }
  return found;
}
