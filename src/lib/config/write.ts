import type { ConfigFields } from "./fields";
import { imageKeys } from "./image-config";
import { fieldsOf, type ConfigKeys } from "./keys";
import { networkKeys } from "./network-config";
import { apiKeys, rootKeys } from "./root-config";
import { runtimeKeys } from "./runtime-config";
import { defaultRuntimeHandler, handlerKeys } from "./runtime-handlers";
import { findTable, mergeTables, newTable, tableAt, writeToml, type TomlTable } from "./toml-tree";

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

const handlersPath = ["crio", "runtime", "runtimes"];

const knownKeys = new Map<string, ReadonlySet<string>>([
  ["crio", namesOf(rootKeys, "api", "runtime", "image", "network")],
  ["crio.api", namesOf(apiKeys)],
  ["crio.runtime", namesOf(runtimeKeys, "runtimes")],
  ["crio.image", namesOf(imageKeys)],
  ["crio.network", namesOf(networkKeys)],
]);
const knownHandlerKeys = namesOf(handlerKeys);

/**
 * Adds to a tree what a file holds beside the keys known here, such as the rest of `[crio.api]` and the keys of newer
 * versions, so that writing the configuration keeps it. Like the keys that are known, later ones take the
 * place of earlier ones, and the table of a handler that of the whole handler.
 */
export function addUnknownKeys(into: TomlTable, file: TomlTable): void {
  const unknown = unknownIn(file, new Set(["crio"]));
  const handlers = findTable(into, handlersPath)?.keys;
  for (const name of findTable(unknown, handlersPath)?.keys.keys() ?? []) handlers?.delete(name);
  mergeTables(into, unknown);
}

/** The keys of a table that are not among its known ones, and of the tables in it likewise. */
function unknownIn(table: TomlTable, known: ReadonlySet<string>, path: readonly string[] = []): TomlTable {
  const unknown = newTable();
  for (const [key, node] of table.keys) {
    // As when they are read, the case of known keys does not count.
    const lower = key.toLowerCase();
    if (!known.has(lower)) unknown.keys.set(key, node);
    else if (node.type === "table") {
      const rest = unknownInKnown(node, [...path, lower]);
      if (rest.keys.size > 0) unknown.keys.set(lower, rest);
    }
  }
  return unknown;
}

function unknownInKnown(table: TomlTable, path: readonly string[]): TomlTable {
  if (path.join(".") === handlersPath.join(".")) return unknownInHandlers(table);
  const known = knownKeys.get(path.join("."));
  // A known key whose value is a table, such as `platform_runtime_paths`, is known with all that is in it.
  return known === undefined ? newTable() : unknownIn(table, known, path);
}

/** Every handler, be it an empty one: it takes the place of what an earlier file said of it. */
function unknownInHandlers(table: TomlTable): TomlTable {
  const handlers = newTable();
  for (const [name, node] of table.keys) {
    if (node.type === "table") handlers.keys.set(name, unknownIn(node, knownHandlerKeys));
  }
  return handlers;
}

function namesOf<T>(keys: ConfigKeys<T>, ...tables: string[]): ReadonlySet<string> {
  return new Set([...fieldsOf(keys).map((field) => keys[field].name), ...tables]);
}
