import type { CommandNode, Node, Operand, PipeNode } from "./nodes";
import { goQuote } from "./quote";

/** Part of a template as Go's messages show it (`<.Foo | printf "%s">`): the source in one way of writing. */
export function nodeText(node: Node | Operand | CommandNode): string {
  switch (node.type) {
    case "bool":
      return String(node.value);
    case "number":
    case "string":
    case "text":
      return node.text;
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "identifier":
      return node.name;
    case "field":
      return dotted(node.names);
    case "variable":
      return node.name + dotted(node.fields);
    case "chain":
      return argumentText(node.of) + dotted(node.fields);
    case "pipe":
      return pipeText(node);
    case "command":
      return [node.first, ...node.args].map(argumentText).join(" ");
    case "action":
      return `{{${pipeText(node.pipe)}}}`;
    case "template":
      return `{{template ${goQuote(node.name)}${node.pipe === undefined ? "" : ` ${pipeText(node.pipe)}`}}}`;
    case "break":
    case "continue":
      return `{{${node.type}}}`;
    case "if":
    case "with":
    case "range":
      return `{{${node.type} ${pipeText(node.pipe)}}}`;
  }
}

function pipeText({ variables, assigns, commands }: PipeNode): string {
  const set = variables.length === 0 ? "" : `${variables.join(", ")} ${assigns ? "=" : ":="} `;
  return set + commands.map(nodeText).join(" | ");
}

function argumentText(operand: Operand): string {
  return operand.type === "pipe" ? `(${pipeText(operand)})` : nodeText(operand);
}

function dotted(names: readonly string[]): string {
  return names.map((name) => `.${name}`).join("");
}
