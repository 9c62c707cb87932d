import { writeList, writeString, writeStringTable } from "./toml-tree";

/** How the value of one key is told apart from nonsense, taken over and written. */
export interface ValueKind<V> {
  /** What the value must be, as the end of a sentence: "an integer". */
  readonly expected: string;
  /** The value, undefined when what the file holds is not of this kind. */
  decode(value: unknown): V | undefined;
  /** The value as the text of an environment variable, undefined when it is not of this kind. */
  parse(text: string): V | undefined;
  /** The value as TOML. */
  encode(value: V): string;
  /** What is in force once a later file says `read`; without this function it is what was read. */
  combine?(before: V, read: V): V;
}

/** One key of a table of crio.conf and the field of Config it fills. */
export interface ConfigKey<V, Field = string> {
  /** Its name in the file. */
  readonly name: string;
  /** A name some version gave it, understood where the name itself is not there. */
  readonly alias?: string;
  readonly kind: ValueKind<V>;
  /** True for a key that CRI-O 1.0.0 did not have: written only when it was set or changed. */
  readonly later?: true;
  /** The field that later versions have instead: where that is set, this one is written only if set too. */
  readonly replacedBy?: Field;
}

/** The keys of one table, by the field that each fills. */
export type ConfigKeys<T> = { readonly [F in keyof T]: ConfigKey<T[F], keyof T> };

/** What of a configuration says whether somebody has set a field. */
export interface SourcesOf<Field extends string> {
  readonly sources: { has(field: Field): boolean };
}

/** The fields of a table of keys, typed as such, which Object.keys does not do. */
export function fieldsOf<T>(keys: ConfigKeys<T>): (keyof T)[] {
  return Object.keys(keys) as (keyof T)[];
}

const isString = (value: unknown): value is string => typeof value === "string";

/** A kind of strings that are told apart by their text alone, in a file as in the environment. */
export function stringKind<V extends string>(
  expected: string,
  check: (value: string) => V | undefined,
): ValueKind<V> {
  return {
    expected,
    decode: (value) => (isString(value) ? check(value) : undefined),
    parse: check,
    encode: writeString,
  };
}

/** An absolute path means the same place for kpod and for CRI-O, whose working directory is not kpod's. */
const absolute = (value: string): string | undefined => (value.startsWith("/") ? value : undefined);

/** For keys where "" counts as not set, so that what was in force before stays. */
const keepWhenEmpty = (before: string, read: string): string => (read === "" ? before : read);

/** Any string. */
export const text: ValueKind<string> = stringKind("a string", (value) => value);

/** Any string; "" leaves what was in force before. */
export const textOrUnset: ValueKind<string> = { ...text, combine: keepWhenEmpty };

/** An absolute path. */
export const path: ValueKind<string> = stringKind("an absolute path", absolute);

/** An absolute path, or "" for none. */
export const pathOrNone: ValueKind<string> = stringKind('an absolute path or ""', (value) =>
  value === "" ? value : absolute(value),
);

/** An absolute path; "" leaves what was in force before. */
export const pathOrUnset: ValueKind<string> = { ...pathOrNone, combine: keepWhenEmpty };

/** True or false; in the environment in any of the spellings that Go's ParseBool takes. */
export const boolean: ValueKind<boolean> = {
  expected: "true or false",
  decode: (value) => (typeof value === "boolean" ? value : undefined),
  parse: (value) => {
    if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
    return /^(?:0|f|F|FALSE|false|False)$/.test(value) ? false : undefined;
  },
  encode: String,
};

/** A whole number that JavaScript holds exactly, which is enough for pids and bytes. */
export const integer: ValueKind<number> = {
  expected: "an integer",
  decode: (value) => (typeof value === "number" && Number.isSafeInteger(value) ? value : undefined),
  parse: (value) => (/^[+-]?\d+$/.test(value) ? integer.decode(Number(value)) : undefined),
  encode: String,
};

/** A number of bytes, or a string such as "10MiB". */
export const size: ValueKind<number> = {
  expected: 'a number of bytes or a size such as "10MiB"',
  decode: (value) => (isString(value) ? parseLogSize(value) : integer.decode(value)),
  parse: parseLogSize,
  encode: String,
};

/** A list of strings; one in a later file takes the place of the whole list. */
export const texts: ValueKind<string[]> = {
  expected: "a list of strings",
  decode: (value) => (Array.isArray(value) && value.every(isString) ? [...value] : undefined),
  parse: (value) => value.split(","),
  encode: writeList,
};

/** A list of strings that grows with every file, as CRI-O does it with the options of the store. */
export const growingTexts: ValueKind<string[]> = {
  ...texts,
  combine: (before, read) => [...new Set([...before, ...read])],
};

/** A table whose values are strings. */
export const stringTable: ValueKind<Record<string, string>> = {
  expected: "a table of strings",
  decode: (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value);
    const strings = entries.filter((entry): entry is [string, string] => isString(entry[1]));
    return strings.length === entries.length ? Object.fromEntries(strings) : undefined;
  },
  parse: () => undefined,
  encode: writeStringTable,
};

/** One of a few words. */
export function oneOf<W extends string>(...words: readonly W[]): ValueKind<W> {
  return stringKind(`one of ${words.map((word) => JSON.stringify(word)).join(", ")}`, (value) =>
    words.find((word) => word === value),
  );
}

const decimalFactor = { k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 } as const;
const binaryFactor = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 } as const;

const sizePattern = /^(?<number>\d+(?:\.\d+)?) ?(?:(?<unit>[kmgtp])(?<binary>i)?)?b?$/i;

/**
 * Reads a size that a person wrote, in bytes. Units count in thousands, as those of docker's `max-size` for
 * logs do (`8kB` = `8k` = 8000, `1g` = 1000000000), and in powers of 1024 when they have an `i` (`10MiB` =
 * 10485760). Case does not matter, one space may stand before the unit, and parts of a byte do not count.
 * A negative integer (`"-1"`) stays as it is: it stands for no limit.
 * @returns undefined when the text is no size, or one beyond 2^53
 */
export function parseLogSize(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^-\d+$/.test(trimmed)) return exact(Number(trimmed));
  const groups = sizePattern.exec(trimmed)?.groups;
  if (groups === undefined) return undefined;
  const factors = groups.binary === undefined ? decimalFactor : binaryFactor;
  const unit = groups.unit?.toLowerCase();
  return exact(Math.floor(Number(groups.number) * (isUnit(unit) ? factors[unit] : 1)));
}

function isUnit(unit: string | undefined): unit is keyof typeof decimalFactor {
  return unit !== undefined && Object.hasOwn(decimalFactor, unit);
}

function exact(size: number): number | undefined {
  return Number.isSafeInteger(size) ? size : undefined;
}
