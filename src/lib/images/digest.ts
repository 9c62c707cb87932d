import { tolerate } from "../errors";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";
import { textMap } from "../system/go-json";
import { sha256 } from "../system/sha256";

/**
 * The digest of an image's manifest: from its record, where that lacks it from the manifest itself. "" where the store
 * has lost that.
 */
export function imageDigest(store: Store, image: ImageRecord): string {
  const persisted = image.digest ?? textMap(image["big-data-digests"]).manifest ?? "";
  if (persisted !== "") return persisted;
  return tolerate("", () => {
    const manifest = store.imageData(image.id, "manifest");
    return `sha256:${sha256(manifest).toString("hex")}`;
  });
}
