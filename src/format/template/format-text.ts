import { goQuote } from "./quote";

/** How one value is to be written: the flags, width and precision of a verb of Go's fmt. */
export interface Format {
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  /** `%+v`: with the names of fields. */
  readonly plusV: boolean;
  /** `%#v`: as Go's source would have it. */
  readonly sharpV: boolean;
}

/** The way of `%v`. */
export const plainFormat: Format = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
  plusV: false,
  sharpV: false,
};

/** Widens a text to the width of a format; widths count characters. */
export function padText(text: string, { width, minus, zero }: Format): string {
  const missing = (width ?? 0) - Array.from(text).length;
  if (missing <= 0) return text;
  return minus ? text + " ".repeat(missing) : (zero ? "0" : " ").repeat(missing) + text;
}

/** A text as Go's fmt writes it; undefined for a verb that does not take one. */
export function formatText(text: string, verb: string, format: Format): string | undefined {
  switch (verb) {
    case "v":
      return format.sharpV ? quoted(text, format) : padText(cut(text, format), format);
    case "s":
      return padText(cut(text, format), format);
    case "q":
      return quoted(text, format);
    case "x":
    case "X":
      return padText(hex(text, verb, format), format);
    default:
      return undefined;
  }
}

function cut(text: string, { precision }: Format): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join("");
}

function quoted(text: string, format: Format): string {
  const part = cut(text, format);
  const raw = format.sharp && !/[`\0-\x08\x0a-\x1f\x7f\ufeff]/.test(part);
  return padText(raw ? `\`${part}\`` : goQuote(part, format.plus), format);
}

function hex(text: string, verb: "x" | "X", { precision, space, sharp }: Format): string {
  const bytes = [...Buffer.from(text)].slice(0, precision);
  const pairs = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const prefix = sharp ? "0x" : "";
  const joined = space
    ? pairs.map((pair) => prefix + pair).join(" ")
    : pairs.length === 0
      ? ""
      : prefix + pairs.join("");
  return verb === "X" ? joined.toUpperCase() : joined;
}
