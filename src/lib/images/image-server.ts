import type { Logger } from "../logger";
import type { RemovedImage } from "../storage/image-removal";
import type { StorageId } from "../names/ids";
import { findImage } from "../storage/images";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";
import type { PreparedImage, PrepareOptions } from "./ask-registries";
import type { PulledImage, PullOptions } from "./pull";
import type { PushOptions } from "./push";
import type { SaveOptions } from "./save";
import type { TransferConfig } from "./skopeo";

/** An image of the store in short (libkpod: storage.ImageResult). */
export interface ImageResult {
  id: StorageId;
  /** None for an image that lost its names to newer ones. */
  names: string[];
  /** Digest of its manifest; "" only when the store has lost that. */
  digest: string;
  /** Bytes of its layers; undefined when the store does not know them all. */
  size: number | undefined;
}

/** The images of a store (libkpod: storage.ImageServer). */
export class ImageServer {
  constructor(
    private readonly store: Store,
    private readonly config: TransferConfig,
    private readonly logger: Logger,
  ) {}

  /**
   * The images (libkpod: ListImages).
   * @param filter only the image that this name, id or digest means; "" for all
   * @throws KpodError AMBIGUOUS for a short id, CORRUPT, IO
   */
  async listImages(filter = ""): Promise<ImageResult[]> {
    const images = await this.store.images();
    const found = filter === "" ? undefined : findImage(images, filter);
    const { imageDigest } = await import("./digest");
    const { persistedImageSizes } = await import("../storage/layer-sizes");
    const sizeOf = await persistedImageSizes(this.store, this.logger);
    return (filter === "" ? images : found === undefined ? [] : [found]).map((image) =>
      resultOf(image, imageDigest(this.store, image), sizeOf(image)),
    );
  }

  /** One image, found by name, id or digest (libkpod: ImageStatus). @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, IO */
  async imageStatus(nameOrId: string): Promise<ImageResult> {
    const image = await this.store.image(nameOrId);
    const { imageDigest } = await import("./digest");
    const { persistedImageSizes } = await import("../storage/layer-sizes");
    const sizeOf = await persistedImageSizes(this.store, this.logger);
    return resultOf(image, imageDigest(this.store, image), sizeOf(image));
  }

  /**
   * Takes a name off an image; with its last name the image goes as well (libkpod: UntagImage).
   * @throws KpodError NOT_FOUND; CONFLICT when a container uses the image and the name is its last; LOCK_TIMEOUT, IO
   */
  async untagImage(name: string): Promise<RemovedImage> {
    const { untagImage } = await import("../storage/image-removal");
    const { noteRemoval } = await import("./note-image");
    return noteRemoval(this.store, await untagImage(this.store, name, this.logger));
  }

  /**
   * Gives an image further names; one that another image has is taken from it.
   * @param names as users write them: one without a registry is of `localhost`, one without a tag gets `latest`
   * @returns the names as they are stored
   * @throws KpodError BAD_ARGUMENT for what is no name of an image, NOT_FOUND, AMBIGUOUS, UNSUPPORTED, LOCK_TIMEOUT, IO
   */
  async tagImage(nameOrId: string, names: readonly string[]): Promise<string[]> {
    const { tagImage } = await import("../storage/image-tags");
    const { noteNames } = await import("./note-image");
    return noteNames(this.store, "tag", await tagImage(this.store, nameOrId, names));
  }

  /**
   * Takes names from an image, which stays, if without any: the difference to {@link untagImage}.
   * @param names as users write them; without any, all that the image has
   * @returns the names that were removed
   * @throws KpodError NOT_FOUND for no such image, or a name that it does not have; AMBIGUOUS, UNSUPPORTED, LOCK_TIMEOUT, IO
   */
  async removeImageNames(nameOrId: string, names: readonly string[] = []): Promise<string[]> {
    const { removeImageNames } = await import("../storage/image-tags");
    const { noteNames } = await import("./note-image");
    return noteNames(this.store, "untag", await removeImageNames(this.store, nameOrId, names));
  }

  /**
   * Removes an image with the layers nobody else needs, or, when it has several names and is meant by one of
   * them, that name alone (libkpod: RemoveImage).
   * @param options.force also when containers use it, whose layers stay; also by id when it has several names
   * @param options.allNames also by id when it has several names
   * @throws KpodError NOT_FOUND, AMBIGUOUS, CONFLICT, LOCK_TIMEOUT, IO
   */
  async removeImage(
    nameOrId: string,
    options: { force?: boolean; allNames?: boolean } = {},
  ): Promise<RemovedImage> {
    const { removeImage } = await import("../storage/image-removal");
    const { noteRemoval } = await import("./note-image");
    const settings = { ...options, logger: this.logger };
    return noteRemoval(this.store, await removeImage(this.store, nameOrId, settings));
  }

  /**
   * Pulls an image into the store (libkpod: PullImage).
   * @param wanted a name as users write it, or `TRANSPORT:…` as skopeo knows them
   * @returns the image; of all tags or of an archive several
   * @throws KpodError BAD_ARGUMENT, BAD_CONFIG; NOT_FOUND, NOT_PERMITTED, IO with the reason of each registry that was
   * asked; UNSUPPORTED without skopeo and for a split image store; INTERRUPTED
   */
  async pullImage(wanted: string, options: PullOptions = {}): Promise<PulledImage[]> {
    const { pullImage } = await import("./pull");
    return pullImage(this.store, this.config, wanted, { logger: this.logger, ...options });
  }

  /**
   * Copies an image to a registry, or to whatever else skopeo writes.
   * @param destination `TRANSPORT:…` as skopeo knows them, or a name with a registry; default the image's own name
   * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT, CONFLICT; NOT_PERMITTED, IO with skopeo's words; UNSUPPORTED,
   * INTERRUPTED
   */
  async pushImage(nameOrId: string, destination?: string, options: PushOptions = {}): Promise<void> {
    const { pushImage } = await import("./push");
    return pushImage(this.store, this.config, nameOrId, destination, options);
  }

  /**
   * Writes images into one archive.
   * @param namesOrIds an image gets the name by which it is given, one that is given by its id a name that it has
   * @throws KpodError NOT_FOUND, AMBIGUOUS, UNSUPPORTED; IO with skopeo's words; INTERRUPTED; and what `write` throws
   */
  async saveImages(namesOrIds: readonly string[], options: SaveOptions): Promise<void> {
    const { saveImages } = await import("./save");
    return saveImages(this.store, this.config, namesOrIds, options);
  }

  /**
   * Asks the registries for an image without fetching it (libkpod: PrepareImage).
   * @throws KpodError as {@link pullImage}
   */
  async prepareImage(wanted: string, options: PrepareOptions = {}): Promise<PreparedImage> {
    const { prepareImage } = await import("./ask-registries");
    return prepareImage(this.config, wanted, { logger: this.logger, ...options });
  }

  /**
   * The names under which an image is looked for in registries (libkpod: ResolveNames): one with a registry in full, one
   * without by the aliases and search lists of registries.conf, then by `registries` of crio.conf.
   * @throws KpodError BAD_ARGUMENT for what is no name, or one that cannot be looked for; BAD_CONFIG
   */
  async resolveNames(name: string): Promise<readonly string[]> {
    const { pullNames } = await import("./pull-names");
    return pullNames(name, this.config).names;
  }

  /** The store that the images are in (libkpod: GetStore). */
  getStore(): Store {
    return this.store;
  }
}

function resultOf(image: ImageRecord, digest: string, size: number | undefined): ImageResult {
  return { id: image.id, names: image.names ?? [], digest, size };
}
