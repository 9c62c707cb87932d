import type { Parameter, TemplateFunction } from "./function";

/**
 * A value that prints as a text of its own, as Go's types with a String method do: a size that prints as
 * `1.2kB` and compares as a number, labels that print as `a=1,b=2` and have fields.
 */
export class Stringer {
  readonly value: unknown;
  readonly text: string;

  constructor(value: unknown, text: string) {
    this.value = value;
    this.text = text;
  }
}

/**
 * Something that a template calls by the name of a field, with arguments, as Go's methods: `{{.Label "app"}}`. It may
 * only be a field of a struct that is not enumerable.
 */
export class Method implements TemplateFunction {
  readonly parameters: readonly Parameter[];
  readonly call: TemplateFunction["call"];

  constructor(parameters: readonly Parameter[], call: TemplateFunction["call"]) {
    this.parameters = parameters;
    this.call = call;
  }
}

/**
 * What a value is to a template. Data are plain: texts, numbers, booleans, arrays, null (Go's nil), `Map` (Go's
 * map) and plain objects (Go's struct). `undefined` is what a map has for a key it lacks; it prints as
 * `<no value>`.
 */
export type Kind = "none" | "nil" | "bool" | "int" | "float" | "string" | "list" | "map" | "struct";

/**
 * A struct of the data: a plain object, of which only own properties count. Those that are not enumerable are
 * second names of fields: a template can ask for them, and they are not printed.
 */
export type Struct = Readonly<Record<string, unknown>>;

/** The value below what it prints as. */
export function plain(value: unknown): unknown {
  return value instanceof Stringer ? value.value : value;
}

/** What a value is. @throws TypeError for what templates must not be given: functions, instances of classes */
export function kindOf(value: unknown): Kind {
  const inner = plain(value);
  switch (typeof inner) {
    case "undefined":
      return "none";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(inner) && Math.abs(inner) < 2 ** 63 ? "int" : "float";
    case "string":
      return "string";
    default:
      if (inner === null) return "nil";
      if (isList(inner)) return "list";
      if (isMap(inner)) return "map";
      if (isStruct(inner)) return "struct";
      throw new TypeError(`a template cannot be given ${Object.prototype.toString.call(inner)}`);
  }
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function isMap(value: unknown): value is ReadonlyMap<string, unknown> {
  return value instanceof Map;
}

/** True for objects without a class of their own: nothing of JavaScript's insides is reached through them. */
export function isStruct(value: unknown): value is Struct {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The field of a struct; undefined when it has none of that name. */
export function fieldOf(struct: Struct, name: string): { readonly value: unknown } | undefined {
  if (!Object.hasOwn(struct, name)) return undefined;
  // A field that is not set is there all the same.
  return { value: struct[name] ?? null };
}

/**
 * Data in which the objects under some names are maps (labels, annotations) and not structs: a key they lack
 * prints as `<no value>` and is no error.
 */
export function withMaps(data: unknown, names: ReadonlySet<string>): unknown {
  if (isList(data)) return data.map((element) => withMaps(element, names));
  if (!isStruct(data)) return data;
  const entries = Object.entries(data).map(([name, value]): [string, unknown] => {
    const inner = withMaps(value, names);
    return [name, names.has(name) && isStruct(inner) ? new Map(Object.entries(inner)) : inner];
  });
  return Object.fromEntries(entries);
}

/** The entries of a map in the order of their keys, as Go walks and prints them. */
export function sortedEntries(map: ReadonlyMap<string, unknown>): readonly (readonly [string, unknown])[] {
  return [...map].sort(([a], [b]) => compareText(a, b));
}

/** Compares texts as Go does, by the bytes of their UTF-8. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const plainOnes = /^[\0-\x7f]*$/;
  if (plainOnes.test(a) && plainOnes.test(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What `if`, `with`, `and`, `or` and `not` take for true: what is neither false, 0, empty nor missing. */
export function isTrue(value: unknown): boolean {
  const inner = plain(value);
  if (isList(inner)) return inner.length > 0;
  if (isMap(inner)) return inner.size > 0;
  return Boolean(inner);
}

/** The name of a value's type in messages, as Go would name it. */
export function typeName(value: unknown, structName = "struct"): string {
  const inner = plain(value);
  const kind = kindOf(inner);
  switch (kind) {
    case "none":
    case "nil":
      return "interface {}";
    case "float":
      return "float64";
    case "list":
      return `[]${elementType(isList(inner) ? inner : [])}`;
    case "map":
      return `map[string]${elementType(isMap(inner) ? [...inner.values()] : [])}`;
    case "struct":
      return structName;
    default:
      return kind;
  }
}

/** True for a list or map of texts only; so is an empty one. */
export function holdsTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

function elementType(values: readonly unknown[]): string {
  if (values.length === 0) return "string";
  const names = new Set(values.map((value) => typeName(value)));
  const [first = "interface {}"] = names;
  return names.size === 1 ? first : "interface {}";
}
