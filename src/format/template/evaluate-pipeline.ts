import { call, invoke, type Call, type Final } from "./call";
import { assign, enter, fail, lookUp, typeOf, type Execution } from "./execution";
import { nodeText, type CommandNode, type Operand, type PipeNode } from "./nodes";
import { fieldOf, isMap, isStruct, Method, plain } from "./values";

/** The value of a pipeline; its variables are set. @throws TemplateExecError */
export function evaluatePipeline(execution: Execution, dot: unknown, pipe: PipeNode): unknown {
  enter(execution, pipe);
  let final: Final;
  for (const command of pipe.commands) final = { value: evaluateCommand(execution, dot, command, final) };
  const value = final?.value;
  for (const name of pipe.variables) {
    if (pipe.assigns) assign(execution, name, value);
    else execution.variables.push({ name, value });
  }
  return value;
}

function evaluateCommand(execution: Execution, dot: unknown, command: CommandNode, final: Final): unknown {
  const { first, args } = command;
  const evaluate = (operand: Operand) => evaluateOperand(execution, dot, operand);
  if (first.type === "identifier") return call(execution, first, { node: command, args, final, evaluate });
  const made: Call = { node: command, args, final, evaluate };
  const takesNone = args.length > 0 || final !== undefined;
  switch (first.type) {
    case "field":
      enter(execution, first);
      return walk(execution, dot, first.names, made);
    case "chain":
      return evaluateChain(execution, dot, first, made);
    case "variable":
      enter(execution, first);
      if (first.fields.length > 0) return walk(execution, lookUp(execution, first.name), first.fields, made);
      break;
    case "pipe":
      break;
    default:
      enter(execution, first);
  }
  if (takesNone) fail(execution, `can't give argument to non-function ${nodeText(first)}`);
  if (first.type === "nil") fail(execution, "nil is not a command");
  return evaluate(first);
}

function evaluateChain(
  execution: Execution,
  dot: unknown,
  chain: Operand & { type: "chain" },
  made: Call,
): unknown {
  enter(execution, chain);
  const receiver = evaluateOperand(execution, dot, chain.of);
  return walk(execution, receiver, chain.fields, made);
}

function evaluateOperand(execution: Execution, dot: unknown, operand: Operand): unknown {
  enter(execution, operand);
  switch (operand.type) {
    case "bool":
    case "number":
    case "string":
      return operand.value;
    case "dot":
      return dot;
    case "nil":
      return null;
    case "identifier":
      return call(execution, operand, alone(execution, dot, operand));
    case "field":
      return walk(execution, dot, operand.names, alone(execution, dot, operand));
    case "variable":
      return walk(execution, lookUp(execution, operand.name), operand.fields, alone(execution, dot, operand));
    case "chain":
      return evaluateChain(execution, dot, operand, alone(execution, dot, operand));
    case "pipe":
      return evaluatePipeline(execution, dot, operand);
  }
}

/** A call without arguments. */
function alone(execution: Execution, dot: unknown, node: Operand): Call {
  const evaluate = (argument: Operand) => evaluateOperand(execution, dot, argument);
  return { node, args: [], final: undefined, evaluate };
}

/** Follows fields from a value: `.A.B`. What is called with arguments is the last. */
function walk(execution: Execution, receiver: unknown, names: readonly string[], made: Call): unknown {
  return names.reduce((value: unknown, name, index) => {
    const call = index === names.length - 1 ? made : { ...made, args: [], final: undefined };
    return field(execution, value, name, call);
  }, receiver);
}

function field(execution: Execution, receiver: unknown, name: string, made: Call): unknown {
  const hasArguments = made.args.length > 0 || made.final !== undefined;
  const value = plain(receiver);
  // A map that lacks the key before: there is nothing further down either.
  if (value === undefined) return undefined;
  if (value === null) fail(execution, `nil pointer evaluating ${typeOf(execution, value)}.${name}`);
  if (isMap(value)) {
    if (hasArguments) fail(execution, `${name} is not a method but has arguments`);
    return value.get(name);
  }
  const found = isStruct(value) ? fieldOf(value, name) : undefined;
  if (found === undefined)
    fail(execution, `can't evaluate field ${name} in type ${typeOf(execution, value)}`);
  if (found.value instanceof Method) return invoke(execution, name, found.value, made);
  if (hasArguments) fail(execution, `${name} has arguments but cannot be invoked as function`);
  return found.value;
}
