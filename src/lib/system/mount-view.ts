import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { isNotFound } from "../errors";
import { O_PATH } from "./files";
import { mount, mountFlags, remountReadOnly } from "./mount";
import { makeMountNamespace } from "./mount-namespace";
import { openInRoot } from "./open-in-root";

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
 * view, and with the process, however that ends. What is not there on either side is left out. What lies in it is reached
 * through the descriptor of the root.
 * @throws the error of the operating system
 */
export function openMountView(
  root: string,
  { mounts, readOnly }: { mounts: readonly BindMount[]; readOnly: boolean },
): MountView {
  const namespace = makeMountNamespace();
  try {
    const top = namespace.within(() => {
      if (readOnly) {
        mount({ source: root, target: root, flags: mountFlags.bind | mountFlags.recursive });
        remountReadOnly(root);
      }
      const opened = openSync(root, O_PATH | constants.O_DIRECTORY);
      try {
        for (const wanted of mounts) bind(`/proc/self/fd/${opened}`, wanted);
        return opened;
      } catch (error) {
        closeSync(opened);
        throw error;
      }
    });
    return {
      root: top,
      close: () => {
        closeSync(top);
        namespace.close();
      },
    };
  } catch (error) {
    namespace.close();
    throw error;
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
