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

/** What one execution of a template may cost. Templates come from users and scripts, and may run away. */
export interface Limits {
  /** How many parts may be evaluated; one row of a usual template takes some dozens. */
  readonly steps: number;
  /** How many characters may be made, in the output and on the way to it. */
  readonly characters: number;
}

/** Room for tens of thousands of rows. */
export const usualLimits: Limits = { steps: 5_000_000, characters: 100_000_000 };

/** How deep templates may call each other: each level takes room on the stack. */
export const deepestCall = 250;

/** A limit that was passed; the evaluator adds where. */
export class LimitError extends Error {}

/** What is left of the limits. */
export interface Budget {
  /** @throws LimitError when the steps are used up */
  step(): void;
  /** Counts characters before they are made. @throws LimitError when there is no room for them */
  charge(characters: number): void;
}

/** A budget for one execution. */
export function createBudget(limits: Limits): Budget {
  let steps = 0;
  let characters = 0;
  return {
    step() {
      steps += 1;
      if (steps > limits.steps) throw new LimitError(`exceeded the limit of ${limits.steps} steps`);
    },
    charge(count) {
      characters += count;
      if (characters > limits.characters)
        throw new LimitError(`exceeded the limit of ${limits.characters} characters`);
    },
  };
}
