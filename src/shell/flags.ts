import type { Completes } from "./completes";
import { UsageError } from "./errors";

/**
 * One flag as parser, help, completion and manual read it. Its long name is its key in {@link FlagSpecs}.
 */
export interface FlagSpec {
  /** The letter of the short form, without the dash. */
  readonly short?: string;
  /** The name of the value in the help (`SECONDS`). Without it the flag is a switch. */
  readonly argument?: string;
  /** The flag may be given several times, and its value is the list of what was given. */
  readonly repeatable?: true;
  /** What the value must be; a string when left out. */
  readonly type?: "string" | "integer" | "number";
  /** The smallest number that is taken. */
  readonly minimum?: number;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  readonly default?: string | number;
  /** What the flag given without a value means. The next word is its value only where it is a number. */
  readonly implied?: number;
  /** One clause for the help, without the default, which is added. */
  readonly help: string;
  /** Taken, but shown neither in the help nor in completions. */
  readonly hidden?: true;
  /** What a shell offers for the value, where it is not one of the `choices`; left out: nothing. */
  readonly completes?: Completes;
}

/** Flags by their long names, in the order in which the help shows them. */
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type Scalar<Spec extends FlagSpec> = Spec extends { type: "integer" | "number" }
  ? number
  : Spec extends { choices: readonly (infer Choice)[] }
    ? Choice
    : string;

type FlagValue<Spec extends FlagSpec> = Spec extends { argument: string }
  ? Spec extends { repeatable: true }
    ? readonly Scalar<Spec>[]
    : Spec extends { default: string | number }
      ? Scalar<Spec>
      : Scalar<Spec> | undefined
  : boolean;

/**
 * What a command reads: `--no-trunc` is `flags.noTrunc`. A switch is a boolean, a repeatable flag a list, and
 * a flag with neither value nor default is undefined.
 */
export type FlagValues<Specs extends FlagSpecs> = {
  readonly [Name in keyof Specs & string as CamelCase<Name>]: FlagValue<Specs[Name]>;
};

/** The value of a flag as the parser reads it. */
export type GivenValue = true | string | number | readonly (string | number)[];

/** The flags that the user gave, by their long names, read but without defaults. */
export type GivenFlags = ReadonlyMap<string, GivenValue>;

/** A command line taken apart. */
export interface ParsedFlags {
  readonly given: GivenFlags;
  /** What is neither a flag nor the value of one. */
  readonly args: readonly string[];
}

/** The value of a repeatable flag that is given twice. */
export function joinValues(before: GivenValue | undefined, value: GivenValue): GivenValue {
  return typeof before === "object" && typeof value === "object" ? [...before, ...value] : value;
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

/** Reads the value of a flag. @throws UsageError that says what it must be */
export function readValue(long: string, spec: FlagSpec, text: string): string | number {
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
