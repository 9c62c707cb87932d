import { realpathSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Config } from "../config";
import { ifThere, KpodError, orFileError } from "../errors";
import type { StorageId } from "../names/ids";
import { meantImageNames, newImageName } from "../names/image-names";
import { refuseSplitImageStore } from "../storage/layout";
import type { Store } from "../storage/store";
import { silentLogger, type Logger } from "../logger";
import { absolutePath } from "../system/paths";
import { runProgram } from "../system/run-program";
import { removeStrayLayers } from "../storage/image-removal";
import { readArchive, readLayerDigests, type ArchivedImage } from "./archive";
import { noteImage } from "./note-image";
import {
  callSkopeo,
  requireSkopeo,
  roomHint,
  storeReference,
  withScratch,
  type TransferProgress,
} from "./skopeo";
import { layoutsApart, unpack } from "./unpack";

/** How images are loaded. */
export interface LoadOptions {
  /** The name to give, as users write one anew; default the one that the image bears in its archive. */
  tag?: string | undefined;
  /** The only image of the archive that is meant, by its name there; where that is alone and has none, it gets this. */
  pick?: string | undefined;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
  logger?: Logger | undefined;
  progress?: TransferProgress | undefined;
}

/** An image as it was loaded. */
export interface LoadedImage {
  id: StorageId;
  name: string;
}

/**
 * Loads the images of a docker archive, an OCI archive or an OCI layout directory into the store; skopeo does
 * the work.
 * @throws KpodError NOT_FOUND, BAD_ARGUMENT when it is no archive of images or cannot be named, UNSUPPORTED
 * without skopeo and for a split image store, IO with skopeo's words when it fails
 */
export async function loadImages(
  store: Store,
  config: Pick<Config, "storageOptions" | "signaturePolicyPath">,
  path: string,
  options: LoadOptions = {},
): Promise<LoadedImage[]> {
  refuseSplitImageStore(store.layout, "kpod loads no images into", "load them with skopeo or podman");
  if (isFifo(path)) {
    throw new KpodError("BAD_ARGUMENT", `${path} is a FIFO`, { hint: "pipes are read by kpod load -i" });
  }
  const named = { ...options, tag: options.tag === undefined ? undefined : newImageName(options.tag) };
  const { images, given } = pickedOf(await readArchive(path), path, named);
  const skopeo = requireSkopeo("images are loaded");
  if (given !== undefined && images.length > 1) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `${path} holds ${images.length} images, which cannot all be ${given}`,
    );
  }
  const before = new Set((await store.layers()).map(({ id }) => id));
  const watch = { signal: options.signal, logger: options.logger };
  return withScratch(
    "load",
    async (scratch) => {
      const loaded: LoadedImage[] = [];
      const destination = storeReference(store, config, join(scratch, "run"));
      try {
        // skopeo takes the first colon after a path for the end of it, so it gets a path that has none.
        const source = join(scratch, "image");
        if (images[0]?.transport !== "docker-archive" || !(await unpack(path, source, watch))) {
          symlinkSync(absolutePath("the archive", path), source);
        }
        const apart = layoutsApart(path, scratch, images[0]?.transport ?? "oci", watch);
        const names = given === undefined ? namesOf(images, path) : [given];
        for (const [index, image] of images.entries()) {
          const name = names[index] ?? "";
          const layout = image.entry === undefined ? undefined : await apart(image.entry);
          const from =
            layout === undefined
              ? `${image.transport}:${source}${image.selector}`
              : `oci:${layout}${image.selector}`;
          const quiet = options.progress === undefined ? ["--quiet"] : [];
          await callSkopeo(skopeo, ["copy", ...quiet, from, `${destination}${name}`], {
            what: "load the image",
            scratch,
            config,
            progress: options.progress,
            ...watch,
          });
          const { id } = await store.image(name);
          loaded.push({ name, id });
          noteImage(store, "loadfromarchive", id, [name]);
        }
      } catch (error) {
        await rollbackLayers(store, before, {
          digests: () => readLayerDigests(path),
          left: `layers of ${path} may be left in the store`,
          logger: options.logger,
        });
        throw error;
      }
      return loaded;
    },
    store,
  );
}

/**
 * The same from standard input (`-`), or from a file that may be a pipe: what comes is copied first to a directory for
 * files on their way.
 * @throws KpodError as {@link loadImages}
 */
