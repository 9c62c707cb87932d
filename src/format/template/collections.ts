import { FunctionError, type FunctionTable } from "./function";
import { holdsTexts, isList, isMap, kindOf, plain, typeName } from "./values";

/** Functions that look into lists, maps and texts. Texts are counted and cut by the bytes of their UTF-8, as in Go. */
export const collections: FunctionTable = {
  index: {
    parameters: ["any"],
    rest: "any",
    call: ([item, ...indexes]) => {
      if (isNothing(item)) throw new FunctionError("index of untyped nil");
      return indexes.reduce(indexed, item);
    },
  },
  len: { parameters: ["any"], call: ([item]) => length(item) },
  slice: {
    parameters: ["any"],
    rest: "any",
    call: ([item, ...indexes], budget) => {
      const part = sliced(item, indexes);
      budget.charge(part.length);
      return part;
    },
  },
};

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function length(item: unknown): number {
  const value = plain(item);
  if (isNothing(value)) throw new FunctionError("len of nil pointer");
  if (typeof value === "string") return Buffer.byteLength(value);
  if (isList(value)) return value.length;
  if (isMap(value)) return value.size;
  throw new FunctionError(`len of type ${typeName(value)}`);
}

function indexed(item: unknown, index: unknown): unknown {
  const value = plain(item);
  if (isNothing(value)) throw new FunctionError("index of nil pointer");
  if (isMap(value)) return entryOf(value, plain(index));
  if (typeof value !== "string" && !isList(value))
    throw new FunctionError(`can't index item of type ${typeName(value)}`);
  const elements = typeof value === "string" ? Buffer.from(value) : value;
  const at = position(index, elements.length);
  if (at === elements.length) {
    const type = typeof value === "string" ? "string" : "slice";
    throw new FunctionError(`reflect: ${type} index out of range`);
  }
  const element: unknown = elements[at];
  return element ?? null;
}

/** A key that is missing gives what Go's zero value is: "" among texts, nil among other things. */
function entryOf(map: ReadonlyMap<string, unknown>, key: unknown): unknown {
  if (isNothing(key)) throw new FunctionError("value is nil; should be of type string");
  if (typeof key !== "string") throw new FunctionError(`value has type ${typeName(key)}; should be string`);
  return map.get(key) ?? (holdsTexts([...map.values()]) ? "" : undefined);
}

function sliced(item: unknown, indexes: readonly unknown[]): string | readonly unknown[] {
  const value = plain(item);
  if (isNothing(value)) throw new FunctionError("slice of untyped nil");
  if (indexes.length > 3) throw new FunctionError(`too many slice indexes: ${indexes.length}`);
  if (typeof value !== "string" && !isList(value))
    throw new FunctionError(`can't slice item of type ${typeName(value)}`);
  if (typeof value === "string" && indexes.length === 3)
    throw new FunctionError("cannot 3-index slice a string");
  const whole = typeof value === "string" ? Buffer.from(value) : value;
  const given = indexes.map((index) => position(index, whole.length));
  const [from = 0, to = whole.length, capacity = whole.length] = given;
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`);
  if (to > capacity) throw new FunctionError(`invalid slice index: ${to} > ${capacity}`);
  return Buffer.isBuffer(whole) ? whole.subarray(from, to).toString() : whole.slice(from, to);
}

/** An index that lies in a list, or just behind it. */
function position(index: unknown, limit: number): number {
  const value = plain(index);
  if (isNothing(value)) throw new FunctionError("cannot index slice/array with nil");
  if (typeof value !== "number" || kindOf(value) !== "int")
    throw new FunctionError(`cannot index slice/array with type ${typeName(value)}`);
  if (value < 0 || value > limit) throw new FunctionError(`index out of range: ${value}`);
  return value;
}
