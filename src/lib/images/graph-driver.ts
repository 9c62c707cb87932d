import { isStorageId } from "../names/ids";
import type { GraphDriverData } from "../storage/layer-directories";
import type { Store } from "../storage/store";

/** A graph driver and the directories of one layer. */
export interface ShownGraphDriver {
  Name: string;
  Data: GraphDriverData;
}

/** The graph driver of a store and where it keeps a layer; without a layer the places are empty. */
export function graphDriverOf(store: Store, layer: string | undefined): ShownGraphDriver {
  const nowhere = { LowerDir: "", MergedDir: "", UpperDir: "", WorkDir: "" };
  return { Name: store.driver.name, Data: isStorageId(layer) ? store.driver.data(layer) : nowhere };
}
