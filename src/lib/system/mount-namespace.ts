/*
 * Mount namespaces that this process makes for itself. Its thread goes there for a moment and comes back in one go, as in
 * `pinNamespaces`: nothing of the event loop runs in between, and the other threads of the engine never leave.
 */
import { closeSync, constants, openSync } from "node:fs";
import { KpodError, errnoOf } from "../errors";
import { O_PATH } from "./files";
import { checked, libc } from "./libc";
import { mount, mountFlags } from "./mount";

const CLONE_NEWNS = 0x00020000;
const CLONE_FS = 0x00000200;

/** A mount namespace of this process alone, and of what it starts there. It ends with the last of them. */
export interface MountNamespace {
  /** Does something there, which must not wait. What is opened and started there stays there. */
  readonly within: <T>(action: () => T) => T;
  readonly close: () => void;
}

/**
 * Makes a mount namespace with all that is mounted now. What is mounted in either from then on the other does not see.
 * @throws an error of the operating system
 */
export function makeMountNamespace(): MountNamespace {
  const opened: number[] = [];
  const close = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  try {
    const [namespace = -1, root = -1] = aside(
      () => {
        // Its root and working directory are this thread's own from here on: nobody else's change with them.
        checked("unshare", libc().unshare(CLONE_NEWNS));
      },
      () => {
        opened.push(openSync("/proc/thread-self/ns/mnt", constants.O_RDONLY));
        mount({ source: "none", target: "/", flags: mountFlags.recursive | mountFlags.private });
        opened.push(openSync("/", O_PATH | constants.O_DIRECTORY));
        return opened;
      },
    );
    return {
      within: (action) =>
        aside(() => {
          enter(namespace, root);
        }, action),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Goes somewhere, does something there, and comes back. */
function aside<T>(go: () => void, action: () => T): T {
  const before = ["/proc/thread-self/ns/mnt", "/", "."].map((path, index) =>
    openSync(path, index === 0 ? constants.O_RDONLY : O_PATH | constants.O_DIRECTORY),
  );
  const [namespace = -1, root = -1, workingDirectory = -1] = before;
  try {
    go();
    try {
      return action();
    } finally {
      enter(namespace, root);
      checked("fchdir", libc().fchdir(workingDirectory));
    }
  } finally {
    for (const fd of before) closeSync(fd);
  }
}

function enter(namespace: number, root: number): void {
  // A thread that the engine has begun meanwhile, as to compile, shares them again: the kernel lets nobody back so.
  checked("unshare", libc().unshare(CLONE_FS));
  checked("setns", libc().setns(namespace, CLONE_NEWNS));
  checked("fchdir", libc().fchdir(root));
  checked("chroot", libc().chroot("."));
}

// The same numbers on all architectures that node runs on but mips, whose kernel says that it knows no such call.
const SYS_open_tree = 428;
const SYS_move_mount = 429;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_EMPTY_PATHS = 0x04 | 0x40;
const noPath = Buffer.from("\0");

/**
 * Copies a directory of another mount namespace with all that is mounted below it, as mounts that are nowhere yet.
 * @param namespace a descriptor of that namespace
 * @param root one of the directory (O_PATH)
 * @returns a descriptor for `attachMounts`, for the caller to close: with it they go
 * @throws KpodError UNSUPPORTED for a kernel before 5.2; an error of the operating system
 */
export function cloneMounts(namespace: number, root: number): number {
  return aside(
    () => {
      enter(namespace, root);
    },
    () => {
      const flags = AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
      try {
        return checked("open_tree", libc().syscallWithPathAndNumbers(SYS_open_tree, root, noPath, flags, 0));
      } catch (error) {
        if (errnoOf(error) !== "ENOSYS") throw error;
        throw new KpodError(
          "UNSUPPORTED",
          "the kernel cannot show the file system of a container elsewhere: that takes Linux 5.2",
        );
      }
    },
  );
}

/** Puts copied mounts at a directory. @param target a descriptor of it (O_PATH). @throws an error of the operating system */
export function attachMounts(mounts: number, target: number): void {
  checked(
    "move_mount",
    libc().syscallWithTwoPaths(SYS_move_mount, mounts, noPath, target, noPath, MOVE_MOUNT_EMPTY_PATHS),
  );
}
