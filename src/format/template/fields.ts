import type { CommandNode, Node, Operand, ParsedTemplate, PipeNode } from "./nodes";

/** What a template asks of its data. */
export interface UsedFields {
  /** The names of all fields it names, at any depth. */
  readonly names: ReadonlySet<string>;
  /** True where it takes something as a whole (`{{json .}}`), and so maybe every field. */
  readonly whole: boolean;
}

/** Which fields a template names: what nobody asks for need not be found out. */
export function usedFields({ root, definitions }: ParsedTemplate): UsedFields {
  const operands = [root, ...definitions.values()].flatMap(({ list }) => list.flatMap(operandsOfNode));
  const names = new Set(operands.flatMap(namesOf));
  return { names, whole: operands.some(isWhole) };
}

function isWhole(operand: Operand): boolean {
  return operand.type === "dot" || (operand.type === "variable" && operand.fields.length === 0);
}

function namesOf(operand: Operand): readonly string[] {
  if (operand.type === "field") return operand.names;
  return operand.type === "variable" || operand.type === "chain" ? operand.fields : [];
}

function operandsOfNode(node: Node): Operand[] {
  switch (node.type) {
    case "action":
      return operandsOfPipe(node.pipe);
    case "if":
    case "with":
    case "range":
      return [
        ...operandsOfPipe(node.pipe),
        ...[...node.list, ...(node.elseList ?? [])].flatMap(operandsOfNode),
      ];
    case "template":
      return node.pipe === undefined ? [] : operandsOfPipe(node.pipe);
    default:
      return [];
  }
}

function operandsOfPipe({ commands }: PipeNode): Operand[] {
  return commands.flatMap(operandsOfCommand);
}

function operandsOfCommand({ first, args }: CommandNode): Operand[] {
  return [first, ...args].flatMap((operand) => {
    if (operand.type === "pipe") return operandsOfPipe(operand);
    return operand.type === "chain" ? [operand, ...insideOf(operand.of)] : [operand];
  });
}

function insideOf(operand: Operand): Operand[] {
  return operand.type === "pipe" ? operandsOfPipe(operand) : [operand];
}
