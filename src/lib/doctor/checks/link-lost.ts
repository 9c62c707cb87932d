import { join } from "node:path";
import type { StorageId } from "../../names/ids";
import { newLink } from "../../storage/overlay-links";
import type { Check } from "../check";
import type { Facts } from "../facts";
import {
  layerFiles,
  linkNameIn,
  lowerNameIn,
  overlayHomes,
  overlayLayers,
  type OverlayLayer,
} from "../facts/overlay";
import { inWords, objectsAbove } from "../facts/store";
import { mendBySteps, type Evidence, type Found, type FoundObject } from "../finding";
import { layerIn, type OverlayHome } from "../readings/overlay-home";
import type { MendStep } from "../step";

export const check: Check = {
  id: "storage.link-lost",
  rank: 20,
  severity: "breaks-now",
  about: `A layer of the overlay driver is known by a short name: its file \`link\` holds it, a link in \`overlay/l\` leads from it to
the layer, and the \`lower\` files of the layers above it use it. After a loss of power one of the three is missing, empty
or wrong, and containers fail with "readlink overlay/l/…: no such file". The three are compared with each other and with
the parents in the records. Links and \`link\` files are made anew without loss of anything; a \`lower\` file is written anew
while CRI-O is stopped.`,
  quick: true,
  live: false,
  asks: [overlayHomes, layerFiles],
  find: findLostLinks,
};

/** By which names those above a layer know it: each with one whose `lower` file has it. */
type UsedNames = ReadonlyMap<string, ReadonlyMap<string, OverlayLayer>>;

async function findLostLinks(facts: Facts): Promise<readonly Found[]> {
  const layers = await facts.get(overlayLayers);
  const used = usedNames(layers);
  const children = childrenOf(layers);
  const found: Found[] = [];
  for (const home of await facts.get(overlayHomes)) {
    const own = layers.filter((layer) => layer.home === home);
    const lost = own.flatMap((layer) => lostOf(layer, used.get(layer.id) ?? unused));
    if (home.links !== "directory" && own.length > 0)
      found.push(await directoryFound(facts, home, own, used));
    for (const each of lost) {
      // Where the directory of the links is lost, that tells all of them.
      if (home.links !== "directory" && linkNameIn(each.layer.link) !== undefined) continue;
      found.push(await linkFound(facts, each, children.get(each.layer.id) ?? []));
    }
  }
  for (const layer of layers.filter(hasTornLower)) found.push(await lowerFound(facts, layer, layers));
  return found;
}

/** Those of a layer that nothing stands on. */
const unused: ReadonlyMap<string, OverlayLayer> = new Map();

function usedNames(layers: readonly OverlayLayer[]): UsedNames {
  const used = new Map<string, Map<string, OverlayLayer>>();
  for (const layer of layers) {
    if (!layer.rooted || layer.lower?.length !== layer.ancestors.length) continue;
    layer.lower.forEach((word, index) => {
      const [name, beneath] = [lowerNameIn(word), layer.ancestors[index]];
      if (name === undefined || beneath === undefined) return;
      const names = used.get(beneath) ?? new Map<string, OverlayLayer>();
      used.set(beneath, names);
      if (!names.has(name)) names.set(name, layer);
    });
  }
  return used;
}

function childrenOf(layers: readonly OverlayLayer[]): ReadonlyMap<string, readonly StorageId[]> {
  const children = new Map<string, StorageId[]>();
  for (const { id, ancestors } of layers) {
    const [parent] = ancestors;
    const known = parent === undefined ? undefined : children.get(parent);
    if (known !== undefined) known.push(id);
    else if (parent !== undefined) children.set(parent, [id]);
  }
  return children;
}

/** What is lost of the names of one layer. */
interface Lost {
  readonly layer: OverlayLayer;
  readonly evidence: readonly Evidence[];
  readonly steps: readonly MendStep[];
  /** What keeps it from being mended: the name is that of another layer. */
  readonly obstacle?: string;
}

function lostOf(layer: OverlayLayer, used: ReadonlyMap<string, OverlayLayer>): Lost[] {
  const { id, directory, home } = layer;
  const told = linkNameIn(layer.link);
  const present = home.namesOf.get(id) ?? [];
  // As nearly all of a thousand are.
  if (used.size === 0 && told !== undefined && present.includes(told)) return [];
  const missing = [...new Set([...used.keys(), ...(told === undefined ? [] : [told])])].filter(
    (name) => !present.includes(name),
  );
  if (missing.length === 0 && told !== undefined) return [];

  const evidence: Evidence[] = [];
  const steps: MendStep[] = [];
  let obstacle: string | undefined;
  const target = `../${id}/diff`;
  for (const name of missing) {
    const path = join(home.home, "l", name);
    const there = home.targets.get(name);
    evidence.push({ file: path, says: there === undefined ? "is missing" : wrongTarget(there) });
    const user = used.get(name);
    if (user !== undefined)
      evidence.push({ file: join(user.directory, "lower"), says: `has l/${name} for this layer` });
    if (name === told) evidence.push({ file: join(directory, "link"), says: `says ${name}` });
    const other = layerIn(there ?? "");
    if (other !== undefined && home.layers.has(other))
      obstacle = `l/${name} leads to layer ${other.slice(0, 13)}`;
    steps.push({ do: "link", path, target });
  }
  if (told === undefined) {
    const path = join(directory, "link");
    const state =
      layer.link === undefined ? "is missing" : layer.link === "" ? "is empty" : "holds no name of a link";
    const name = [...used.keys()][0] ?? present[0];
    const source =
      name === undefined
        ? ""
        : used.has(name)
          ? ", which the layers above use"
          : ", which leads to this layer";
    evidence.unshift({ file: path, says: state });
    if (name !== undefined) evidence.push({ file: join(home.home, "l", name), says: `is the name${source}` });
    const chosen = name ?? newLink();
    if (name === undefined) steps.push({ do: "link", path: join(home.home, "l", chosen), target });
    steps.push({ do: "write", path, text: chosen, mode: 0o644 });
  }
  return [{ layer, evidence, steps, ...(obstacle === undefined ? {} : { obstacle }) }];
}