export async function loadImagesFrom(
  store: Store,
  config: Pick<Config, "storageOptions" | "signaturePolicyPath">,
  input: string,
  options: LoadOptions = {},
): Promise<LoadedImage[]> {
  if (input !== "-" && !isFifo(input)) return loadImages(store, config, input, options);
  return withScratch("load", async (scratch) => {
    const path = join(scratch, "stdin.tar");
    // dd can be ended while it waits for somebody to open the other end.
    const source = input === "-" ? [] : [`if=${pathForOthers(input)}`];
    const words = [...source, `of=${path}`, "bs=1M", "status=none"];
    const result = await runProgram("dd", words, {
      stdin: input === "-" ? "inherit" : "ignore",
      interrupted: "interrupted while reading an image",
      signal: options.signal,
      logger: options.logger,
    });
    const what = input === "-" ? "standard input" : input;
    if (result.failed) {
      throw new KpodError("IO", `cannot read ${what}: ${result.stderr}`, { hint: roomHint(result.stderr) });
    }
    if (statSync(path).size === 0) {
      const { pick } = options;
      throw new KpodError("BAD_ARGUMENT", `${what} is not an image archive: it is empty`, {
        hint: pick === undefined ? undefined : `give the archive that holds ${pick} there, or with -i`,
      });
    }
    try {
      return await loadImages(store, config, path, options);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      const { code, message, hint } = error;
      // Nobody knows the copy.
      throw new KpodError(code, message.replaceAll(path, what), {
        cause: error,
        hint,
      });
    }
  });
}

/** False also for what is not there, which {@link readArchive} names. @throws KpodError IO, NOT_PERMITTED */
function isFifo(path: string): boolean {
  const absolute = absolutePath("the archive", path);
  return orFileError(`cannot load ${path}`, () => ifThere(() => statSync(absolute)))?.isFIFO() === true;
}

/** What is called by a descriptor of this process, as a shell's `<(…)` is, another process has by the pid of this one. */
function pathForOthers(input: string): string {
  const path = absolutePath("the archive", input);
  return join(realpathSync(dirname(path)), basename(path));
}

/** The images that are meant, and the name to give. @throws KpodError NOT_FOUND where none is called so */
function pickedOf(
  images: readonly ArchivedImage[],
  path: string,
  { pick, tag }: LoadOptions,
): { images: readonly ArchivedImage[]; given: string | undefined } {
  if (pick === undefined) return { images, given: tag };
  const meant = new Set([pick, ...meantImageNames(pick).names]);
  const picked = images.filter(({ name, selector }) => meant.has(name ?? "") || selector === `:${pick}`);
  if (picked.length > 0) return { images: picked, given: tag };
  const [only] = images;
  if (images.length === 1 && only?.name === undefined) return { images, given: tag ?? newImageName(pick) };
  const names = images.map(({ name = "<none>" }) => name).join(", ");
  throw new KpodError("NOT_FOUND", `${path} holds no image ${pick}`, { hint: `it holds ${names}` });
}

/**
 * Removes the layers of an image that did not come about: those begun by half, and the whole ones of these digests,
 * which are in the store already and which without the image nobody would ever remove.
 * @param before the layers that were there
 * @param how.left what is warned of where it fails
 */
export async function rollbackLayers(
  store: Store,
  before: ReadonlySet<StorageId>,
  {
    digests,
    left,
    logger = silentLogger,
  }: { digests: () => Promise<ReadonlySet<string>>; left: string; logger: Logger | undefined },
): Promise<void> {
  if (!store.exists()) return;
  try {
    if ((await store.layers()).every(({ id }) => before.has(id))) return;
    const stray = { before, digests: await digests() };
    await store.uninterrupted(() => removeStrayLayers(store, stray, logger));
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    logger.warn(`${left}: ${error.message}`);
  }
}

/**
 * The names under which the images of an archive come into the store. One that has none, or only a tag, is called after
 * the file. Where that does not tell it from the others, its tag is of its digest: the same at every load.
 */
function namesOf(images: readonly ArchivedImage[], path: string): string[] {
  const stem = basename(absolutePath("the archive", path))
    .toLowerCase()
    .replace(/\.(tar|tgz|tar\.\w+|oci)$/, "")
    .replace(/[^a-z0-9._-]+/g, "-");
  const repository = `localhost/${/^[a-z0-9]/.test(stem) ? stem : "image"}`;
  const names = images.map(({ name }) => {
    if (name === undefined) return `${repository}:latest`;
    return /[/:]/.test(name) ? name : `${repository}:${name}`;
  });
  const isTaken = (name: string): boolean => names.filter((other) => other === name).length > 1;
  return images.map(({ name, mark = "" }, index) => {
    const chosen = names[index] ?? "";
    return name === undefined && isTaken(chosen) ? `${repository}:${mark}` : chosen;
  });
}
