import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { KpodError } from "../errors";
import type { StorageId } from "../names/ids";
import { meantName } from "../storage/images";
import type { Store } from "../storage/store";
import { isRecord, parseJson } from "../system/files";
import type { ProgramWatch } from "../system/ask-program";
import { runProgram } from "../system/run-program";
import {
  callSkopeo,
  requireSkopeo,
  storeReference,
  withScratch,
  type TransferConfig,
  type TransferProgress,
} from "./skopeo";

/** How images are saved. */
export interface SaveOptions {
  /** Default `docker-archive`. */
  format?: "docker-archive" | "oci-archive" | undefined;
  /** Is given the archive piece by piece, each of which it must use before it returns, or before its promise is kept. */
  write: (bytes: Uint8Array) => void | Promise<void>;
  progress?: TransferProgress | undefined;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
}

/** An image that is to be saved. */
interface SavedImage {
  id: StorageId;
  /** The names that it gets in the archive. */
  names: string[];
}

/**
 * Writes images of the store into one archive; skopeo does the work. Nothing is written before all of it is there.
 * @param namesOrIds an image gets the name by which it is given, one that is given by its id a name that it has
 * @throws KpodError NOT_FOUND, AMBIGUOUS, UNSUPPORTED; IO with skopeo's words; INTERRUPTED; and what `write` throws
 */
export async function saveImages(
  store: Store,
  config: TransferConfig,
  namesOrIds: readonly string[],
  options: SaveOptions,
): Promise<void> {
  const images = await imagesToSave(store, namesOrIds);
  const skopeo = requireSkopeo("images are saved");
  const watch = { signal: options.signal, logger: store.logger };
  await withScratch(
    "save",
    async (scratch) => {
      const reference = storeReference(store, config, join(scratch, "run"));
      const copy = async ({ id }: SavedImage, ...words: string[]): Promise<void> => {
        await callSkopeo(skopeo, ["copy", ...words.slice(1), `${reference}@${id}`, words[0] ?? ""], {
          what: `save image ${id.slice(0, 13)}`,
          scratch,
          config,
          trusted: true,
          ...watch,
          progress: options.progress,
        });
      };
      const content = join(scratch, "content");
      if (options.format === "oci-archive") {
        for (const image of images) {
          for (const name of image.names.length === 0 ? [""] : image.names) {
            await copy(image, `oci:${content}${name === "" ? "" : `:${name}`}`);
          }
        }
        await writeTar(content, watch, options);
      } else if (images.length === 1 && (images[0]?.names.length ?? 0) <= 1) {
        const archive = join(scratch, "archive.tar");
        for (const image of images)
          await copy(image, [`docker-archive:${archive}`, ...image.names].join(":"));
        await hand(archive, options);
      } else {
        mkdirSync(content);
        const manifest: unknown[] = [];
        for (const image of images) {
          const parts = join(scratch, "parts");
          await copy(image, `dir:${parts}`, "--format", "v2s2", "--dest-decompress");
          manifest.push(movedParts(parts, content, image));
        }
        writeFileSync(join(content, "manifest.json"), JSON.stringify(manifest));
        await writeTar(content, watch, options);
      }
    },
    store,
  );
}

async function imagesToSave(store: Store, namesOrIds: readonly string[]): Promise<SavedImage[]> {
  const images = new Map<StorageId, Set<string>>();
  for (const wanted of namesOrIds) {
    const image = await store.image(wanted);
    const name = meantName(image, wanted) ?? image.names?.find((own) => !own.includes("@"));
    const names = images.get(image.id) ?? new Set<string>();
    if (name !== undefined && !name.includes("@")) names.add(name);
    images.set(image.id, names);
  }
  return [...images].map(([id, names]) => ({ id, names: [...names] }));
}

/**
 * Moves what skopeo has written of an image into what becomes a docker archive; layers that images share are there once.
 * @returns its entry of the archive's manifest
 */
function movedParts(parts: string, content: string, { id, names }: SavedImage): unknown {
  const file = join(parts, "manifest.json");
  const manifest = parseJson(`the manifest of image ${id.slice(0, 13)}`, readFileSync(file, "utf8"));
  const { config, layers } = isRecord(manifest) ? manifest : {};
  const moved = (descriptor: unknown, suffix: string): string => {
    const [, hex] =
      /^sha256:([0-9a-f]{64})$/.exec(isRecord(descriptor) ? String(descriptor.digest) : "") ?? [];
    if (hex === undefined)
      throw new KpodError("CORRUPT", `the manifest of image ${id.slice(0, 13)} has no digest`);
    const name = `${hex}${suffix}`;
    // A layer may be in an image twice.
    if (readdirSync(parts).includes(hex)) renameSync(join(parts, hex), join(content, name));
    return name;
  };
  return {
    Config: moved(config, ".json"),
    RepoTags: names,
    Layers: (Array.isArray(layers) ? layers : []).map((layer: unknown) => moved(layer, ".tar")),
  };
}

/** Nothing of it is written beside: the directory takes as much room as the images already. */
async function writeTar(directory: string, watch: ProgramWatch, { write }: SaveOptions): Promise<void> {
  const owner = ["--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];
  const words = ["--create", "--file=-", `--directory=${directory}`, ...owner, "--"];
  const interrupted = "interrupted: cannot save the images";
  const result = await runProgram("tar", [...words, ...readdirSync(directory).sort()], {
    interrupted,
    ...watch,
    write,
  });
  if (result.failed) throw new KpodError("IO", `cannot write the archive: ${result.stderr}`);
}

async function hand(archive: string, { write, signal }: SaveOptions): Promise<void> {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  const file = openSync(archive, "r");
  try {
    for (;;) {
      if (signal?.aborted === true) throw new KpodError("INTERRUPTED", "interrupted: cannot save the images");
      const length = readSync(file, buffer);
      if (length === 0) return;
      await write(buffer.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}
