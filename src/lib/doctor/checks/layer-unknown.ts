import { join } from "node:path";
import { isStorageId } from "../../names/ids";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { affectedBy, removalMend } from "../facts/affected";
import { overlayHomes } from "../facts/overlay";
import { unknownLayers } from "../facts/unknown-layers";
import { rebuiltLayers } from "../facts/rebuilt-layer";
import { inWords } from "../facts/store";
import { mendBySteps, type Found, type OfferedMend } from "../finding";

export const check: Check = {
  id: "storage.layer-unknown",
  rank: 30,
  severity: "breaks-now",
  about: `An image, a container or a layer names a layer that has no record: pulls repeat for ever and containers fail with "layer not
known". Every reference is followed. Where the directory of the layer is whole, its record is made anew from it; else what
stands on the layer is lost and removed, with the containers named: the image is pulled again by whoever needs it.`,
  quick: true,
  live: false,
  find: findUnknownLayers,
};

async function findUnknownLayers(facts: Facts): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const [layer, evidence] of await facts.get(unknownLayers)) {
    if (!isStorageId(layer)) continue;
    const affected = await affectedBy(facts, layer);
    const { images, containers, objects } = affected;
    const steps = await rebuiltLayers(facts, layer);
    const home = (await facts.get(overlayHomes)).find(({ layers }) => layers.has(layer));
    const path = home === undefined ? undefined : join(home.home, layer);
    const mend: OfferedMend =
      steps !== undefined
        ? mendBySteps("S", "make the record of the layer anew, from its directory", steps)
        : removalMend(affected, `remove what stands on it and is lost: ${inWords(objects)}`);
    found.push({
      severity: "breaks-now",
      object: { kind: "layer", id: layer, path },
      evidence: [
        ...evidence,
        path === undefined
          ? { file: `${facts.server.store.layout.driver}/${layer}`, says: "is missing too" }
          : { file: path, says: steps === undefined ? "is there, but not whole" : "is there, and whole" },
      ],
      consequence: `${[
        ...(images.length > 0 ? ["no container can be made of the image, and pulls of it fail"] : []),
        ...(containers.length > 0
          ? ["the containers cannot be started, and lose their records at CRI-O's next start"]
          : []),
      ].join("; ")}: ${inWords(objects)}`,
      mend,
    });
  }
  return found;
}
