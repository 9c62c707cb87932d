import type { ConfigFields } from "./fields";
import { imageKeys } from "./image-config";
import { fieldsOf, type ConfigKeys } from "./keys";
import { networkKeys } from "./network-config";
import { apiKeys, rootKeys } from "./root-config";
import { runtimeKeys } from "./runtime-config";
import { defaultRuntimeHandler, handlerKeys, type RuntimeHandler } from "./runtime-handlers";
import { keyFinder, subsection, wrongValue, type TomlSection } from "./toml-file";

/**
 * What a crio.conf changes of the values before it: the fields it sets, and no others.
 * @throws KpodError BAD_CONFIG for a value of the wrong type; it names file, line and key
 */
export function readFields(file: TomlSection, before: ConfigFields): Partial<ConfigFields> {
  const crio = subsection(file, "crio");
  if (crio === undefined) return {};
  const runtime = subsection(crio, "runtime");
  return {
    ...readKeys(crio, rootKeys, before),
    ...readKeys(subsection(crio, "api"), apiKeys, before),
    ...readKeys(runtime, runtimeKeys, before),
    ...readKeys(subsection(crio, "image"), imageKeys, before),
    ...readKeys(subsection(crio, "network"), networkKeys, before),
    ...readHandlers(runtime === undefined ? undefined : subsection(runtime, "runtimes"), before),
  };
}

/** The fields that a table sets, undefined standing for a table that is not there. */
export function readKeys<T>(
  section: TomlSection | undefined,
  keys: ConfigKeys<T>,
  before: Readonly<T>,
): Partial<T> {
  const fields: Partial<T> = {};
  if (section === undefined) return fields;
  const keyOf = keyFinder(section);
  for (const field of fieldsOf(keys)) {
    const { name, alias, kind } = keys[field];
    const key = keyOf(name) ?? (alias === undefined ? undefined : keyOf(alias));
    if (key === undefined) continue;
    const value = kind.decode(section.values[key]);
    if (value === undefined) throw wrongValue(section, key, kind.expected);
    const combined = kind.combine === undefined ? value : kind.combine(before[field], value);
    // A value that leaves things as they were ("" for root) has not set them.
    if (combined !== before[field] || value === combined) fields[field] = combined;
  }
  return fields;
}

/** A handler's table takes the place of the whole handler; the others stay. */
function readHandlers(
  section: TomlSection | undefined,
  before: ConfigFields,
): Partial<Pick<ConfigFields, "runtimes">> {
  if (section === undefined) return {};
  const handlers = Object.keys(section.values).map((name): [string, RuntimeHandler] => {
    const nothing = defaultRuntimeHandler();
    return [name, { ...nothing, ...readKeys(subsection(section, name), handlerKeys, nothing) }];
  });
  return { runtimes: { ...before.runtimes, ...Object.fromEntries(handlers) } };
}
