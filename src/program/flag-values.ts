import { UsageError } from "../shell/errors";
import type { FlagSpec, FlagSpecs, FlagValues } from "../shell/flags";

/** The value of a flag as the parser reads it. */
export type GivenValue = boolean | string | number | readonly (string | number)[];

/** The flags that the user gave, by their long names, read but without defaults. */
export type GivenFlags = ReadonlyMap<string, GivenValue>;

/** A command line taken apart. */
export interface ParsedFlags {
  readonly given: GivenFlags;
  /** What is neither a flag nor the value of one. */
  readonly args: readonly string[];
}

/** The property under which a command reads a flag: `no-trunc` becomes `noTrunc`. */
export function propertyOf(long: string): string {
  if (!long.includes("-")) return long;
  const [first = "", ...others] = long.split("-");
  return first + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/** The values of all flags of a command: what was given, else the default. */
export function flagValues<Specs extends FlagSpecs>(specs: Specs, given: GivenFlags): FlagValues<Specs> {
  const entries = Object.entries(specs).map(([long, spec]) => [
    propertyOf(long),
    given.get(long) ?? spec.default ?? (spec.argument === undefined ? false : spec.repeatable && []),
  ]);
  // The mapped type says the same as the line above, flag by flag; an object made from entries cannot.
  return Object.fromEntries(entries) as FlagValues<Specs>;
}

/** Adds the value of a flag: that of a repeatable one to those before. @throws UsageError for a bad value */
export function addValue(given: Map<string, GivenValue>, long: string, spec: FlagSpec, text: string): void {
  const value = readValue(long, spec, text);
  given.set(long, spec.repeatable === true ? joinValues(given.get(long), [value]) : value);
}

/** The value of a repeatable flag that is given twice. */
export function joinValues(before: GivenValue | undefined, value: GivenValue): GivenValue {
  return typeof before === "object" && typeof value === "object" ? [...before, ...value] : value;
}

/** Reads the value of a flag. @throws UsageError that says what it must be */
function readValue(long: string, spec: FlagSpec, text: string): string | number {
  const refuse = (rule: string) =>
    new UsageError(`invalid value "${text}" for --${long}: it must be ${rule}`);
  if (spec.choices !== undefined && !spec.choices.includes(text)) throw refuse(oneOf(spec.choices));
  if (spec.type === undefined || spec.type === "string") return text;
  const kind = spec.type === "integer" ? "an integer" : "a number";
  const rule = spec.minimum === undefined ? kind : `${kind} of at least ${spec.minimum}`;
  // Number() also takes "0x10", "1e999" and " 1 ".
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) throw refuse(rule);
  const value = Number(text);
  if (spec.type === "integer" && !Number.isSafeInteger(value)) throw refuse(rule);
  if (spec.minimum !== undefined && value < spec.minimum) throw refuse(rule);
  return value;
}

function oneOf(choices: readonly string[]): string {
  if (choices.length === 1) return choices.join();
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`;
}
