import { plainFormat, type Format } from "./format-text";
import { formatValue, printed } from "./format-value";
import type { Budget } from "./function";
import { kindOf, plain, typeName } from "./values";

/** Go's Sprint: a space between two values of which neither is a text. */
export function sprint(args: readonly unknown[], budget: Budget): string {
  return args
    .map((arg, index) => {
      const apart = index > 0 && typeof arg !== "string" && typeof args[index - 1] !== "string";
      return (apart ? " " : "") + printedArgument(arg, budget);
    })
    .join("");
}

/** Go's Sprintln: spaces between all values, and a line feed. */
export function sprintln(args: readonly unknown[], budget: Budget): string {
  return `${args.map((arg) => printedArgument(arg, budget)).join(" ")}\n`;
}

/** What a map lacks is nil to a function. */
function printedArgument(arg: unknown, budget: Budget): string {
  return printed(arg ?? null, budget);
}

/** The widest a value is written, as in Go. */
const widest = 1_000_000;

interface Reader {
  readonly format: string;
  readonly args: readonly unknown[];
  position: number;
  /** The argument that comes next. */
  argument: number;
  /** An index was given (`%[2]d`): what is left over is not told. */
  reordered: boolean;
  goodIndex: boolean;
}

/** Go's Sprintf. What does not fit is told in the text, as Go does: `%!d(string=x)`, `%!s(MISSING)`. */
export function sprintf(format: string, args: readonly unknown[], budget: Budget): string {
  const reader: Reader = {
    format,
    args,
    position: 0,
    argument: 0,
    reordered: false,
    goodIndex: true,
  };
  let text = "";
  for (;;) {
    const percent = format.indexOf("%", reader.position);
    const literal = format.slice(reader.position, percent < 0 ? undefined : percent);
    budget.charge(literal.length);
    text += literal;
    if (percent < 0) break;
    reader.position = percent + 1;
    text += readVerb(reader, budget);
  }
  return text + leftOver(reader, budget);
}

function readVerb(reader: Reader, budget: Budget): string {
  reader.goodIndex = true;
  let notes = "";
  let flags = readFlags(reader);
  let indexed = readIndex(reader);
  const width = readNumber(reader);
  if (width === "bad") notes += "%!(BADWIDTH)";
  else if (width !== undefined) {
    flags = { ...flags, width: Math.abs(width) };
    if (width < 0) flags = { ...flags, minus: true, zero: false };
  }
  // An index belongs before the verb or before a star, not before digits.
  indexed = checkIndex(reader, indexed);
  if (reader.format[reader.position] === ".") {
    reader.position += 1;
    if (indexed) reader.goodIndex = false;
    indexed = readIndex(reader);
    const precision = readNumber(reader);
    if (typeof precision === "number" && precision >= 0) flags = { ...flags, precision };
    else if (precision === undefined) flags = { ...flags, precision: 0 };
    else notes += "%!(BADPREC)";
    indexed = checkIndex(reader, indexed);
  }
  if (!indexed) readIndex(reader);
  return notes + writeVerb(reader, flags, budget);
}

/** True when an index stands right before; after a star it is used up, after digits it is wrong. */
function checkIndex(reader: Reader, indexed: boolean): boolean {
  const before = reader.format.charAt(reader.position - 1);
  if (before === "*") return false;
  if (indexed && /\d/.test(before)) reader.goodIndex = false;
  return indexed;
}

function writeVerb(reader: Reader, flags: Format, budget: Budget): string {
  const code = reader.format.codePointAt(reader.position);
  if (code === undefined) return "%!(NOVERB)";
  const verb = String.fromCodePoint(code);
  reader.position += verb.length;
  if (verb === "%") return "%";
  if (!reader.goodIndex) return `%!${verb}(BADINDEX)`;
  if (reader.argument >= reader.args.length) return `%!${verb}(MISSING)`;
  const value = reader.args[reader.argument] ?? null;
  reader.argument += 1;
  const { plus, sharp } = flags;
  const valueFlags =
    verb === "v" ? { ...flags, plus: false, sharp: false, plusV: plus, sharpV: sharp } : flags;
  return formatValue(value, verb, valueFlags, budget);
}

function readFlags(reader: Reader): Format {
  const given = /^[#0+\- ]*/.exec(reader.format.slice(reader.position, reader.position + 100))?.[0] ?? "";
  reader.position += given.length;
  const minus = given.includes("-");
  return {
    ...plainFormat,
    plus: given.includes("+"),
    minus,
    sharp: given.includes("#"),
    space: given.includes(" "),
    zero: given.includes("0") && !minus,
  };
}

/** `[n]` before a verb or a `*`: the number of the argument. True where there is a good one. */
function readIndex(reader: Reader): boolean {
  if (reader.format[reader.position] !== "[") return false;
  reader.reordered = true;
  const close = reader.format.indexOf("]", reader.position);
  const inside = close < 0 ? "" : reader.format.slice(reader.position + 1, close);
  const index = /^\d{1,7}$/.test(inside) ? Number(inside) : 0;
  reader.position = close < 0 ? reader.position + 1 : close + 1;
  const good = index >= 1 && index <= reader.args.length;
  if (good) reader.argument = index - 1;
  else reader.goodIndex = false;
  return good;
}

/** A width or precision: digits, or `*` for the next argument. */
function readNumber(reader: Reader): number | "bad" | undefined {
  if (reader.format[reader.position] === "*") {
    reader.position += 1;
    const value = plain(reader.args[reader.argument]);
    reader.argument += 1;
    return typeof value === "number" && kindOf(value) === "int" && Math.abs(value) <= widest ? value : "bad";
  }
  const digits = /^\d+/.exec(reader.format.slice(reader.position, reader.position + 20))?.[0];
  if (digits === undefined) return undefined;
  if (Number(digits) > widest) {
    // Go gives the whole verb up.
    reader.position = reader.format.length;
    return undefined;
  }
  reader.position += digits.length;
  return Number(digits);
}

function leftOver({ reordered, argument, args }: Reader, budget: Budget): string {
  if (reordered || argument >= args.length) return "";
  const texts = args
    .slice(argument)
    .map((arg) => (arg === null || arg === undefined ? "<nil>" : `${typeName(arg)}=${printed(arg, budget)}`));
  return `%!(EXTRA ${texts.join(", ")})`;
}
