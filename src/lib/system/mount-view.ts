import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { isNotFound } from "../errors";
import { O_PATH } from "./files";
import { checked, libc } from "./libc";
import { mount, mountFlags } from "./mount";
import { openInRoot } from "./open-in-root";

const CLONE_NEWNS = 0x00020000;
const CLONE_FS = 0x00000200;

/** What is mounted into a tree. */
export interface BindMount {
  /** A path of this machine. */
  readonly source: string;
  /** A path in the tree. */
  readonly destination: string;
  readonly readOnly: boolean;
}

/** A tree with what is mounted into it, which this process alone sees. */
export interface MountView {
  /** Refers to its root (O_PATH). */
  readonly root: number;
  readonly close: () => void;
}

/**
 * Mounts directories and files into a tree for this process alone: in a mount namespace of its own, which ends with the
 * view, and with the process, however that ends. What is not there on either side is left out.
 *
 * This thread goes into the namespace and comes back in one go, as in `pinNamespaces`; what lies in it is reached through the
 * descriptor of the root.
 * @throws the error of the operating system
 */
export function openMountView(
  root: string,
  { mounts, readOnly }: { mounts: readonly BindMount[]; readOnly: boolean },
): MountView {
  const before = ["/proc/thread-self/ns/mnt", "/", "."].map((path, index) =>
    openSync(path, index === 0 ? constants.O_RDONLY : O_PATH | constants.O_DIRECTORY),
  );
  const [namespace = -1, rootBefore = -1, workingDirectory = -1] = before;
  const opened: number[] = [];
  try {
    // Its root and working directory are this thread's own from here on: nobody else's change with them.
    checked("unshare", libc().unshare(CLONE_NEWNS));
    try {
      opened.push(openSync("/proc/thread-self/ns/mnt", constants.O_RDONLY));
      mount({ source: "none", target: "/", flags: mountFlags.recursive | mountFlags.private });
      if (readOnly) {
        mount({ source: root, target: root, flags: mountFlags.bind | mountFlags.recursive });
        remountReadOnly(root);
      }
      const top = openSync(root, O_PATH | constants.O_DIRECTORY);
      opened.push(top);
      for (const wanted of mounts) bind(`/proc/self/fd/${top}`, wanted);
    } finally {
      // A thread that the engine has begun meanwhile, as to compile, shares them again: the kernel lets nobody back so.
      checked("unshare", libc().unshare(CLONE_FS));
      checked("setns", libc().setns(namespace, CLONE_NEWNS));
      checked("fchdir", libc().fchdir(rootBefore));
      checked("chroot", libc().chroot("."));
      checked("fchdir", libc().fchdir(workingDirectory));
    }
    const [, top = -1] = opened;
    return {
      root: top,
      close: () => {
        for (const fd of opened.splice(0)) closeSync(fd);
      },
    };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  } finally {
    for (const fd of before) closeSync(fd);
  }
}

function bind(root: string, { source, destination, readOnly }: BindMount): void {
  const opened: number[] = [];
  try {
    const from = openSync(source, O_PATH);
    opened.push(from);
    const place = openInRoot(root, destination);
    opened.push(place);
    // The kernel mounts directories on directories, and all else on all else.
    if (fstatSync(from).isDirectory() !== fstatSync(place).isDirectory()) return;
    const flags = mountFlags.bind | mountFlags.recursive;
    mount({ source: `/proc/self/fd/${from}`, target: `/proc/self/fd/${place}`, flags });
    if (!readOnly) return;
    // What was opened before lies beneath it.
    const mounted = openInRoot(root, destination);
    opened.push(mounted);
    remountReadOnly(`/proc/self/fd/${mounted}`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function remountReadOnly(target: string): void {
  const flags = mountFlags.bind | mountFlags.remount | mountFlags.readonly;
  mount({ source: "none", target, flags });
}
