import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describeErrno, errnoOf, fileError, KpodError } from "../errors";
import type { StorageId } from "../names/ids";
import { removeIfThere } from "../system/files";
import {
  isMountPoint,
  labelOptions,
  mount,
  mountFlags,
  readMounts,
  realPath,
  unmount,
} from "../system/mount";
import { removeTree } from "../system/remove-tree";
import type { GraphDriver } from "./driver";
import { overlayDirectories } from "./layer-directories";
import { linksTo, newLink, restoreLinks, shortLink } from "./overlay-links";

/** The kernel takes one page of mount options. */
export const longestMountData = 4096;

/**
 * The overlay driver: see {@link overlayDirectories} for its layout.
 * @param imageStore root of a split image store, "" for none
 * @param options the store's options, of which `overlay.mountopt=…` is used
 * @throws KpodError UNSUPPORTED for `overlay.mount_program`
 */
export function overlayDriver(root: string, options: readonly string[], imageStore = ""): GraphDriver {
  const directories = overlayDirectories(root, imageStore);
  const { home, imageHome, homeOf, lowerLinks, mountPath, diffPath, workPath } = directories;
  const extra = readMountOptions(options);

  return {
    ...directories,

    create: (layer, parent) => {
      const path = join(home, layer);
      mkdirSync(path, { mode: 0o700 });
      try {
        const like = parent === undefined ? undefined : statSync(diffPath(parent));
        makeDirectory(diffPath(layer), (like?.mode ?? 0o555) & 0o7777, like);
        mkdirSync(workPath(layer), { mode: 0o700 });
        mkdirSync(mountPath(layer), { mode: 0o700 });
        const link = newLink();
        mkdirSync(join(home, "l"), { recursive: true, mode: 0o755 });
        symlinkSync(join("..", layer, "diff"), join(home, "l", link));
        writeFileSync(join(path, "link"), link, { mode: 0o644 });
        if (parent !== undefined) {
          const lower = [shortLink(homeOf(parent), parent), ...lowerLinks(parent)];
          writeFileSync(join(path, "lower"), lower.join(":"), { mode: 0o644 });
        } else {
          mkdirSync(join(path, "empty"), { mode: 0o700 });
        }
      } catch (error) {
        removeLayer(home, layer, removeTree);
        throw error;
      }
    },

    remove: (layer, dispose = removeTree) => {
      removeLayer(home, layer, dispose);
    },

    mount: (layer, label, readOnly = false) => {
      if (homeOf(layer) !== home) {
        throw new KpodError(
          "UNSUPPORTED",
          `layer ${layer} lies in a split image store, whose layers kpod does not mount`,
        );
      }
      makePrivate(home);
      const links = lowerLinks(layer);
      restoreLinks(layer, links, imageHome === home ? [home] : [home, imageHome]);
      // The kernel does not mount a layer over nothing.
      if (links.length === 0) mkdirSync(join(home, layer, "empty"), { recursive: true, mode: 0o700 });
      const beneath = links.length === 0 ? [`${layer}/empty`] : links;
      const lower = readOnly ? [`${layer}/diff`, ...beneath] : beneath;
      const data = (base: string): string =>
        [
          `lowerdir=${lower.map((path) => (homeOf(path) === home ? base + path : join(imageHome, path))).join(":")}`,
          ...(readOnly ? [] : [`upperdir=${base}${layer}/diff`, `workdir=${base}${layer}/work`]),
          ...extra.data,
          ...labelOptions(label),
        ].join(",");
      const flags = extra.flags | (readOnly ? mountFlags.readonly : 0);
      const request = { source: "overlay", type: "overlay", flags };
      const absolute = data(`${home}/`);
      // What the kernel cuts off is lost without an error: the layer would lie over others than its own.
      if (Buffer.byteLength(data("")) >= longestMountData) {
        throw new KpodError("UNSUPPORTED", `layer ${layer} lies over more layers than the kernel takes`, {
          hint: "make the image anew with fewer layers",
        });
      }
      mountLabelled(layer, label, () => {
        // Newer containers/storage removes it at each unmount.
        mkdirSync(mountPath(layer), { recursive: true, mode: 0o700 });
        if (Buffer.byteLength(absolute) < longestMountData) {
          mount({ ...request, target: mountPath(layer), data: absolute });
        } else {
          inDirectory(home, () => {
            mount({ ...request, target: `${layer}/merged`, data: data("") });
          });
        }
      });
    },

    unmount: (layer, options) => {
      while (unmount(mountPath(layer), options));
    },

    shutdown: () => {
      const below = `${realPath(home)}/`;
      const others = readMounts().some(({ target }) => target.startsWith(below));
      if (!others && isMountPoint(home)) unmount(home);
    },
  };
}

