import { enter, fail, typeOf, type Execution } from "./execution";
import { FunctionError, LimitError, type Parameter, type TemplateFunction } from "./function";
import { functions } from "./functions";
import { nodeText, type CommandNode, type IdentifierNode, type Operand } from "./nodes";
import { holdsTexts, isList, isTrue, kindOf, plain, Stringer } from "./values";

/** The value of the command before in a pipeline, which is the last argument. */
export type Final = { readonly value: unknown } | undefined;

/** What a function is called with. */
export interface Call {
  /** What the errors of the function itself name. */
  readonly node: CommandNode | Operand;
  readonly args: readonly Operand[];
  readonly final: Final;
  readonly evaluate: (operand: Operand) => unknown;
}

/** Calls a function. @throws TemplateExecError for wrong arguments, and for what the function has against them */
export function call(execution: Execution, identifier: IdentifierNode, made: Call): unknown {
  enter(execution, identifier);
  const { name } = identifier;
  const called = functions.get(name);
  if (called === undefined) fail(execution, `"${name}" is not a defined function`);
  if (name === "and" || name === "or") {
    checkCount(execution, name, called, made);
    return decide(name === "or", made);
  }
  return invoke(execution, name, called, made);
}

/** Calls a function or method that is found already. @throws TemplateExecError as {@link call} */
export function invoke(execution: Execution, name: string, called: TemplateFunction, made: Call): unknown {
  checkCount(execution, name, called, made);
  const values = made.args.map((operand, index) =>
    argument(execution, operand, parameterAt(called, index), made.evaluate),
  );
  if (made.final !== undefined)
    values.push(validated(execution, made.final.value, parameterAt(called, values.length)));
  try {
    return called.call(values, execution.budget);
  } catch (error) {
    if (!(error instanceof FunctionError || error instanceof LimitError)) throw error;
    execution.current = made.node;
    return fail(execution, `error calling ${name}: ${error.message}`);
  }
}

function parameterAt({ parameters, rest }: TemplateFunction, index: number): Parameter {
  return parameters[index] ?? rest ?? "any";
}

function checkCount(
  execution: Execution,
  name: string,
  { parameters, rest }: TemplateFunction,
  { args, final }: Call,
): void {
  const count = args.length + (final === undefined ? 0 : 1);
  const wrong = `wrong number of args for ${name}: want`;
  if (rest !== undefined && count < parameters.length)
    fail(execution, `${wrong} at least ${parameters.length} got ${args.length}`);
  if (rest === undefined && count !== parameters.length)
    fail(execution, `${wrong} ${parameters.length} got ${count}`);
}

/** `and` and `or`: the first argument that decides, else the last; those after it are not evaluated. */
function decide(decisive: boolean, { args, final, evaluate }: Call): unknown {
  let value: unknown;
  for (const operand of args) {
    value = evaluate(operand);
    if (isTrue(value) === decisive) return value;
  }
  return final === undefined ? value : final.value;
}

function argument(
  execution: Execution,
  operand: Operand,
  parameter: Parameter,
  evaluate: Call["evaluate"],
): unknown {
  if (parameter !== "any") checkConstant(execution, operand, parameter);
  return validated(execution, evaluate(operand), parameter);
}

/** What stands in the template itself can be told by its text. */
function checkConstant(execution: Execution, operand: Operand, parameter: Parameter): void {
  execution.current = operand;
  const { type } = operand;
  if (type === "nil" && parameter !== "[]string") fail(execution, `cannot assign nil to ${parameter}`);
  if (type !== "bool" && type !== "number" && type !== "string") return;
  const fits = parameter === "string" ? type === "string" : parameter === "int" && isInteger(operand);
  if (fits) return;
  if (parameter === "[]string")
    fail(execution, `can't handle ${nodeText(operand)} for arg of type ${parameter}`);
  fail(execution, `expected ${parameter === "int" ? "integer" : parameter}; found ${nodeText(operand)}`);
}

function isInteger(operand: Operand): boolean {
  return operand.type === "number" && Number.isInteger(operand.value);
}

function validated(execution: Execution, value: unknown, parameter: Parameter): unknown {
  if (parameter === "any") return value;
  // A value that prints as a text is one to functions for texts, as it was to those who wrote templates for it.
  if (parameter === "string" && value instanceof Stringer) return value.text;
  const inner = plain(value);
  if (inner === undefined || inner === null) {
    if (parameter === "[]string") return [];
    return fail(execution, `invalid value; expected ${parameter}`);
  }
  const fits = parameter === "[]string" ? isList(inner) && holdsTexts(inner) : kindOf(inner) === parameter;
  if (fits) return inner;
  const type = typeOf(execution, inner);
  return fail(execution, `wrong type for value; expected ${parameter}; got ${type}`);
}
