import { existsSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { KpodError, tolerate } from "../errors";
import type { StorageId } from "../names/ids";
import { isImageName, newImageName, splitName } from "../names/image-names";
import { readImageConfig } from "../storage/image-config";
import { findImage } from "../storage/images";
import { refuseSplitImageStore } from "../storage/layout";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";
import { absolutePath } from "../system/paths";
import { askedGlobals, firstOf, tagsOf, type Asking, type PrepareOptions } from "./ask-registries";
import { loadImages, rollbackLayers } from "./load";
import { noteImage } from "./note-image";
import { pullNames } from "./pull-names";
import { pullSource, type PullSource } from "./pull-source";
import { accessFlags, withPolicy } from "./registry-access";
import { callSkopeo, requireSkopeo, storeReference, withScratch, type TransferConfig } from "./skopeo";

/** When an image is fetched: `newer` keeps the stored one where the registry cannot be reached. */
export type PullPolicy = "always" | "missing" | "newer";

/** How images are pulled. */
export interface PullOptions extends PrepareOptions {
  /** Default `always`. */
  policy?: PullPolicy | undefined;
  /** Every tag of the repository is pulled. */
  allTags?: boolean | undefined;
}

/** An image as it was pulled. */
export interface PulledImage {
  id: StorageId;
  /** Its name in the store. */
  name: string;
}

/**
 * Pulls an image into the store; skopeo does the work, in a run directory of its own.
 * @param wanted a name as users write it, or `TRANSPORT:…` as skopeo knows them
 * @returns the image; of all tags or of an archive several
 * @throws KpodError BAD_ARGUMENT, BAD_CONFIG; NOT_FOUND, NOT_PERMITTED, IO with the reason of each registry that was asked;
 * UNSUPPORTED without skopeo and for a split image store; INTERRUPTED
 */
export async function pullImage(
  store: Store,
  config: TransferConfig,
  wanted: string,
  options: PullOptions = {},
): Promise<PulledImage[]> {
  refuseSplitImageStore(store.layout, "kpod pulls no images into", "pull them with crictl or podman");
  const source = pullSource(wanted, config.defaultTransport);
  if (source.transport !== "docker") return loadFrom(store, config, source, options);
  const { policy = "always", allTags = false } = options;
  const stored = policy === "always" || allTags ? undefined : await storedImage(store, config, source.name);
  if (policy === "missing" && stored !== undefined) return [stored];
  const skopeo = requireSkopeo("images are pulled");
  try {
    return await withScratch(
      "pull",
      (scratch) => {
        const { names, registriesFile } = pullNames(source.name, config);
        return fetch({ store, config, skopeo, scratch, options, registriesFile }, names);
      },
      store,
    );
  } catch (error) {
    if (stored === undefined || !(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    options.logger?.warn(`the stored image is kept: ${error.message}`);
    return [stored];
  }
}

/** The image of the store that is meant, or that has one of the names under which registries would be asked for it. */
async function storedImage(
  store: Store,
  config: TransferConfig,
  wanted: string,
): Promise<PulledImage | undefined> {
  if (!store.exists()) return undefined;
  const images = await store.images();
  const present = findImage(images, wanted);
  if (present !== undefined) return { id: present.id, name: present.names?.[0] ?? wanted };
  if (!isImageName(wanted)) return undefined;
  for (const name of pullNames(wanted, config).names) {
    const image = images.find(({ names }) => names?.includes(name));
    if (image !== undefined) return { id: image.id, name };
  }
  return undefined;
}

interface Fetching extends Asking {
  readonly store: Store;
  readonly options: PullOptions;
}

async function fetch(fetching: Fetching, names: readonly string[]): Promise<PulledImage[]> {
  const { options } = fetching;
  return firstOf(names, options.progress, async (name) => {
    const copy = (full: string): Promise<PulledImage> =>
      copyIntoStore(fetching, `docker://${full}`, full, accessFlags("src-", full, options, fetching));
    if (options.allTags !== true) return [await copy(name)];
    const { repository } = splitName(name);
    const pulled: PulledImage[] = [];
    for (const tag of await tagsOf(fetching, repository)) pulled.push(await copy(`${repository}:${tag}`));
    return pulled;
  });
}

async function copyIntoStore(
  fetching: Fetching,
  source: string,
  name: string,
  flags: readonly string[],
): Promise<PulledImage> {
  const { store, config, skopeo, scratch, options } = fetching;
  const before = new Set((await store.layers()).map(({ id }) => id));
  const target = `${storeReference(store, config, join(scratch, "run"))}${name}`;
  try {
    await callSkopeo(skopeo, ["copy", ...flags, source, target], {
      what: `pull ${name}`,
      scratch,
      config: withPolicy(config, options),
      globals: askedGlobals(fetching),
      signal: options.signal,
      logger: options.logger,
      progress: options.progress,
    });
  } catch (error) {
    // Whole layers stay, and the next pull goes on with them. Whatever changes the layers deletes first those that say
    // that they are incomplete, and here that is all there is to do.
    await rollbackLayers(store, before, {
      digests: () => Promise.resolve(new Set()),
      left: "layers may be left in the store by half",
      logger: options.logger,
    });
    throw error;
  }
  const image = await store.image(name);
  noteImage(store, "pull", image.id, [name]);
  warnOfPlatform(store, image, name, options);
  return { id: image.id, name };
}

/** An image that a registry has for one platform alone comes whatever was asked for. */
function warnOfPlatform(
  store: Store,
  image: ImageRecord,
  name: string,
  { platform, logger }: PullOptions,
): void {
  if (platform === undefined) return;
  // An image of docker's old kind does not say.
  const { os = "", architecture = "" } = tolerate(undefined, () => readImageConfig(store, image)) ?? {};
  const own = `${os}/${architecture}`;
  if (os === "" || architecture === "" || `${platform}/`.startsWith(`${own}/`)) return;
  logger?.warn(`image ${name} is for ${own}, not for ${platform}: the registry has it for no other platform`);
}

/** What is on this node: archives and layouts are loaded with their names, a directory is called after itself. */
async function loadFrom(
  store: Store,
  config: TransferConfig,
  { transport, name }: PullSource,
  options: PullOptions,
): Promise<PulledImage[]> {
  if (transport === "dir") {
    const directory = absolutePath("the directory", name);
    if (!existsSync(join(directory, "manifest.json"))) {
      throw new KpodError("NOT_FOUND", `cannot pull dir:${name}: there is no ${directory}/manifest.json`, {
        hint: "give a directory that kpod push or skopeo has written by dir:",
      });
    }
    const stem = basename(directory)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    const skopeo = requireSkopeo("images are pulled");
    return withScratch(
      "pull",
      async (scratch) => {
        // skopeo takes a path without a colon.
        const source = join(scratch, "image");
        symlinkSync(directory, source);
        const called = newImageName(stem === "" ? "image" : stem);
        const fetching = { store, config, skopeo, scratch, options, registriesFile: undefined };
        return [await copyIntoStore(fetching, `dir:${source}`, called, [])];
      },
      store,
    );
  }
  const colon = existsSync(name) ? -1 : name.indexOf(":");
  const [path, pick] = colon < 0 ? [name, undefined] : [name.slice(0, colon), name.slice(colon + 1)];
  const { signal, logger, progress } = options;
  return loadImages(store, withPolicy(config, options), path, { pick, signal, logger, progress });
}
