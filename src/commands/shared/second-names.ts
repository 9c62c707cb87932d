import { Method } from "../../format/template/index";

/**
 * Gives fields of a template's data second names: as docker or podman spell them where kpod has another word. A template
 * can ask for these; they are not printed with the whole, and no shell offers them.
 * @param names the second names, each with the name of the field that it stands for
 */
export function withSecondNames<T extends object>(fields: T, names: Readonly<Record<string, keyof T>>): T {
  for (const [name, field] of Object.entries(names))
    Object.defineProperty(fields, name, { get: () => fields[field], enumerable: false });
  return fields;
}

/** Gives it something to call, likewise. */
export function withMethod<T extends object>(fields: T, name: string, method: object): T {
  return Object.defineProperty(fields, name, { value: method, enumerable: false });
}

/** `{{.Label "app"}}`: the value of a label, "" for one that is not there. */
export function labelMethod(labels: () => Readonly<Record<string, string>>): Method {
  return new Method(["string"], ([key]) => {
    const all = labels();
    return typeof key === "string" && Object.hasOwn(all, key) ? (all[key] ?? "") : "";
  });
}
