import { apiKeys } from "./api-config";
import type { ConfigFields } from "./fields";
import { imageKeys } from "./image-config";
import { fieldsOf, type ConfigKeys } from "./keys";
import { networkKeys } from "./network-config";
import { rootKeys } from "./root-config";
import { runtimeKeys } from "./runtime-config";
import { defaultRuntimeHandler, handlerKeys } from "./runtime-handlers";
import { newTable, type TomlTable } from "./toml-tree";
import { findTable, mergeTables, tableAt } from "./toml-merge";
import { writeToml } from "./toml-write";

/**
 * A configuration as crio.conf.
 * @param defaults what the values are where nothing is configured
 * @param isSet whether a value was set, be it to what it is anyway
 * @param unknown what the files that were read hold beside the keys known here
 */
export function writeFields(
  config: ConfigFields,
  defaults: ConfigFields,
  isSet: (field: keyof ConfigFields) => boolean,
  unknown: TomlTable,
): string {
  const document = newTable();
  const crio = tableAt(document, ["crio"]);
  const runtime = tableAt(crio, ["runtime"]);
  addKeys(crio, rootKeys, config, defaults, isSet);
  if (isSet("listen") || config.listen !== defaults.listen) {
    addKeys(tableAt(crio, ["api"]), apiKeys, config, defaults, isSet);
  }
  addKeys(runtime, runtimeKeys, config, defaults, isSet);
  for (const [name, handler] of Object.entries(config.runtimes)) {
    addKeys(tableAt(runtime, ["runtimes", name]), handlerKeys, handler, defaultRuntimeHandler(), () => false);
  }
  addKeys(tableAt(crio, ["image"]), imageKeys, config, defaults, isSet);
  addKeys(tableAt(crio, ["network"]), networkKeys, config, defaults, isSet);
  mergeTables(document, withoutHandlersBut(unknown, Object.keys(config.runtimes)));
  return writeToml(document);
}

function addKeys<T>(
  table: TomlTable,
  keys: ConfigKeys<T>,
  values: T,
  defaults: T,
  isSet: (field: keyof T) => boolean,
): void {
  for (const field of fieldsOf(keys)) {
    const { name, kind, later, replacedBy } = keys[field];
    const text = kind.encode(values[field]);
    const changed = text !== kind.encode(defaults[field]);
    const optional = later === true || (replacedBy !== undefined && isSet(replacedBy));
    if (optional && !changed && !isSet(field)) continue;
    table.keys.set(name, { type: "leaf", line: 0, lastLine: 0, text });
  }
}

/** What was unknown of a handler goes with it when it was taken out of the configuration. */
function withoutHandlersBut(unknown: TomlTable, names: readonly string[]): TomlTable {
  const handlers = findTable(unknown, ["crio", "runtime", "runtimes"])?.keys;
  for (const name of handlers?.keys() ?? []) if (!names.includes(name)) handlers?.delete(name);
  return unknown;
}
