import { Method } from "../../format/template/index";

/** Gives fields of a template's data something to call, which is not printed with the whole. */
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

/** Labels as docker writes them: `a=1,b=2`. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
