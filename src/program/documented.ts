import { crioDefaults } from "../lib/config/crio-defaults";
import { newestCrio } from "../lib/config/crio-version";
import { fieldsOf, type ConfigKeys } from "../lib/config/keys";
import { defaultImageConfig, imageKeys } from "../lib/config/image-config";
import { defaultNetworkConfig, networkKeys } from "../lib/config/network-config";
import { apiKeys, defaultApiConfig, defaultRootConfig, rootKeys } from "../lib/config/root-config";
import { defaultRuntimeConfig, runtimeKeys } from "../lib/config/runtime-config";
import { defaultRuntimeHandler, handlerKeys } from "../lib/config/runtime-handlers";

// Everything that scripts/docs.mjs makes the manual and the completions from. No part of kpod needs this file.
export { completionScript, shells } from "./completion/scripts/completion-script";
export { commandGroups } from "../shell/command";
export { globalFlags } from "../shell/global-flags";
export { commands } from "./command-list";
export { checks } from "../lib/doctor/check-list";

/** A key of crio.conf as its manual page shows it. */
export interface DocumentedKey {
  readonly name: string;
  /** Another name that is understood. */
  readonly alias: string | undefined;
  /** What its value must be, as the end of a sentence. */
  readonly expected: string;
  /** The default of the newest CRI-O as TOML. */
  readonly standard: string;
  /** That of CRI-O 1.0, where the versions differ. */
  readonly first: string | undefined;
}

/** The keys of crio.conf that kpod reads, by the table they stand in. */
export const configTables: readonly { readonly table: string; readonly keys: readonly DocumentedKey[] }[] = [
  { table: "crio", keys: documented(rootKeys, defaultRootConfig()) },
  { table: "crio.api", keys: documented(apiKeys, defaultApiConfig()) },
  { table: "crio.runtime", keys: documented(runtimeKeys, defaultRuntimeConfig()) },
  { table: "crio.runtime.runtimes.NAME", keys: documented(handlerKeys, defaultRuntimeHandler()) },
  { table: "crio.image", keys: documented(imageKeys, defaultImageConfig()) },
  { table: "crio.network", keys: documented(networkKeys, defaultNetworkConfig()) },
];

function documented<T>(keys: ConfigKeys<T>, defaults: T): DocumentedKey[] {
  return fieldsOf(keys).map((field) => {
    const { name, alias, kind } = keys[field];
    const first = kind.encode(defaults[field]);
    const newest: Partial<T> = { ...defaults, ...crioDefaults(newestCrio) };
    const standard = kind.encode(newest[field] ?? defaults[field]);
    return { name, alias, expected: kind.expected, standard, first: first === standard ? undefined : first };
  });
}
