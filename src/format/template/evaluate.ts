import { escapeLines } from "../escape";
import { evaluatePipeline } from "./evaluate-pipeline";
import { enter, fail, type Execution } from "./execution";
import { printed } from "./format-value";
import { deepestCall, LimitError } from "./function";
import type { BranchNode, Node, TemplateNode } from "./nodes";
import { isList, isMap, isTrue, plain, sortedEntries } from "./values";

/** How a list of nodes came to its end. */
type Outcome = "done" | "break" | "continue";

/** Executes a list of nodes over some data and adds their text to the output. @throws TemplateExecError */
function evaluateList(execution: Execution, dot: unknown, list: readonly Node[]): Outcome {
  for (const node of list) {
    const outcome = evaluateNode(execution, dot, node);
    if (outcome !== "done") return outcome;
  }
  return "done";
}

function evaluateNode(execution: Execution, dot: unknown, node: Node): Outcome {
  enter(execution, node);
  switch (node.type) {
    case "text":
      write(execution, node.text);
      return "done";
    case "action": {
      const value = evaluatePipeline(execution, dot, node.pipe);
      if (node.pipe.variables.length > 0) return "done";
      execution.current = node;
      // What the user wrote is printed as it is; what comes from the data must not steer the terminal.
      write(execution, escapeLines(printed(value, execution.budget)));
      return "done";
    }
    case "template":
      callTemplate(execution, dot, node);
      return "done";
    case "break":
    case "continue":
      return node.type;
    case "range":
      return scoped(execution, () => evaluateRange(execution, dot, node));
    default:
      return scoped(execution, () => evaluateBranch(execution, dot, node));
  }
}

function write(execution: Execution, text: string): void {
  execution.budget.charge(text.length);
  execution.output.push(text);
}

/** Variables that are made inside end there. */
function scoped<T>({ variables }: Execution, evaluate: () => T): T {
  const outside = variables.length;
  const result = evaluate();
  variables.splice(outside);
  return result;
}

function evaluateBranch(execution: Execution, dot: unknown, node: BranchNode): Outcome {
  const value = evaluatePipeline(execution, dot, node.pipe);
  if (isTrue(value)) return evaluateList(execution, node.type === "with" ? value : dot, node.list);
  return evaluateList(execution, dot, node.elseList ?? []);
}

function evaluateRange(execution: Execution, dot: unknown, node: BranchNode): Outcome {
  const entries = entriesOf(execution, evaluatePipeline(execution, dot, node.pipe));
  if (entries.length === 0) return evaluateList(execution, dot, node.elseList ?? []);
  for (const [key, value] of entries) {
    const outcome = scoped(execution, () => {
      setRangeVariables(execution, node, key, value);
      return evaluateList(execution, value, node.list);
    });
    if (outcome === "break") break;
  }
  return "done";
}

function entriesOf(execution: Execution, value: unknown): readonly (readonly [unknown, unknown])[] {
  const inner = plain(value);
  if (inner === undefined || inner === null) return [];
  if (isList(inner)) return inner.map((element, index) => [index, element ?? null]);
  if (isMap(inner)) return sortedEntries(inner);
  return fail(execution, `range can't iterate over ${printed(value, execution.budget)}`);
}

/** One variable gets the element, two get index or key and element. */
function setRangeVariables(
  { variables, budget }: Execution,
  { pipe }: BranchNode,
  key: unknown,
  value: unknown,
): void {
  budget.step();
  const values = pipe.variables.length === 1 ? [value] : [key, value];
  pipe.variables.forEach((name, index) => {
    const known = pipe.assigns ? variables.findLast((variable) => variable.name === name) : undefined;
    if (known === undefined) variables.push({ name, value: values[index] });
    else known.value = values[index];
  });
}

function callTemplate(execution: Execution, dot: unknown, node: TemplateNode): void {
  const { template } = execution;
  const definition =
    template.definitions.get(node.name) ?? (node.name === template.name ? template.root : undefined);
  if (definition === undefined) fail(execution, `template ${JSON.stringify(node.name)} not defined`);
  if (execution.depth >= deepestCall) fail(execution, `exceeded maximum template depth (${deepestCall})`);
  const data = node.pipe === undefined ? undefined : evaluatePipeline(execution, dot, node.pipe);
  const variables = [{ name: "$", value: data }];
  evaluateList(
    { ...execution, name: definition.name, variables, depth: execution.depth + 1 },
    data,
    definition.list,
  );
}

/** Executes, and tells where a limit was passed. */
export function evaluateWithin(execution: Execution, dot: unknown, list: readonly Node[]): void {
  try {
    evaluateList(execution, dot, list);
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    fail(execution, error.message);
  }
}
