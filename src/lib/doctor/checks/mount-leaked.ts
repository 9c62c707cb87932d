import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ifThere } from "../../errors";
import { isStorageId } from "../../names/ids";
import { ownLayerOf } from "../../storage/layer-users";
import { readMountPoints } from "../../storage/mount-points";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { containerObject, containerWords, hasOtherRuntime, runningContainers } from "../facts/containers";
import { forgottenContainers, runningNames } from "../facts/forgotten";
import { mountTargets, nodeMounts, realRoots } from "../facts/mounts";
import { layerFiles } from "../facts/overlay";
import { noContainer } from "../facts/record-files";
import { containerIds, objectOf, ownRecords, storeContents } from "../facts/store";
import { mendBySteps, type Found, type OfferedMend } from "../finding";
import { commandsOf, type MendStep } from "../step";

export const check: Check = {
  id: "storage.mount-leaked",
  rank: 40,
  severity: "leaks",
  about: `The mount of a layer, or the \`/dev/shm\` of a pod, whose container has no record any more: what lies there cannot be removed
("device or resource busy"). The mounts of the node, as conmon sees them, are compared with the records; one that is counted
in mountpoints.json is somebody's. It is unmounted, unless somebody uses it. A container that runs and whose file system is
mounted in its own namespace alone is told for information: that comes from a program that does not know volatile layers
(podman of Debian 12). So are files in the mount point of a layer that is not mounted: they were written there meanwhile, and
are moved aside, into a directory beside it.`,
  quick: true,
  live: true,
  find: findLeakedMounts,
};

async function findLeakedMounts(facts: Facts): Promise<readonly Found[]> {
  const { store } = facts.server;
  if (store.layout.driver !== "overlay") return [];
  const { containers } = await facts.get(storeContents);
  const layers = new Set<string>(containers.flatMap((record) => ownLayerOf(record) ?? []));
  const ids = await facts.get(containerIds);
  const counted = new Set(readMountPoints(store.layout).flatMap(({ id, count }) => (count > 0 ? [id] : [])));
  const { root, runRoot } = facts.get(realRoots);
  const { mounts, viewer } = await facts.get(nodeMounts);
  const found: Found[] = [];
  for (const { target } of mounts) {
    const layer = between(target, `${root}/overlay/`, "/merged");
    const pod = between(target, `${runRoot}/overlay-containers/`, "/userdata/shm");
    const isLeaked =
      layer === undefined ? pod !== undefined && !ids.has(pod) : !layers.has(layer) && !counted.has(layer);
    // What runs of a container without a record is what another check tells.
    if (!isLeaked || (await isOfRunning(facts, layer ?? pod))) continue;
    const since =
      lstatSync(join(target, ".."), { throwIfNoEntry: false })?.birthtimeMs ?? facts.seenSince(target);
    if (facts.isYoung(since, usualAge)) continue;
    const steps: readonly MendStep[] = [{ do: "unmount", path: target }];
    const commands = commandsOf(steps).map((line) =>
      viewer === undefined ? line : `nsenter --mount --target ${viewer} ${line}`,
    );
    const mend: OfferedMend = { class: "S", what: "unmount it", commands };
    found.push({
      severity: "leaks",
      object: { kind: "mount", path: target },
      evidence: [
        { file: `/proc/${viewer ?? "self"}/mountinfo`, says: "has the mount" },
        ...noContainer(
          facts,
          layer === undefined ? `has no container ${pod ?? ""}` : `has no container of layer ${layer}`,
        ),
        ...(layer === undefined ? [] : [{ file: store.layout.mountsFile, says: "counts no user of it" }]),
      ],
      consequence: 'what lies there cannot be removed ("device or resource busy")',
      mend: viewer === undefined ? { ...mend, steps } : mend,
    });
  }
  return [...found, ...(await findHidden(facts)), ...(await findStrayFiles(facts))];
}

/** True for the layer of a container that runs without a record, and for the id of one, or of the pod of one that runs. */
async function isOfRunning(facts: Facts, id: string | undefined): Promise<boolean> {
  const { ids } = await facts.get(runningNames);
  const forgotten = await facts.get(forgottenContainers);
  return (id !== undefined && ids.has(id)) || forgotten.some(({ layer }) => layer === id);
}

/** The id between a directory and what follows it. */
function between(path: string, before: string, after: string): string | undefined {
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const id = path.slice(before.length, -after.length);
  return isStorageId(id) ? id : undefined;
}

/** Containers that run on a file system which the node does not see any more. */
async function findHidden(facts: Facts): Promise<readonly Found[]> {
  const targets = await facts.get(mountTargets);
  const { root } = facts.get(realRoots);
  return (await facts.get(runningContainers)).flatMap((container): Found[] => {
    const path = `${root}/overlay/${container.layerId}/merged`;
    const pid = container.state?.pid;
    const isHidden = pid !== undefined && pid > 0 && isStorageId(container.layerId) && !targets.has(path);
    if (!isHidden || hasOtherRuntime(facts, container)) return [];
    return [
      {
        severity: "informs",
        object: containerObject(facts, container),
        evidence: [
          { file: path, says: "is mounted in the container's own namespace alone" },
          { file: `/proc/${pid}`, says: "runs" },
        ],
        consequence: "the container runs on; who looks for its files on the node finds none",
        mend: {
          class: "N",
          what: `${containerWords(facts, container)} has it back when it is made anew`,
          commands: [],
        },
      },
    ];
  });
}

/** What was written to a mount point while nothing was mounted. */
async function findStrayFiles(facts: Facts): Promise<readonly Found[]> {
  const { containers } = await facts.get(storeContents);
  const own = await facts.get(ownRecords);
  const targets = await facts.get(mountTargets);
  const { root } = facts.get(realRoots);
  const homes = [...(await facts.get(layerFiles)).values()];
  return containers.flatMap((record): Found[] => {
    const layer = ownLayerOf(record);
    if (layer === undefined || !own.has(record.id)) return [];
    const path = `${root}/overlay/${layer}/merged`;
    if (targets.has(path) || homes.some((layers) => layers.get(layer)?.isUntouched)) return [];
    const names = ifThere(() => readdirSync(path), "ENOTDIR") ?? [];
    if (names.length === 0) return [];
    const to = `${path}.stray-${new Date(facts.now).toISOString()}`;
    return [
      {
        severity: "informs",
        object: { ...objectOf(own, record), path },
        key: "stray",
        evidence: [{ file: path, says: `holds ${names.length} files, and nothing is mounted there` }],
        consequence: "they are hidden as soon as the layer is mounted",
        mend: mendBySteps("S", "move them aside", [{ do: "move-aside", path, to }]),
      },
    ];
  });
}
