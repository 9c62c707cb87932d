import type { Budget } from "./limits";

/** What an argument must be; `any` takes everything. */
export type Parameter = "any" | "string" | "int" | "[]string";

/** A function that templates can call. */
export interface TemplateFunction {
  /** The arguments it always takes. */
  readonly parameters: readonly Parameter[];
  /** What further arguments must be, where it takes any number of them. */
  readonly rest?: Parameter;
  /**
   * Does the work; number and types of the arguments are checked.
   * @throws FunctionError for what only it can see
   */
  readonly call: (args: readonly unknown[], budget: Budget) => unknown;
}

/** Functions by their names in templates. */
export type FunctionTable = Readonly<Record<string, TemplateFunction>>;

/** What a function has against its arguments; the evaluator adds which function and where. */
export class FunctionError extends Error {}
