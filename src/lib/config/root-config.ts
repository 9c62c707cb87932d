import {
  boolean,
  growingTexts,
  path,
  pathOrNone,
  pathOrUnset,
  text,
  textOrUnset,
  type ConfigKeys,
} from "./keys";

/** Where a running CRI-O leaves its version when nothing else is configured. */
export const defaultVersionFile = "/var/run/crio/version";

/** Where things are kept: the table `[crio]`. `RootConfig` of libkpod. */
export interface RootConfig {
  /** Directory of the store of containers/storage: images, layers, the records of containers (`root`). */
  root: string;
  /** Directory of the store's state that does not outlive a reboot: bundles, mount counts (`runroot`). */
  runRoot: string;
  /** Name of the graph driver, "" to choose by what the store holds (`storage_driver`). */
  storage: string;
  /**
   * Options of the graph driver, such as `overlay.mountopt=nodev` (`storage_option`). Of two for the same
   * thing the later one counts.
   */
  storageOptions: string[];
  /** Directory of the logs of pods whose maker named none (`log_dir`). */
  logDir: string;
  /**
   * Whether the kpods on a store keep their changes of state apart by a lock file in its run directory; without
   * it one process alone may use the library (`file_locking`).
   */
  fileLocking: boolean;
  /**
   * The lock file of a CRI-O 1.0, which is taken as well where this or `file_locking` is configured (`lock_path`,
   * kpod's own; CRI-O once called it `file_locking_path`).
   */
  lockPath: string;
  /** Directory of a second store that holds the images, "" for none (`imagestore`, since CRI-O 1.29). */
  imageStore: string;
  /** File in which a running CRI-O leaves its version (`version_file`, since CRI-O 1.18). */
  versionFile: string;
  /** File of the same that outlives a reboot, "" for none (`version_file_persist`, since CRI-O 1.19). */
  versionFilePersist: string;
  /** Whether a CRI-O that starts without these files removes what is in the store (`internal_wipe`, since CRI-O 1.20). */
  internalWipe: boolean;
  /** Directory of what kpod itself keeps beyond a reboot: the journals of the doctor (`kpod_state_dir`, kpod's own). */
  kpodStateDir: string;
}

/** The defaults of CRI-O 1.0.0, and of what came later those that act as 1.0.0 did. */
export function defaultRootConfig(): RootConfig {
  return {
    root: "/var/lib/containers/storage",
    runRoot: "/var/run/containers/storage",
    storage: "",
    storageOptions: [],
    logDir: "/var/log/crio/pods",
    fileLocking: true,
    lockPath: "/run/crio.lock",
    imageStore: "",
    versionFile: "/var/run/crio/version",
    versionFilePersist: "",
    internalWipe: true,
    kpodStateDir: "/var/lib/kpod",
  };
}

export const rootKeys: ConfigKeys<RootConfig> = {
  root: { name: "root", kind: pathOrUnset },
  runRoot: { name: "runroot", kind: pathOrUnset },
  storage: { name: "storage_driver", kind: textOrUnset },
  storageOptions: { name: "storage_option", kind: growingTexts },
  logDir: { name: "log_dir", kind: path },
  fileLocking: { name: "file_locking", kind: boolean },
  lockPath: { name: "lock_path", alias: "file_locking_path", kind: path, later: true },
  imageStore: { name: "imagestore", kind: pathOrNone, later: true },
  versionFile: { name: "version_file", kind: pathOrNone, later: true },
  versionFilePersist: { name: "version_file_persist", kind: pathOrNone, later: true },
  internalWipe: { name: "internal_wipe", kind: boolean, later: true },
  kpodStateDir: { name: "kpod_state_dir", kind: path, later: true },
};

/** How a running CRI-O is spoken to: the table `[crio.api]`. `APIConfig` of CRI-O. */
export interface ApiConfig {
  /** Path of its socket (`listen`); that of CRI-O 1.0 was /var/run/crio.sock. */
  listen: string;
}

/** The default of CRI-O since 1.9. */
export function defaultApiConfig(): ApiConfig {
  return { listen: "/var/run/crio/crio.sock" };
}

export const apiKeys: ConfigKeys<ApiConfig> = {
  listen: { name: "listen", kind: text, later: true },
};
