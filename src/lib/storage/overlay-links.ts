import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, fileError, isNotFound, KpodError } from "../errors";
import { fileLimits, readRegularText, readTextIfThere, namesInDirectory } from "../system/files";
import { randomBytes } from "../system/random";
import { isStorageId, type StorageId } from "../names/ids";

/** As containers/storage names its links: 26 characters of base32. */
const linkName = /^[A-Z0-9]{26}$/;

/**
 * Makes short links that were lost (`overlay/l`) anew, from what the layers' `link` files say: when one of these is
 * missing, all that are. Needs the lock of layers for writing.
 * @param layer the layer that is to be mounted
 * @param links those it lies over, `l/NAME` each, the nearest first
 * @param homes the directories of the driver: of the store, and of a split image store
 * @throws KpodError CORRUPT, which names the layer, for a link that leads elsewhere or that no `link` file tells of; IO
 */
export function restoreLinks(layer: StorageId, links: readonly string[], homes: readonly string[]): void {
  if (links.every((link) => isThere(link, homes))) return;
  for (const home of homes) restoreIn(home);
  const [lost] = links.filter((link) => !isThere(link, homes));
  if (lost === undefined) return;
  const above = links.slice(links.indexOf(lost) + 1);
  const [beneath] = homes.flatMap((home) =>
    layersIn(home).filter((id) => linkOf(home, id) === undefined && lowerOf(home, id) === above.join(":")),
  );
  const what = beneath === undefined ? "a layer" : `layer ${beneath}`;
  throw new KpodError(
    "CORRUPT",
    `layer ${layer} lies over ${what} whose link overlay/${lost} is lost, and no link file tells where it led`,
    { hint: "load the image anew" },
  );
}

/**
 * The short link to a layer, as those above it name it in their `lower` files.
 * @throws KpodError CORRUPT
 */
export function shortLink(home: string, layer: StorageId): string {
  const link = linkOf(home, layer);
  if (link !== undefined) return `l/${link}`;
  throw new KpodError("CORRUPT", `the link file of layer ${layer} is missing or damaged`, {
    hint: "load the image anew",
  });
}

/** The short links to a layer. Where a crash or a full disk spoilt its `link`, they are searched for. */
export function linksTo(home: string, layer: StorageId): string[] {
  const links = join(home, "l");
  const leadsHere = (name: string): boolean => targetOf(join(links, name)) === `../${layer}/diff`;
  const told = readTextIfThere(join(home, layer, "link"), fileLimits.word) ?? "";
  if (/^[A-Z0-9]{1,64}$/.test(told) && leadsHere(told)) return [told];
  return existsSync(links) ? readdirSync(links).filter(leadsHere) : [];
}

/** 26 characters of base32, as containers/storage names its links. */
export function newLink(): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return Array.from(randomBytes(26), (byte) => alphabet.charAt(byte % 32)).join("");
}

/** True when a link is there and leads to a layer. @throws KpodError CORRUPT when it is there and leads elsewhere */
function isThere(link: string, homes: readonly string[]): boolean {
  return homes.some((home) => {
    const path = join(home, link);
    const target = targetOf(path);
    if (target === undefined) return false;
    const [, id] = /^\.\.\/([^/]+)\/diff$/.exec(target) ?? [];
    if (isStorageId(id)) return true;
    throw new KpodError("CORRUPT", `${path} does not lead to a layer, but to ${JSON.stringify(target)}`, {
      hint: "remove it: it is made anew",
    });
  });
}

/** Where a symbolic link leads, "" for what is none, undefined when nothing is there. */
export function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (errnoOf(error) === "EINVAL") return "";
    throw fileError(`cannot read ${path}`, error);
  }
}

function restoreIn(home: string): void {
  const links = join(home, "l");
  const told = new Map<string, StorageId[]>();
  for (const layer of layersIn(home)) {
    const link = linkOf(home, layer);
    if (link !== undefined) told.set(link, [...(told.get(link) ?? []), layer]);
  }
  if (told.size === 0) return;
  try {
    mkdirSync(links, { recursive: true, mode: 0o755 });
    for (const [link, layers] of told) {
      const [layer] = layers;
      const path = join(links, link);
      // Of a name that two layers claim nobody can say whose it was.
      if (layers.length === 1 && layer !== undefined && targetOf(path) === undefined) {
        symlinkSync(join("..", layer, "diff"), path);
      }
    }
  } catch (error) {
    throw error instanceof KpodError ? error : fileError(`cannot make the links in ${links} anew`, error);
  }
}

function layersIn(home: string): StorageId[] {
  return namesInDirectory(home).filter(isStorageId);
}

/** The name of a layer's link, by its `link` file; undefined when it has none that will do, or no content. */
function linkOf(home: string, layer: StorageId): string | undefined {
  const text = smallFile(join(home, layer, "link"));
  if (text === undefined || !linkName.test(text)) return undefined;
  const diff = lstatSync(join(home, layer, "diff"), { throwIfNoEntry: false });
  return diff?.isDirectory() === true ? text : undefined;
}

/** What a layer lies over, by its `lower` file; "" when it has none. */
function lowerOf(home: string, layer: StorageId): string {
  return smallFile(join(home, layer, "lower")) ?? "";
}

/** The text of one of the driver's small files; undefined where it is missing or cannot be one. */
function smallFile(path: string): string | undefined {
  try {
    return readRegularText(path, fileLimits.lower);
  } catch (error) {
    if (error instanceof KpodError || isNotFound(error)) return undefined;
    throw fileError(`cannot read ${path}`, error);
  }
}
