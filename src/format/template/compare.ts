import { FunctionError, type FunctionTable } from "./function";
import { compareText, kindOf, plain, typeName, type Kind } from "./values";

/**
 * `eq` with several arguments is true when the first equals any of the others. Whole numbers and others compare
 * as numbers: unlike Go's, those of the data have no types that could differ.
 */
export const comparisons: FunctionTable = {
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
