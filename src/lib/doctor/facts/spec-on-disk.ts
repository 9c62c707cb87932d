import { tolerate } from "../../errors";
import type { StorageId } from "../../names/ids";
import { annotations } from "../../oci/annotations";
import type { Spec } from "../../oci/spec";
import { readSpec } from "../../oci/spec-file";
import type { Store } from "../../storage/store";
import { textMap } from "../../system/go-json";

/** What the spec of a container tells that no record has. */
export interface SpecOnDisk {
  /** Where it may lie: the one that lives through a reboot, and that of the bundle. */
  readonly directories: readonly string[];
  /** Undefined where neither can be read. */
  readonly spec: Spec | undefined;
  /** Its annotations; none where they are no texts. */
  readonly told: Readonly<Record<string, string>>;
  /** The layer that it is mounted from. */
  readonly layer: string | undefined;
}

/** Reads the spec of a container by its id alone. What cannot be read tells nothing. */
export function specOnDisk(store: Store, id: StorageId): SpecOnDisk {
  const directories = [store.userdataDirectory(id), store.runUserdataDirectory(id)];
  const spec = tolerate(undefined, () => readSpec(directories.map((each) => `${each}/config.json`)));
  const told = tolerate<Record<string, string>, Record<string, string>>({}, () => textMap(spec?.annotations));
  const path = told[annotations.mountPoint] ?? spec?.root?.path ?? "";
  return { directories, spec, told, layer: /\/([0-9a-f]{64})\/merged$/.exec(path)?.[1] };
}
