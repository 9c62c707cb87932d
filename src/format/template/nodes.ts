import { goQuote } from "./quote";

/** What stands in a template, as the parser hands it to the evaluator. Positions are offsets in the source. */
export type Node = TextNode | ActionNode | BranchNode | TemplateNode | LeaveNode;

export interface TextNode {
  readonly type: "text";
  readonly position: number;
  readonly text: string;
}

/** A pipeline whose value is printed, unless it sets variables. */
export interface ActionNode {
  readonly type: "action";
  readonly position: number;
  readonly pipe: PipeNode;
}

export interface BranchNode {
  readonly type: "if" | "with" | "range";
  readonly position: number;
  readonly pipe: PipeNode;
  readonly list: readonly Node[];
  readonly elseList: readonly Node[] | undefined;
}

/** `{{template "name" pipeline}}` */
export interface TemplateNode {
  readonly type: "template";
  readonly position: number;
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

/** What leaves a round of `range`. */
export interface LeaveNode {
  readonly type: "break" | "continue";
  readonly position: number;
}

/** What can stand in a command. */
export type Operand =
  | { readonly type: "bool"; readonly position: number; readonly value: boolean }
  | { readonly type: "number"; readonly position: number; readonly value: number; readonly text: string }
  | { readonly type: "string"; readonly position: number; readonly value: string; readonly text: string }
  | { readonly type: "dot" | "nil"; readonly position: number }
  | IdentifierNode
  | FieldNode
  | VariableNode
  | ChainNode
  | PipeNode;

/** The name of a function. */
export interface IdentifierNode {
  readonly type: "identifier";
  readonly position: number;
  readonly name: string;
}

/** `.A.B` */
export interface FieldNode {
  readonly type: "field";
  readonly position: number;
  readonly names: readonly string[];
}

/** `$a.B` */
export interface VariableNode {
  readonly type: "variable";
  readonly position: number;
  /** With its `$`. */
  readonly name: string;
  readonly fields: readonly string[];
}

/** `(pipeline).A.B` */
export interface ChainNode {
  readonly type: "chain";
  readonly position: number;
  readonly of: Operand;
  readonly fields: readonly string[];
}

/** Commands, each of which gets the value of the one before as its last argument. */
export interface PipeNode {
  readonly type: "pipe";
  readonly position: number;
  /** The variables that are set, with their `$`. */
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly CommandNode[];
}

export interface CommandNode {
  readonly type: "command";
  readonly position: number;
  readonly first: Operand;
  readonly args: readonly Operand[];
}

/** A template by its name, as `define` and `block` make them; the outermost one has the template's own name. */
export interface Definition {
  readonly name: string;
  readonly list: readonly Node[];
}

/** What the parser makes of a source. */
export interface ParsedTemplate {
  /** The name in messages; it may be empty. */
  readonly name: string;
  readonly source: string;
  readonly root: Definition;
  readonly definitions: ReadonlyMap<string, Definition>;
}

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
