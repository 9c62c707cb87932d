import { existsSync } from "node:fs";
import { KpodError } from "../errors";
import type { StorageId } from "../names/ids";

/** The graph drivers whose stores kpod reads. */
export const graphDrivers = ["overlay", "vfs"] as const;

/** A graph driver that kpod knows. */
export type GraphDriverName = (typeof graphDrivers)[number];

/** Where the parts of a store lie (containers/storage, both roots). */
export interface StoreLayout {
  root: string;
  runRoot: string;
  driver: GraphDriverName;
  /** Root of a split image store; "" when images lie in the store's own root. */
  imageStore: string;
  containersLock: string;
  /** The records of containers: those that live through a reboot, then the volatile ones of newer CRI-O. */
  containersFiles: readonly [string, string];
  /**
   * True where new containers, and their layers, get their records in the volatile files: in a transient store, and
   * beside a split image store, in which the root's own layers.json does not count any more.
   */
  newAreVolatile: boolean;
  layersLock: string;
  /** The records of layers, in the same order. */
  layersFiles: readonly [string, string];
  /** The records of layers that lie in a split image store. */
  sharedLayersFiles: readonly string[];
  imagesLock: string;
  imagesFile: string;
  /** With a split image store: the root's own images from before it was split. */
  furtherImagesFiles: readonly string[];
  mountsLock: string;
  mountsFile: string;
  /** Directory of an image's big data. */
  imageDirectory(id: StorageId): string;
  /** What of a container lives through a reboot. */
  containerDirectory(id: StorageId): string;
  /** What of a container ends with a reboot. */
  containerRunDirectory(id: StorageId): string;
  /**
   * Where directories wait for their deletion: of the graph driver, of all else in the root, and in the runroot. A
   * directory is moved within one mount only, and the driver's home is one of its own. containers/storage since 1.60
   * has the first two as well, and clears them as kpod does.
   */
  temporaryRoots: Readonly<Record<"driver" | "root" | "runRoot", string>>;
}

/**
 * Refuses to change images that lie in a root of their own.
 * @param refused what is refused: `kpod loads no images into`
 * @throws KpodError UNSUPPORTED
 */
export function refuseSplitImageStore(
  { imageStore }: Pick<StoreLayout, "imageStore">,
  refused: string,
  hint: string,
): void {
  if (imageStore === "") return;
  throw new KpodError("UNSUPPORTED", `${refused} the split image store ${imageStore}`, { hint });
}

/** How a store departs from the usual layout. */
export interface LayoutOptions {
  /** Volatile records and the lock of containers lie in the runroot (storage.conf, `transient_store`). */
  transientStore?: boolean;
  /** Root of a split image store (`imagestore`, since CRI-O 1.29). */
  imageStore?: string;
}

/** Lays out the paths of a store. Nothing is read or made. */
export function storeLayout(
  root: string,
  runRoot: string,
  driver: GraphDriverName,
  { transientStore = false, imageStore = "" }: LayoutOptions = {},
): StoreLayout {
  // Joined by hand: node's join looks at each character of a path, which takes longer than all the rest of this.
  const base = withoutSlashes(root);
  const runBase = withoutSlashes(runRoot);
  const imageBase = withoutSlashes(imageStore);
  const containers = `${base}/${driver}-containers`;
  const layers = `${base}/${driver}-layers`;
  const ownImages = `${base}/${driver}-images`;
  const images = imageStore === "" ? ownImages : `${imageBase}/${driver}-images`;
  const runContainers = `${runBase}/${driver}-containers`;
  const runLayers = `${runBase}/${driver}-layers`;
  const volatileContainers = transientStore ? runContainers : containers;
  const volatileLayers = transientStore ? runLayers : layers;
  return {
    root,
    runRoot,
    driver,
    imageStore,
    containersLock: `${volatileContainers}/containers.lock`,
    containersFiles: [`${containers}/containers.json`, `${volatileContainers}/volatile-containers.json`],
    newAreVolatile: transientStore || imageStore !== "",
    layersLock: `${layers}/layers.lock`,
    layersFiles: [`${layers}/layers.json`, `${volatileLayers}/volatile-layers.json`],
    sharedLayersFiles: imageStore === "" ? [] : [`${imageBase}/${driver}-layers/layers.json`],
    imagesLock: `${images}/images.lock`,
    imagesFile: `${images}/images.json`,
    furtherImagesFiles: imageStore === "" ? [] : [`${ownImages}/images.json`],
    mountsLock: `${runLayers}/mountpoints.lock`,
    mountsFile: `${runLayers}/mountpoints.json`,
    imageDirectory: (id) => (existsSync(`${images}/${id}`) ? `${images}/${id}` : `${ownImages}/${id}`),
    containerDirectory: (id) => `${containers}/${id}`,
    containerRunDirectory: (id) => `${runContainers}/${id}`,
    temporaryRoots: {
      driver: `${base}/${driver}/tempdirs`,
      root: `${layers}/tmp`,
      runRoot: `${runLayers}/tmp`,
    },
  };
}

/** A directory as it is joined with a name by a slash. */
function withoutSlashes(directory: string): string {
  return directory.endsWith("/") ? directory.replace(/\/+$/, "") : directory;
}

/**
 * Chooses the graph driver: the one that is configured, else the one that the store was written with, else
 * overlay.
 * @throws KpodError UNSUPPORTED for a driver that kpod does not know
 */
export function chooseDriver(root: string, configured: string): GraphDriverName {
  const wanted = configured === "overlay2" ? "overlay" : configured;
  if (wanted === "") {
    return graphDrivers.find((driver) => existsSync(`${root}/${driver}-layers`)) ?? "overlay";
  }
  const driver = graphDrivers.find((name) => name === wanted);
  if (driver === undefined) {
    throw new KpodError("UNSUPPORTED", `unknown graph driver ${JSON.stringify(configured)}`, {
      hint: `kpod knows ${graphDrivers.join(" and ")}; set storage_driver in [crio] or --storage-driver`,
    });
  }
  return driver;
}
