/** Where the machine mounts the disk with kpod and its tests. */
export const TESTS_MOUNT: string;

/** What a machine boots from: its disk, and the kernel with its initial file system beside it. */
export interface NodeImage {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/**
 * Makes the machine's disk, or finds it below node_modules/.cache.
 * @param root the repository
 * @throws ScriptError where there is no room, or Debian's packages cannot be had
 */
export function nodeImage(root: string): Promise<NodeImage>;

/** @throws ScriptError where a directory's file system has less than so many bytes free */
export function requireSpace(directory: string, bytes: number): void;

/** Makes a file that holds an ext4 file system with a copy of a directory. @param size as mke2fs(8) reads it */
export function makeDisk(directory: string, path: string, size: string): Promise<void>;
