import { KpodError } from "../errors";
import { mountFlags } from "../system/mount";

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
