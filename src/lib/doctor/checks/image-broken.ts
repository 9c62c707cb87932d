import { lstatSync } from "node:fs";
import { tolerate } from "../../errors";
import { pinnedImages } from "../../images/names";
import type { StorageId } from "../../names/ids";
import { unneededLayers } from "../../storage/image-removal";
import { readImageConfig } from "../../storage/image-config";
import { imageDataPath, layerChain } from "../../storage/images";
import type { ImageRecord } from "../../storage/records";
import { isRecord } from "../../system/files";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { deleteLayer } from "../facts/affected";
import { imageObject, inWords, objectOf, ownRecords, storeContents } from "../facts/store";
import type { Evidence, Found } from "../finding";
import { quoted } from "../quoted";
import { commandsOf, type MendStep } from "../step";

export const check: Check = {
  id: "storage.image-broken",
  rank: 80,
  severity: "breaks-now",
  about: `The manifest or the configuration of an image is missing, or not as long as its record says, or it has fewer layers than its
configuration names: containers of it fail at once, and it is not pulled again as long as its record is there. The image is removed, and its layers that nobody else needs: it is
pulled again by whoever needs it. One that containers use, a pinned one and the pause image are not removed: there, pull it
yourself.`,
  quick: true,
  live: false,
  find: findBroken,
};

async function findBroken(facts: Facts): Promise<readonly Found[]> {
  const { store, config } = facts.server;
  const contents = await facts.get(storeContents);
  const own = await facts.get(ownRecords);
  const pinned = pinnedImages(contents.images, config);
  const parents = new Map(contents.layers.map(({ id, parent }) => [id, parent]));
  return contents.images.flatMap((image) => {
    const faults = faultsOf(facts, image);
    // In a hurry no configuration is read.
    const isWhole = faults.length === 0 && !facts.options.quick;
    const evidence = isWhole ? lackOfLayers(facts, image, parents) : faults;
    if (evidence.length === 0) return [];
    const users = contents.containers.filter((container) => container.image === image.id);
    const steps: readonly MendStep[] = [
      {
        do: "drop-image",
        file: store.layout.imagesFile,
        directory: store.layout.imageDirectory(image.id),
        id: image.id,
      },
      ...unneededLayers(image, contents).map((layer) => deleteLayer(facts, layer)),
    ];
    const [name] = image.names ?? [];
    const pull = name === undefined ? [] : [`kpod pull ${quoted(name)}`];
    const found: Found = {
      severity: "breaks-now",
      object: imageObject(image),
      evidence,
      consequence: `no container can be made of the image, and it is not pulled again${
        users.length > 0
          ? `; what there is of it stays: ${inWords(users.map((user) => objectOf(own, user)))}`
          : ""
      }`,
      // A CRI-O that repairs its store removes containers whose image has no record.
      mend:
        pinned.has(image.id) || users.length > 0
          ? {
              class: "S",
              what: `pull it again: it is ${users.length > 0 ? "used" : "pinned"}, and is not removed`,
              commands: pull,
            }
          : {
              class: "S",
              what: "remove the image, so that it is pulled again",
              commands: [...commandsOf(steps), ...pull],
              steps,
            },
    };
    return [found];
  });
}

/** Where an image has fewer layers than its configuration names. */
function lackOfLayers(
  { server: { store } }: Facts,
  image: ImageRecord,
  parents: ReadonlyMap<StorageId, string | undefined>,
): readonly Evidence[] {
  const chain = layerChain(parents, image.layer);
  const lowest = chain.at(-1);
  // That a layer has no record is what another check tells; what has none at all may be no image of a container.
  if (lowest === undefined || (parents.get(lowest) ?? "") !== "") return [];
  const rootfs = tolerate(undefined, () => readImageConfig(store, image).rootfs);
  const digests: unknown = isRecord(rootfs) ? rootfs.diff_ids : undefined;
  if (!Array.isArray(digests) || chain.length >= digests.length) return [];
  return [
    {
      file: store.layout.imagesFile,
      says: `gives the image a layer that has ${chain.length - 1} beneath it`,
    },
    { file: "its configuration", says: `names ${digests.length} layers` },
  ];
}

/** What of an image's data is not as its record has it. */
function faultsOf({ server: { store } }: Facts, image: ImageRecord): readonly Evidence[] {
  const names = image["big-data-names"] ?? [];
  const sizes = image["big-data-sizes"] ?? {};
  const faults = names.flatMap((name): Evidence[] => {
    const file = imageDataPath(store.layout, image.id, name);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) return [{ file, says: stat === undefined ? "is missing" : "is no file" }];
    const size = sizes[name];
    if (size === undefined || size === stat.size) return [];
    return [{ file, says: `has ${stat.size} bytes, and by its record ${size}` }];
  });
  if (names.includes("manifest")) return faults;
  return [...faults, { file: store.layout.imagesFile, says: "the record of the image names no manifest" }];
}