function wrongTarget(target: string): string {
  return target === "" ? "is no link" : `leads to ${target}`;
}

async function linkFound(
  facts: Facts,
  { layer, evidence, steps, obstacle }: Lost,
  children: readonly StorageId[],
): Promise<Found> {
  const users = await objectsAbove(facts, new Set([layer.id, ...children]));
  const needed = users.some(({ kind }) => kind === "image") || children.length > 0;
  return {
    severity: needed ? "breaks-now" : "informs",
    object: { kind: "layer", id: layer.id, path: layer.directory },
    evidence,
    consequence: needed
      ? `what stands on the layer cannot be mounted: ${inWords(users)}`
      : "nothing stands on the layer: its own mount needs no link",
    mend:
      obstacle === undefined
        ? mendBySteps("S", "make the lost links and link files of the layer anew", steps)
        : {
            class: "N",
            what: `nobody can say whose the name is: ${obstacle}; load the image anew`,
            commands: [],
          },
  };
}

async function directoryFound(
  facts: Facts,
  { home, links }: OverlayHome,
  layers: readonly OverlayLayer[],
  used: UsedNames,
): Promise<Found> {
  const path = join(home, "l");
  const users = await objectsAbove(facts, new Set(layers.map(({ id }) => id)));
  const steps: MendStep[] = [
    { do: "directory", path, mode: 0o755 },
    ...layers.flatMap(({ id, link }) => {
      const told = linkNameIn(link);
      const names = new Set([...(used.get(id)?.keys() ?? []), ...(told === undefined ? [] : [told])]);
      return [...names].map((name): MendStep => ({
        do: "link",
        path: join(path, name),
        target: `../${id}/diff`,
      }));
    }),
  ];
  return {
    severity: "breaks-now",
    object: { kind: "path", path },
    evidence: [
      { file: path, says: links === "missing" ? "is missing" : "is no directory" },
      { file: home, says: `has ${layers.length} layers that are known by links in it` },
    ],
    consequence: `nothing that stands on a layer can be mounted: ${inWords(users)}`,
    mend: mendBySteps("S", "make the directory and the links in it anew", steps),
  };
}

/** Where a layer has others beneath it, and its `lower` file does not name them. */
function hasTornLower({ rooted, lower, ancestors }: OverlayLayer): boolean {
  if (!rooted || ancestors.length === 0) return false;
  return (
    lower === undefined ||
    lower.length < ancestors.length ||
    lower.some((word) => lowerNameIn(word) === undefined)
  );
}

async function lowerFound(
  facts: Facts,
  layer: OverlayLayer,
  layers: readonly OverlayLayer[],
): Promise<Found> {
  const byId = new Map(layers.map((each) => [each.id, each]));
  const path = join(layer.directory, "lower");
  const names = layer.ancestors.map((id) => linkNameIn(byId.get(id)?.link));
  const isWhole = names.every((name) => name !== undefined);
  const steps: MendStep[] = [
    { do: "write", path, text: names.map((name) => `l/${name ?? ""}`).join(":"), mode: 0o644 },
  ];
  const users: readonly FoundObject[] = await objectsAbove(facts, new Set([layer.id]));
  const says =
    layer.lower === undefined
      ? "is missing"
      : layer.lower.join("") === ""
        ? "is empty"
        : `names ${layer.lower.filter((word) => lowerNameIn(word) !== undefined).length} layers`;
  return {
    severity: "breaks-now",
    object: { kind: "layer", id: layer.id, path: layer.directory },
    key: "lower",
    evidence: [
      { file: path, says },
      { file: "layers.json", says: `has ${layer.ancestors.length} layers beneath this one` },
    ],
    consequence: `what stands on the layer is mounted without what is beneath it: ${inWords(users)}`,
    mend: isWhole
      ? mendBySteps(
          "X",
          "write the names of the layers beneath into it, by the records and their link files",
          steps,
        )
      : { class: "N", what: "mend the links of the layers beneath it first", commands: [] },
  };
}
