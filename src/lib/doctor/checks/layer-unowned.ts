import { readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isIncomplete } from "../../storage/layers";
import type { UnownedKind } from "../../storage/unowned";
import type { Check } from "../check";
import { layerAge, type Facts } from "../facts";
import { deleteLayer } from "../facts/affected";
import { forgottenContainers, removalOfForgotten, runningNames, type Forgotten } from "../facts/forgotten";
import { layerRecordFiles } from "../facts/record-files";
import { foreignLayers, layersById, timeOf, usersOfLayers } from "../facts/store";
import { unknownLayers } from "../facts/unknown-layers";
import { bytesOf, unowned } from "../facts/unowned";
import { mendBySteps, type Found } from "../finding";
import { layerIn } from "../readings/overlay-home";
import type { MendStep } from "../step";

export const check: Check = {
  id: "storage.layer-unowned",
  rank: 50,
  severity: "leaks",
  about: `Directories of layers, images and containers that no record has, short links of overlay that lead nowhere, and layers with
a record that no image, container or layer names: they take room that nothing shows, and a CRI-O that starts after an end
that was not in order removes them. What is younger than five minutes, or a layer than a day, may be being made and is left
out, and so is what a record misses (\`storage.layer-unknown\`). They are deleted, but for those of a container that a conmon or
a runtime still has.`,
  quick: true,
  live: false,
  find: findUnowned,
};

const words: Readonly<Record<Exclude<UnownedKind, "temporary">, string>> = {
  "layer-directory": "is the directory of a layer that has no record",
  "layer-data": "belongs to a layer that has no record",
  "image-directory": "is the directory of an image that has no record",
  "container-directory": "is the directory of a container that has no record",
  link: "leads to a layer that is not there",
};

async function findUnowned(facts: Facts): Promise<readonly Found[]> {
  const missed = await facts.get(unknownLayers);
  const known = await facts.get(layersById);
  const running = await facts.get(runningNames);
  const found: Found[] = [];
  for (const { kind, path, id } of await facts.get(unowned)) {
    if (kind === "temporary" || (id !== undefined && missed.has(id))) continue;
    const target = kind === "link" ? layerIn(targetOf(path)) : undefined;
    // The directory is gone, and that is what another check tells.
    if (target !== undefined && (known.has(target) || missed.has(target))) continue;
    const user = id === undefined ? undefined : await userOf(facts, id);
    // A pod that has lost its record is none of those that run without one, and its containers need its directory.
    if (user === undefined && id !== undefined && running.ids.has(id)) continue;
    const steps: readonly MendStep[] =
      kind === "link"
        ? [{ do: "remove", path }]
        : [{ do: "remove-tree", path, place: kind === "layer-directory" ? "driver" : "root" }];
    found.push(
      await leak(facts, kind === "layer-directory" ? { kind: "layer", id, path } : { kind: "path", path }, {
        evidence: [
          { file: path, says: words[kind] },
          ...(kind === "link" ? [] : [{ file: dirname(path), says: `holds ${basename(path)}` }]),
        ],
        steps,
        path,
        user,
      }),
    );
  }
  return [...found, ...(await findUnnamed(facts))];
}

/** Layers that have a record which nothing names, for a day. */
async function findUnnamed(facts: Facts): Promise<readonly Found[]> {
  const { layout, driver } = facts.server.store;
  const { unused } = await facts.get(usersOfLayers);
  const foreign = await facts.get(foreignLayers);
  const left = unused.filter(
    (layer) =>
      !foreign.has(layer.id) &&
      !isIncomplete(layer) &&
      driver.has(layer.id) &&
      !facts.isYoung(timeOf(layer.created) ?? 0, layerAge),
  );
  const found: Found[] = [];
  for (const layer of left) {
    const path = driver.directory(layer.id);
    found.push({
      ...(await leak(
        facts,
        { kind: "layer", id: layer.id, name: layer.names?.[0], path },
        {
          evidence: [
            {
              file: facts.get(layerRecordFiles)(layer.id),
              says: `has a record of it, made ${layer.created ?? "some time ago"}`,
            },
            { file: layout.imagesFile, says: "has no image that names it, and no container or layer does" },
          ],
          steps: [deleteLayer(facts, layer.id)],
          path,
          user: await userOf(facts, layer.id),
        },
      )),
      since: timeOf(layer.created),
    });
  }
  return found;
}

async function leak(
  facts: Facts,
  object: Found["object"],
  {
    evidence,
    steps,
    path,
    user,
  }: Pick<Found, "evidence"> & { steps: readonly MendStep[]; path: string; user: Forgotten | undefined },
): Promise<Found> {
  return {
    severity: "leaks",
    object,
    evidence: [...evidence, ...(user === undefined ? [] : [user.evidence])],
    consequence:
      user === undefined
        ? "it takes room for nothing"
        : `it stays as long as what runs of container ${user.id.slice(0, 13)} needs it`,
    bytes: await bytesOf(facts, path),
    mend: user === undefined ? mendBySteps("S", "delete it", steps) : removalOfForgotten(user),
  };
}

/** A container without a record that something still has, to which this belongs: what runs of it lives in there. */
async function userOf(facts: Facts, id: string): Promise<Forgotten | undefined> {
  const forgotten = await facts.get(forgottenContainers);
  return forgotten.find((each) => each.id === id || each.layer === id);
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It has just gone: then it leads nowhere.
    return "";
  }
}
