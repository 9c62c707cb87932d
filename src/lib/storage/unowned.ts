import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../errors";
import { isStorageId } from "../names/ids";
import { isHeldForWriting } from "./lock-holder";
import type { StoreLayout } from "./layout";
import type { StoreContents } from "./removal";
import { namesInDirectory } from "../system/files";

/** What something is that no record has. */
export type UnownedKind =
  | "layer-directory" // of the graph driver, with the files of a layer
  | "layer-data" // the recipe of a layer's tar, or its big data
  | "image-directory" // manifests and configurations
  | "container-directory" // what CRI-O keeps of a container
  | "link" // a short link of overlay that leads nowhere
  | "temporary"; // what waits for its deletion, or was being unpacked

/** Something in a store that no record has. */
export interface Unowned {
  readonly kind: UnownedKind;
  readonly path: string;
  /** The id whose record would own it; none where no record can. */
  readonly id: string | undefined;
  /** True for what somebody may be at work on: it is young, or locked. */
  readonly busy: boolean;
}

/** A candidate: what is there, and the id whose record would own it; none where no record can. */
interface Entry {
  readonly kind: UnownedKind;
  readonly directory: string;
  readonly name: string;
  readonly id: string | undefined;
  /** Locked by who is at work on it. */
  readonly lock?: string;
}

/** Milliseconds within which something may be just being made, whose record is to follow. */
const youth = 5 * 60_000;

/**
 * What containers/storage makes in overlay's home when it opens a store, to try what the kernel's overlay can do. It stays
 * where the program is killed meanwhile, and no other removes it.
 */
const driverCheck = /^(?:compat|(?:metacopy|opaque-bug|volatile)-check)\d+$/;

/**
 * Lists what is in the directories of a store, to be compared with its records once these are read: in this order, for
 * a record can come and what belongs to it can go meanwhile, and neither makes something owned look unowned.
 * @param targetOf tells where a short link leads, to who has read them already
 * @returns tells what no record has; what is younger than `youthMs` milliseconds is busy
 * @throws KpodError NOT_PERMITTED, IO
 */
export function listOwnable(
  layout: StoreLayout,
  targetOf = linkTarget,
): (contents: StoreContents, now?: number, youthMs?: number) => readonly Unowned[] {
  const entries = [
    ...driverEntries(layout, targetOf),
    ...layerDataEntries(layout),
    ...directoryEntries(dirname(layout.imagesFile), "image-directory"),
    ...directoryEntries(dirname(layout.containersFiles[0]), "container-directory"),
  ];
  return ({ images, layers, containers }, now = Date.now(), youthMs = youth) => {
    const layerIds = new Set<string>(layers.map(({ id }) => id));
    const owners: Readonly<Record<UnownedKind, ReadonlySet<string>>> = {
      "layer-directory": layerIds,
      "layer-data": layerIds,
      "image-directory": new Set(images.map(({ id }) => id)),
      "container-directory": new Set(containers.map(({ id }) => id)),
      link: new Set(),
      temporary: new Set(),
    };
    return entries
      .filter(({ kind, id }) => id === undefined || !owners[kind].has(id))
      .flatMap(({ kind, directory, name, id, lock }) => {
        const path = join(directory, name);
        const stats = lstatSync(path, { throwIfNoEntry: false });
        if (stats === undefined) return [];
        const busy = now - stats.mtimeMs < youthMs || (lock !== undefined && isHeldForWriting(lock));
        return [{ kind, path, id, busy }];
      });
  };
}

function driverEntries({ root, driver, imageStore }: StoreLayout, targetOf: typeof linkTarget): Entry[] {
  if (driver === "vfs") return directoryEntries(join(root, "vfs/dir"), "layer-directory");
  const homes = [root, ...(imageStore === "" ? [] : [imageStore])].map((base) => join(base, "overlay"));
  return homes.flatMap((home) => {
    const names = namesInDirectory(home);
    const ids = new Set(names.filter(isStorageId));
    return [
      ...[...ids].map((id): Entry => ({ kind: "layer-directory", directory: home, name: id, id })),
      ...danglingLinks(join(home, "l"), ids, targetOf),
      ...["staging", "tempdirs"].flatMap((name) => temporaryEntries(join(home, name))),
      ...names
        .filter((name) => driverCheck.test(name))
        .map((name): Entry => ({ kind: "temporary", directory: home, name, id: undefined })),
    ];
  });
}

/** Short links to layers whose directories are gone. */
function danglingLinks(directory: string, ids: ReadonlySet<string>, targetOf: typeof linkTarget): Entry[] {
  return namesInDirectory(directory).flatMap((name): Entry[] => {
    const [, id] = /^\.\.\/([^/]+)\/diff$/.exec(targetOf(`${directory}/${name}`) ?? "") ?? [];
    // Where it leads elsewhere, it is none of the driver's.
    return id === undefined || ids.has(id) ? [] : [{ kind: "link", directory, name, id: undefined }];
  });
}

function layerDataEntries({ layersFiles: [file], temporaryRoots }: StoreLayout): Entry[] {
  const directory = dirname(file);
  return [
    ...namesInDirectory(directory).flatMap((name): Entry[] => {
      const [, id] = /^([0-9a-f]{64})(?:\.tar-split\.gz|-.*)?$/.exec(name) ?? [];
      return id === undefined ? [] : [{ kind: "layer-data", directory, name, id }];
    }),
    ...temporaryEntries(temporaryRoots.root),
  ];
}

/** What waits in a temporary directory: its lock lies beside it, or in it. */
function temporaryEntries(directory: string): Entry[] {
  return namesInDirectory(directory).flatMap((name): Entry[] => {
    if (name.startsWith("lock-")) return [];
    const id = /^(?:temp-dir|remains)-(.*)$/.exec(name)?.[1];
    const lock = id === undefined ? join(directory, name, "staging.lock") : join(directory, `lock-${id}`);
    return [{ kind: "temporary", directory, name, id: undefined, lock }];
  });
}

function directoryEntries(directory: string, kind: UnownedKind): Entry[] {
  return namesInDirectory(directory)
    .filter(isStorageId)
    .map((id) => ({ kind, directory, name: id, id }));
}

/** Where a short link leads; undefined for what is none. */
export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
