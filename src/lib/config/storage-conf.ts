import type { ConfigFields } from "./fields";
import { boolean, pathOrUnset, text, texts, textOrUnset, type ConfigKeys } from "./keys";
import { readKeys } from "./read";
import { findKey, readTomlFile, subsection, wrongValue, type TomlSection } from "./toml-file";

/** What storage.conf, the configuration of containers/storage, sets of a configuration. */
type StorageFields = Pick<
  ConfigFields,
  "root" | "runRoot" | "storage" | "storageOptions" | "imageStore" | "transientStore"
>;

const storageKeys: ConfigKeys<Omit<StorageFields, "storageOptions">> = {
  root: { name: "graphroot", kind: pathOrUnset },
  runRoot: { name: "runroot", kind: pathOrUnset },
  storage: { name: "driver", kind: textOrUnset },
  imageStore: { name: "imagestore", kind: pathOrUnset },
  transientStore: { name: "transient_store", kind: boolean },
};

/** Further stores that are read only, and the option of the driver that names one. */
const storeLists = {
  additionalimagestores: "imagestore",
  additionallayerstores: "additionallayerstore",
} as const;

/** The keys of `[storage.options.DRIVER]` that containers/storage hands to the driver. */
const driverKeys: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "overlay",
    [
      "ignore_chown_errors",
      "mount_program",
      "mountopt",
      "size",
      "inodes",
      "skip_mount_home",
      "force_mask",
      "use_composefs",
    ],
  ],
  ["vfs", ["ignore_chown_errors"]],
  ["btrfs", ["min_space", "size"]],
  ["zfs", ["fsname", "mountopt", "size"]],
]);

/**
 * Reads a storage.conf: root, runroot, driver and image store as far as it sets them, and the options of the
 * driver as containers/storage spells them (`overlay.mountopt=nodev`).
 * @throws KpodError BAD_CONFIG as {@link Config.updateFromFile}
 */
export function readStorageConf(path: string, before: ConfigFields): Partial<StorageFields> {
  const storage = subsection(readTomlFile(path), "storage");
  const fields: Partial<StorageFields> = readKeys(storage, storageKeys, before);
  const options = storage === undefined ? undefined : subsection(storage, "options");
  if (options === undefined) return fields;
  const storageOptions = readOptions(options, fields.storage ?? before.storage);
  return storageOptions.length === 0 ? fields : { ...fields, storageOptions };
}

function readOptions(options: TomlSection, driver: string): string[] {
  const family = driver === "overlay2" ? "overlay" : driver;
  const own = driverKeys.has(family) ? subsection(options, family) : undefined;
  const stores = Object.entries(storeLists).flatMap(([key, option]) =>
    readList(options, key).map((path) => `${driver}.${option}=${path}`),
  );
  const settings = (driverKeys.get(family) ?? []).flatMap((key) => {
    // Before there was a table for each driver, the keys stood in [storage.options] itself.
    const value = readText(own, key) || readText(options, key);
    return value === "" ? [] : [`${driver}.${key}=${value}`];
  });
  return [...stores, ...settings];
}

function readText(section: TomlSection | undefined, name: string): string {
  const key = section === undefined ? undefined : findKey(section, name);
  if (section === undefined || key === undefined) return "";
  const value = text.decode(section.values[key]);
  if (value === undefined) throw wrongValue(section, key, text.expected);
  return value;
}

function readList(section: TomlSection, name: string): string[] {
  const key = findKey(section, name);
  if (key === undefined) return [];
  const value = texts.decode(section.values[key]);
  if (value === undefined) throw wrongValue(section, key, texts.expected);
  return value;
}
