import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ifThere } from "../../errors";
import { namesInDirectory } from "../../system/files";
import type { Check } from "../check";
import { layerAge, type Facts } from "../facts";
import { runningNames } from "../facts/forgotten";
import { nodeMounts } from "../facts/mounts";
import { noContainer } from "../facts/record-files";
import { podDirectories } from "../facts/pod-directories";
import { podUids } from "../facts/specs";
import { bytesOf } from "../facts/unowned";
import type { Evidence, Found } from "../finding";
import { quoted } from "../quoted";

export const check: Check = {
  id: "disk.pod-volumes",
  rank: 370,
  severity: "leaks",
  about: `The directory of a pod that is gone, below that of the kubelet, still has volumes: "orphaned pod found, but volume paths are
still present", again and again. Looked at is the directory in which the volumes of this store's containers lie, at what is
older than a day. What is mounted there is told first, and nothing is ever deleted by kpod: behind a mount lie somebody's
data. Offered are the commands that unmount, and that remove directories which are empty.`,
  quick: false,
  live: true,
  find: findPodVolumes,
};

/** Where the volumes of a pod lie in its directory. */
const volumePlaces = ["volumes", "volume-subpaths"];

async function findPodVolumes(facts: Facts): Promise<readonly Found[]> {
  const running = await facts.get(runningNames);
  const uids = new Set([...(await facts.get(podUids)).values(), ...running.podUids]);
  const found: Found[] = [];
  for (const pods of await facts.get(podDirectories)) {
    for (const uid of namesInDirectory(pods)) {
      const path = join(pods, uid);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      // The kubelet calls it by the uid, or where it made the pod itself, by a digest.
      if (uids.has(uid) || !/^[0-9a-f-]{32,36}$/.test(uid) || stat?.isDirectory() !== true) continue;
      // A pod that waits for one of its volumes has no record yet.
      if (facts.isYoung(stat.mtimeMs, layerAge)) continue;
      const volumes = volumePlaces.flatMap((place) => volumesIn(join(path, place)));
      if (volumes.length > 0) found.push(await orphanFound(facts, { uid, path, volumes }));
    }
  }
  return found;
}

/** The directories of volumes: `PLUGIN/NAME`. */
function volumesIn(place: string): string[] {
  return directoriesIn(place).flatMap((plugin) => directoriesIn(plugin));
}

/** By what their directory says of them: to look at one that is mounted may wait for another machine. */
function directoriesIn(path: string): string[] {
  const entries = ifThere(() => readdirSync(path, { withFileTypes: true }), "ENOTDIR") ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
}

interface Orphan {
  readonly uid: string;
  readonly path: string;
  readonly volumes: readonly string[];
}

async function orphanFound(facts: Facts, { uid, path, volumes }: Orphan): Promise<Found> {
  const { mounts, viewer } = await facts.get(nodeMounts);
  const mounted = mounts.filter(({ target }) => target.startsWith(`${path}/`)).map(({ target }) => target);
  // What is mounted is not walked: it may be another machine's.
  const isMounted = (volume: string): boolean =>
    mounted.some((target) => target === volume || target.startsWith(`${volume}/`));
  const open = volumes.filter((volume) => !isMounted(volume));
  const full = open.filter((volume) => namesInDirectory(volume).length > 0);
  const evidence: Evidence[] = [
    { file: path, says: `is the directory of the pod ${uid}, with ${volumes.length} volumes` },
    ...noContainer(facts, "has no pod of this uid"),
    ...mounted.map((target) => ({
      file: `/proc/${viewer ?? "self"}/mountinfo`,
      says: `has ${target} mounted`,
    })),
    ...full.map((volume) => ({ file: volume, says: "has files in it, and nothing is mounted there" })),
  ];
  let bytes = 0;
  for (const volume of full) bytes += await bytesOf(facts, volume);
  return {
    severity: "leaks",
    object: { kind: "path", path },
    evidence,
    consequence: "the kubelet complains of it for ever, and cannot remove the directory",
    bytes,
    mend: {
      class: "N",
      what:
        mounted.length > 0
          ? "unmount what is mounted there, if nobody needs it, and remove the directories that are empty then"
          : full.length > 0
            ? "look at the files, and move them away"
            : "remove the directories, which are empty",
      commands: [
        ...[...mounted].reverse().map((target) => `umount ${quoted(target)}`),
        ...full.map((volume) => `ls -la ${quoted(volume)}`),
        ...(full.length > 0 ? [] : [`find ${quoted(path)} -xdev -depth -type d -empty -delete`]),
      ],
    },
  };
}
