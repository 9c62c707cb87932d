import type { Completes } from "./completes";

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
  /** The smallest number that is taken. Where it is below zero, a word like `-1` is a value and no flag. */
  readonly minimum?: number;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** Of a switch: it is on unless it is given as `--NAME=false`. */
  readonly default?: string | number | true;
  /** What the flag given without a value means. The next word is its value only where it is a number. */
  readonly implied?: number;
  /** The empty word is a value, too: `--entrypoint ""`. */
  readonly empty?: true;
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
