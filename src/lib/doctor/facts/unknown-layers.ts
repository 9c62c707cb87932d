import { mappedLayers } from "../../storage/removal";
import type { Facts } from "../facts";
import type { Evidence } from "../finding";
import { containerRecordFiles, layerRecordFiles } from "./record-files";
import { foreignLayers, ownRecords, storeContents } from "./store";

/** The ids of layers that are named and have no record, with what names them. */
export async function unknownLayers(facts: Facts): Promise<ReadonlyMap<string, readonly Evidence[]>> {
  const { layout } = facts.server.store;
  const [{ images, containers, layers }, own] = [await facts.get(storeContents), await facts.get(ownRecords)];
  const known = new Set<string>(layers.map(({ id }) => id));
  const named = new Map<string, Evidence[]>();
  // What tells of it is put into words only where there is something to be told: all layers are asked for.
  const name = (id: string | undefined, tell: () => Evidence): void => {
    if (id === undefined || id === "" || known.has(id)) return;
    const evidence = named.get(id) ?? [];
    named.set(id, evidence);
    evidence.push(tell());
  };
  for (const image of images) {
    const called = `image ${image.names?.[0] ?? image.id.slice(0, 13)}`;
    const file = layout.imagesFile;
    name(image.layer, () => ({ file, says: `${called} has it as its top layer` }));
    for (const id of mappedLayers(image))
      name(id, () => ({ file, says: `${called} has it as a mapped layer` }));
  }
  for (const record of containers) {
    if (own.has(record.id))
      name(record.layer, () => ({
        file: facts.get(containerRecordFiles)(record.id),
        says: `container ${record.names?.[0] ?? record.id.slice(0, 13)} has it as its layer`,
      }));
  }
  const foreign = await facts.get(foreignLayers);
  for (const { id, parent } of layers)
    if (!foreign.has(id))
      name(parent, () => ({
        file: facts.get(layerRecordFiles)(id),
        says: `layer ${id.slice(0, 13)} has it as its parent`,
      }));
  return named;
}