/** The kernel does not say that it is the label which it does not take. */
function mountLabelled(layer: StorageId, label: string, action: () => void): void {
  const what = `cannot mount layer ${layer}`;
  try {
    action();
  } catch (error) {
    if (label === "" || errnoOf(error) !== "EINVAL") throw fileError(what, error);
    throw new KpodError("UNSUPPORTED", `${what} with the SELinux label ${label}: ${describeErrno(error)}`, {
      hint: "the kernel runs without SELinux, or its policy does not know the label",
      cause: error,
    });
  }
}

function makeDirectory(path: string, mode: number, owner: { uid: number; gid: number } | undefined): void {
  mkdirSync(path);
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  // Not by mkdir: the umask would cut it.
  chmodSync(path, mode);
}

function removeLayer(home: string, layer: StorageId, dispose: (directory: string) => void): void {
  const path = join(home, layer);
  // A merged directory that is still a mount would have the files of the layers beneath deleted through it.
  if (isMountPoint(join(path, "merged"))) {
    throw new KpodError("IO", `layer ${layer} is still mounted at ${join(path, "merged")}`);
  }
  // Before the directory, in which it stands which one it is.
  for (const link of linksTo(home, layer)) removeIfThere(join(home, "l", link));
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) dispose(path);
}

/**
 * Bind-mounts the directory on itself and makes it private, as containers/storage does: mounts below must not
 * spread into other mount namespaces, where they would keep layers busy.
 */
function makePrivate(home: string): void {
  const target = realPath(home);
  const existing = readMounts().findLast((entry) => entry.target === target);
  if (existing !== undefined && !existing.propagation.some((field) => field.startsWith("shared:"))) return;
  if (existing === undefined) mount({ source: home, target: home, flags: mountFlags.bind });
  mount({ source: "none", target: home, flags: mountFlags.private });
}

/** Relative options are shorter; nothing else of this process runs while the directory is another. */
function inDirectory(path: string, action: () => void): void {
  // By descriptor: the directory that kpod was called from may have been removed.
  const before = openSync(".", constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    process.chdir(path);
    action();
  } finally {
    process.chdir(`/proc/self/fd/${before}`);
    closeSync(before);
  }
}

const flagOptions: Readonly<Record<string, number>> = {
  nodev: mountFlags.nodev,
  nosuid: mountFlags.nosuid,
  noexec: mountFlags.noexec,
  noatime: mountFlags.noatime,
  nodiratime: mountFlags.nodiratime,
  relatime: mountFlags.relatime,
  ro: mountFlags.readonly,
};

/** What the options of a store say of its mounts. */
export interface MountOptions {
  /** Sum of the flags for mount(2). */
  flags: number;
  /** Words for the overlay file system itself. */
  data: string[];
}

/**
 * Reads `overlay.mountopt` of a store's options; of several the last one counts.
 * @throws KpodError UNSUPPORTED for `overlay.mount_program`
 */
export function readMountOptions(options: readonly string[]): MountOptions {
  const value = (key: string): string | undefined =>
    options
      .map((option) => new RegExp(`^(?:overlay2?\\.|\\.)?${key}=(.*)$`).exec(option)?.[1])
      .findLast((found) => found !== undefined);
  const program = value("mount_program");
  if (program !== undefined && program !== "") {
    throw new KpodError("UNSUPPORTED", `the store is mounted by ${program} (overlay.mount_program)`, {
      hint: "kpod mounts with the kernel's overlay only",
    });
  }
  const words = (value("mountopt") ?? "").split(",").filter((word) => word !== "");
  return {
    flags: words.reduce((flags, word) => flags | (flagOptions[word] ?? 0), 0),
    // volatile is for a daemon that wipes after a crash; without one it would make the layer unmountable.
    data: words.filter((word) => flagOptions[word] === undefined && word !== "volatile"),
  };
}
