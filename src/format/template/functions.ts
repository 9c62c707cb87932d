import { collections } from "./collections";
import { comparisons } from "./compare";
import type { FunctionTable, TemplateFunction } from "./function";
import { sprint, sprintln } from "./print";
import { sprintf } from "./printf";
import { textFunctions } from "./text-functions";
import { isTrue } from "./values";

/** The evaluator does not evaluate more arguments of `and` and `or` than it needs, and never calls them. */
const logic: FunctionTable = {
  and: { parameters: ["any"], rest: "any", call: (args) => args.at(-1) },
  or: { parameters: ["any"], rest: "any", call: (args) => args.at(-1) },
  not: { parameters: ["any"], call: ([value]) => !isTrue(value) },
};

const printing: FunctionTable = {
  print: { parameters: [], rest: "any", call: sprint },
  println: { parameters: [], rest: "any", call: sprintln },
  printf: {
    parameters: ["string"],
    rest: "any",
    call: ([format, ...args], budget) => sprintf(String(format), args, budget),
  },
};

/** The functions of Go's templates (without those for HTML and JavaScript) and those of docker and podman. */
export const functions: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...logic, ...comparisons, ...collections, ...printing, ...textFunctions }),
);
