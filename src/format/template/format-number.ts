import { padText, type Format } from "./format-text";
import { goQuoteCharacter } from "./quote";

const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const prefixes: Readonly<Record<string, string>> = { b: "0b", o: "0", O: "0o", x: "0x", X: "0X" };

/** A whole number as Go's fmt writes it; undefined for a verb that does not take one. */
export function formatInteger(value: number, verb: string, format: Format): string | undefined {
  const base = bases[verb];
  if (base !== undefined) return integerText(value, base, verb, format);
  switch (verb) {
    case "c":
      return padText(characterOf(value), format);
    case "q":
      return padText(goQuoteCharacter(value, format.plus), format);
    case "U": {
      const code = value
        .toString(16)
        .toUpperCase()
        .padStart(Math.max(4, format.precision ?? 0), "0");
      return padText(`U+${code}${format.sharp ? ` '${characterOf(value)}'` : ""}`, {
        ...format,
        zero: false,
      });
    }
    default:
      return undefined;
  }
}

function characterOf(code: number): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return valid ? String.fromCodePoint(code) : "\ufffd";
}

function integerText(value: number, base: number, verb: string, format: Format): string {
  const { width, precision } = format;
  if (precision === 0 && value === 0) return padText("", { ...format, zero: false });
  const sign = value < 0 ? "-" : signOf(format);
  const zeros = precision ?? (format.zero && width !== undefined ? width - sign.length : 0);
  // BigInt writes large numbers in full.
  const digits = BigInt(Math.abs(value)).toString(base).padStart(zeros, "0");
  const cased = verb === "X" ? digits.toUpperCase() : digits;
  const wantsPrefix = verb === "O" || (format.sharp && !(verb === "o" && cased.startsWith("0")));
  const prefix = wantsPrefix ? (prefixes[verb] ?? "") : "";
  return padText(sign + prefix + cased, { ...format, zero: false });
}

/** A number with a fraction as Go's fmt writes it; undefined for a verb that does not take one. */
export function formatFloat(value: number, verb: string, format: Format): string | undefined {
  const text = floatDigits(Math.abs(value), verb, format.precision);
  if (text === undefined) return undefined;
  const sign = value < 0 ? "-" : signOf(format);
  if (!format.zero || !Number.isFinite(value)) return padText(sign + text, { ...format, zero: false });
  return sign + text.padStart((format.width ?? 0) - sign.length, "0");
}

function signOf({ plus, space }: Format): string {
  return plus ? "+" : space ? " " : "";
}

function floatDigits(value: number, verb: string, precision: number | undefined): string | undefined {
  if (!Number.isFinite(value) && /^[vgGeEfF]$/.test(verb)) return Number.isNaN(value) ? "NaN" : "Inf";
  switch (verb) {
    case "f":
    case "F":
      return fixed(value, precision ?? 6);
    case "e":
    case "E":
      return cased(exponential(value, precision ?? 6), verb);
    case "v":
    case "g":
    case "G":
      return cased(general(value, precision), verb);
    default:
      return undefined;
  }
}

function cased(text: string, verb: string): string {
  return /[A-Z]/.test(verb) ? text.toUpperCase() : text;
}

/** The most digits that JavaScript gives; a number has no more that say anything. */
const mostDigits = 100;

function fixed(value: number, precision: number): string {
  const digits = Math.min(precision, mostDigits);
  const text =
    value >= 1e21 ? `${BigInt(value)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}` : rounded(value, digits);
  return text + "0".repeat(precision - digits);
}

/** Halves go to the even neighbour, as in Go; JavaScript takes the larger one. */
function rounded(value: number, digits: number): string {
  const text = value.toFixed(digits);
  const exact = value.toFixed(Math.min(mostDigits, digits + 30)).slice(-30);
  const half = digits + 30 <= mostDigits && /^50*$/.test(exact);
  if (!half || /[02468]$/.test(text)) return text;
  const below = BigInt(text.replace(".", "")) - 1n;
  const all = below.toString().padStart(digits + 1, "0");
  return digits === 0 ? all : `${all.slice(0, -digits)}.${all.slice(-digits)}`;
}

/** Go writes at least two digits of an exponent. */
function exponential(value: number, precision: number | undefined): string {
  const digits = precision === undefined ? undefined : Math.min(precision, mostDigits);
  return value.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
}

/** The shorter of both ways of writing: an exponent below 1e-4 and from the precision on. */
function general(value: number, precision: number | undefined): string {
  const significant = precision === undefined ? undefined : Math.max(1, precision);
  const [mantissa = "", power = "0"] = exponential(value, significant && significant - 1).split("e");
  const digits = mantissa.replace(".", "").replace(/(?<=.)0+$/, "");
  const exponent = Number(power);
  const limit = significant === undefined ? 21 : Math.max(significant, digits.length);
  if (exponent < -4 || exponent >= limit)
    return `${digits.slice(0, 1)}${digits.length > 1 ? `.${digits.slice(1)}` : ""}e${power}`;
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return digits.length > exponent + 1 ? `${whole}.${digits.slice(exponent + 1)}` : whole;
}
