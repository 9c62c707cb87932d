import type { Budget } from "./function";
import { nodeText, type CommandNode, type Node, type Operand, type ParsedTemplate } from "./nodes";
import { typeName } from "./values";

/**
 * A template that failed on its data. The message is Go's and names line and byte of the part that failed:
 * `template: ps:1:2: executing "ps" at <.Foo>: can't evaluate field Foo in type container`.
 */
export class TemplateExecError extends Error {
  override readonly name = "TemplateExecError";
}

/** A variable and its value. */
export interface Variable {
  readonly name: string;
  value: unknown;
}

/** An execution of a template, and where it stands. */
export interface Execution {
  readonly template: ParsedTemplate;
  /** The name of the definition that is being executed. */
  readonly name: string;
  /** The variables in scope, the innermost last. `$` is the data that the definition was given. */
  readonly variables: Variable[];
  /** The part that errors name. */
  current: Node | Operand | CommandNode | undefined;
  readonly budget: Budget;
  /** How deep templates have called each other. */
  readonly depth: number;
  /** What messages call the type of the data. */
  readonly dataType: string;
  readonly data: unknown;
  readonly output: string[];
}

/** Goes on to a part of the template; counts a step. */
export function enter(execution: Execution, node: Node | Operand | CommandNode): void {
  execution.budget.step();
  execution.current = node;
}

/** @throws TemplateExecError with the place of the part that is being executed */
export function fail(execution: Execution, message: string): never {
  const { template, name, current } = execution;
  if (current === undefined) throw new TemplateExecError(`template: ${name}: ${message}`);
  const before = template.source.slice(0, current.position);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  const byte = Buffer.byteLength(before.slice(lineStart));
  const place = `${template.name}:${line}:${byte}`;
  throw new TemplateExecError(
    `template: ${place}: executing ${JSON.stringify(name)} at <${nodeText(current)}>: ${message}`,
  );
}

/** The name of a value's type in messages. */
export function typeOf(execution: Execution, value: unknown): string {
  return value === execution.data ? execution.dataType : typeName(value);
}

/** Sets the innermost variable of a name. @throws TemplateExecError when there is none */
export function assign(execution: Execution, name: string, value: unknown): void {
  const variable = execution.variables.findLast((candidate) => candidate.name === name);
  if (variable === undefined) fail(execution, `undefined variable: ${name}`);
  variable.value = value;
}

/** The value of a variable. @throws TemplateExecError when there is none */
export function lookUp(execution: Execution, name: string): unknown {
  const variable = execution.variables.findLast((candidate) => candidate.name === name);
  if (variable === undefined) fail(execution, `undefined variable: ${name}`);
  return variable.value;
}
