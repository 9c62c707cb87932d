import { FunctionError, type FunctionTable, type TemplateFunction } from "./function";
import { sprint, sprintf, sprintln } from "./print";
import { textFunctions } from "./text-functions";
import { compareText, holdsTexts, isList, isMap, isTrue, kindOf, plain, typeName, type Kind } from "./values";

/** The evaluator does not evaluate more arguments of `and` and `or` than it needs, and never calls them. */
const logic: FunctionTable = {
  and: { parameters: ["any"], rest: "any", call: (args) => args.at(-1) },
  or: { parameters: ["any"], rest: "any", call: (args) => args.at(-1) },
  not: { parameters: ["any"], call: ([value]) => !isTrue(value) },
};

const printing: FunctionTable = {
  print: { parameters: [], rest: "any", call: sprint },
  println: { parameters: [], rest: "any", call: sprintln },
  printf: {
    parameters: ["string"],
    rest: "any",
    call: ([format, ...args], budget) => sprintf(String(format), args, budget),
  },
};

/**
 * `eq` with several arguments is true when the first equals any of the others. Whole numbers and others compare
 * as numbers: unlike Go's, those of the data have no types that could differ.
 */
const comparisons: FunctionTable = {
  eq: {
    parameters: ["any"],
    rest: "any",
    call: ([first, ...others]) => {
      if (others.length === 0) throw new FunctionError("missing argument for comparison");
      return others.some((other) => equal(first, other));
    },
  },
  ne: { parameters: ["any", "any"], call: ([a, b]) => !equal(a, b) },
  lt: { parameters: ["any", "any"], call: ([a, b]) => less(a, b) },
  le: { parameters: ["any", "any"], call: ([a, b]) => less(a, b) || equal(a, b) },
  gt: { parameters: ["any", "any"], call: ([a, b]) => !less(a, b) && !equal(a, b) },
  ge: { parameters: ["any", "any"], call: ([a, b]) => !less(a, b) },
};

type Basic = "bool" | "number" | "string" | "nil" | undefined;

function basicKind(kind: Kind): Basic {
  switch (kind) {
    case "int":
    case "float":
      return "number";
    case "bool":
    case "string":
      return kind;
    case "none":
    case "nil":
      return "nil";
    default:
      return undefined;
  }
}

function equal(a: unknown, b: unknown): boolean {
  const kinds = [basicKind(kindOf(a)), basicKind(kindOf(b))];
  // Nothing equals nothing, and nothing else.
  if (kinds.includes("nil")) return kinds[0] === kinds[1];
  if (kinds[0] !== kinds[1]) throw new FunctionError("incompatible types for comparison");
  if (kinds[0] === undefined) throw new FunctionError(`non-comparable type ${typeName(a)}`);
  return plain(a) === plain(b);
}

function less(a: unknown, b: unknown): boolean {
  const kinds = [basicKind(kindOf(a)), basicKind(kindOf(b))];
  if (kinds.some((kind) => kind === undefined || kind === "nil"))
    throw new FunctionError("invalid type for comparison");
  if (kinds[0] !== kinds[1]) throw new FunctionError("incompatible types for comparison");
  if (kinds[0] === "bool") throw new FunctionError("invalid type for comparison");
  const [left, right] = [plain(a), plain(b)];
  if (typeof left === "string" && typeof right === "string") return compareText(left, right) < 0;
  return Number(left) < Number(right);
}

/** Functions that look into lists, maps and texts. Texts are counted and cut by the bytes of their UTF-8, as in Go. */
const collections: FunctionTable = {
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

/** The functions of Go's templates (without those for HTML and JavaScript) and those of docker and podman. */
export const functions: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...logic, ...comparisons, ...collections, ...printing, ...textFunctions }),
);
