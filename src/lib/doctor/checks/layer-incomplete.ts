import { isIncomplete } from "../../storage/layers";
import { isHeldForWriting } from "../../storage/lock-holder";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { affectedBy, removalMend } from "../facts/affected";
import { layerRecordFiles } from "../facts/record-files";
import { inWords, storeContents } from "../facts/store";
import type { Found } from "../finding";

export const check: Check = {
  id: "storage.layer-incomplete",
  rank: 75,
  severity: "breaks-at-start",
  about: `The record of a layer says that it is being made or deleted (\`incomplete\`), and nobody holds the lock of the layers: whoever
was at it was killed. Pulls of its image fail, and some versions of CRI-O do not start. The layer is removed; any change by kpod, or by
containers/storage does so.`,
  quick: true,
  live: false,
  find: findIncomplete,
};

async function findIncomplete(facts: Facts): Promise<readonly Found[]> {
  const { layout } = facts.server.store;
  const { layers } = await facts.get(storeContents);
  const incomplete = layers.filter(isIncomplete);
  if (incomplete.length === 0) return [];
  if (facts.options.before === undefined && isHeldForWriting(layout.layersLock)) return [];
  const found: Found[] = [];
  for (const { id } of incomplete) {
    const affected = await affectedBy(facts, id);
    const { objects } = affected;
    found.push({
      severity: objects.length > 0 ? "breaks-now" : "breaks-at-start",
      object: { kind: "layer", id },
      evidence: [
        { file: facts.get(layerRecordFiles)(id), says: "has its record, which says that it is incomplete" },
        { file: layout.layersLock, says: "nobody holds it" },
      ],
      consequence:
        objects.length > 0
          ? `what stands on the layer cannot be used: ${inWords(objects)}`
          : "pulls of its image fail, and some versions of CRI-O do not start",
      mend: removalMend(
        affected,
        objects.length > 0 ? `remove it, and what stands on it: ${inWords(objects)}` : "remove it",
      ),
    });
  }
  return found;
}
