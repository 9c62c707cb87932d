import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { ifThere } from "../../errors";
import { isStorageId } from "../../names/ids";
import { unusedImages } from "../../operations/prune-images";
import { readMountPoints } from "../../storage/mount-points";
import { persistedSize } from "../../storage/layer-sizes";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { imageLimits, kubeletSettings } from "../facts/kubelet";
import { imageObject, inWords, layersById, storeContents, timeOf, usersOfLayers } from "../facts/store";
import type { Found } from "../finding";

/** Less than this is no remedy for a full disk. */
const worthwhile = 0.01;

export const check: Check = {
  id: "disk.images",
  rank: 355,
  severity: "breaks-now",
  about: `The file system of the images is fuller than the kubelet allows, and images that no container uses take at least a hundredth of
it. The kubelet begins to remove images at \`imageGCHighThresholdPercent\`, and evicts pods ("DiskPressure") where less is left
than \`imagefs.available\` of \`evictionHard\`: of its flags, its configuration, or, where it does not run,
/var/lib/kubelet/config.yaml or /etc/kubernetes/kubelet.conf; 85 % and 15 % where nothing is said. Pinned images, the pause image and
those that somebody has mounted are not counted, nor what came within five minutes, nor layers that others need as well.
Sizes are those of the records. Offered is what \`kpod system prune\` does.`,
  quick: true,
  live: true,
  find: findUnusedImages,
};

async function findUnusedImages(facts: Facts): Promise<readonly Found[]> {
  const { store, config } = facts.server;
  const { layout } = store;
  const place = dirname(layout.imagesFile);
  const space = ifThere(() => statfsSync(place));
  if (space === undefined) return [];
  const { blocks, bfree, bavail, bsize } = space;
  // As df counts: what is kept for root belongs to neither side.
  const [used, free] = [(blocks - bfree) * bsize, bavail * bsize];
  const settings = facts.get(kubeletSettings);
  const { highShare, available } = imageLimits(settings);
  const leastFree = "bytes" in available ? available.bytes : (used + free) * available.share;
  const evicts = free < leastFree;
  if (!evicts && used < (used + free) * highShare) return [];
  const contents = await facts.get(storeContents);
  const records = await facts.get(layersById);
  const users = await facts.get(usersOfLayers);
  const mounted = new Set<string | undefined>(
    readMountPoints(layout).flatMap(({ id, count }) => (count > 0 ? [id] : [])),
  );
  const unused = unusedImages(contents, config).filter(({ layer, created }) => {
    const top = isStorageId(layer) ? records.get(layer) : undefined;
    const came = Math.max(timeOf(created) ?? 0, timeOf(top?.created) ?? 0);
    return !mounted.has(layer) && !facts.isYoung(came, usualAge);
  });
  const bytes = users.onlyOf(unused).reduce((sum, id) => sum + (persistedSize(records.get(id)) ?? 0), 0);
  if (bytes < (used + free) * worthwhile) return [];
  return [
    {
      severity: "breaks-now",
      object: { kind: "path", path: place },
      evidence: [
        { file: place, says: `lies on a file system with ${free} of ${used + free} bytes free` },
        {
          file: layout.imagesFile,
          says: `has ${unused.length} images that no container uses: ${inWords(unused.map(imageObject))}`,
        },
        {
          file: settings?.sourceOf(evicts ? "evictionHard" : "imageGCHighThresholdPercent") ?? "the kubelet",
          says: evicts
            ? `evicts pods where less than ${Math.ceil(leastFree)} bytes are free`
            : `removes images from ${Math.round(highShare * 100)} % on`,
        },
      ],
      consequence: evicts
        ? "the kubelet evicts pods, and images cannot be pulled any more"
        : "the kubelet removes images, and evicts pods when it gets fuller",
      bytes,
      mend: {
        class: "S",
        what: "remove the images that nothing uses",
        commands: ["kpod system prune --all --dry-run", "kpod system prune --all"],
      },
    },
  ];
}
