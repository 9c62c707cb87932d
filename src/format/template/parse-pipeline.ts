import { nodeText, type CommandNode, type Operand, type PipeNode } from "./nodes";
import { goQuote, numberConstant, unquote } from "./quote";
import type { Token, TokenKind } from "./token";
import {
  fail,
  nested,
  next,
  nextNonSpace,
  peek,
  peekNonSpace,
  unexpected,
  type TokenReader,
} from "./token-reader";

/**
 * Reads a pipeline with the sign that ends it.
 *
 * @param context what it belongs to, for errors: `range`, `command`
 * @throws TemplateSyntaxError
 */
export function parsePipeline(reader: TokenReader, context: string, end: TokenKind): PipeNode {
  const { position } = peekNonSpace(reader);
  const { variables, assigns } = parseVariables(reader, context);
  const commands: CommandNode[] = [];
  for (;;) {
    const token = peekNonSpace(reader);
    if (token.kind === end) {
      next(reader);
      checkPipeline(reader, commands, context);
      return { type: "pipe", position, variables, assigns, commands };
    }
    if (!startsOperand(token.kind)) unexpected(reader, nextNonSpace(reader), context);
    commands.push(parseCommand(reader));
  }
}

/** The text of a string constant. @throws TemplateSyntaxError */
export function stringValue(reader: TokenReader, token: Token): string {
  return unquote(token.text) ?? fail(reader, "invalid syntax");
}

/** `$a :=`, `$a =`, in a range also `$i, $a :=`. */
function parseVariables(
  reader: TokenReader,
  context: string,
): { variables: readonly string[]; assigns: boolean } {
  const variables: string[] = [];
  while (peekNonSpace(reader).kind === "variable") {
    const start = reader.at;
    const { text } = next(reader);
    const sign = peekNonSpace(reader);
    if (sign.kind === "assign" || sign.kind === "declare") {
      next(reader);
      variables.push(text);
      reader.variables.push(text);
      return { variables, assigns: sign.kind === "assign" };
    }
    if (sign.kind !== "char" || sign.text !== ",") {
      // It is the value itself and is not set.
      reader.at = start;
      break;
    }
    next(reader);
    variables.push(text);
    reader.variables.push(text);
    if (context !== "range" || variables.length > 1) fail(reader, `too many declarations in ${context}`);
    const { kind } = peekNonSpace(reader);
    if (kind !== "variable" && kind !== "rightDelim" && kind !== "rightParen")
      fail(reader, "range can only initialize variables");
  }
  return { variables, assigns: false };
}

const operandKinds: ReadonlySet<TokenKind> = new Set([
  "bool",
  "charConstant",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "rawString",
  "string",
  "variable",
  "leftParen",
]);

function startsOperand(kind: TokenKind): boolean {
  return operandKinds.has(kind);
}

function checkPipeline(reader: TokenReader, commands: readonly CommandNode[], context: string): void {
  if (commands.length === 0) fail(reader, `missing value for ${context}`);
  commands.slice(1).forEach(({ first }, index) => {
    if (["bool", "dot", "nil", "number", "string"].includes(first.type))
      fail(reader, `non executable command in pipeline stage ${index + 2}`);
  });
}

function parseCommand(reader: TokenReader): CommandNode {
  const { position } = peekNonSpace(reader);
  const operands: Operand[] = [];
  for (;;) {
    peekNonSpace(reader);
    const operand = parseOperand(reader);
    if (operand !== undefined) operands.push(operand);
    const token = peek(reader);
    if (token.kind === "space") continue;
    if (token.kind === "pipe") next(reader);
    else if (token.kind !== "rightDelim" && token.kind !== "rightParen")
      unexpected(reader, next(reader), "operand");
    break;
  }
  const [first, ...args] = operands;
  if (first === undefined) fail(reader, "empty command");
  return { type: "command", position, first, args };
}

function parseOperand(reader: TokenReader): Operand | undefined {
  const term = parseTerm(reader);
  if (term === undefined || peek(reader).kind !== "field") return term;
  const { position } = peek(reader);
  const fields: string[] = [];
  while (peek(reader).kind === "field") fields.push(next(reader).text.slice(1));
  switch (term.type) {
    case "field":
      return { type: "field", position, names: [...term.names, ...fields] };
    case "variable":
      return { ...term, position, fields };
    case "bool":
    case "string":
    case "number":
    case "nil":
    case "dot":
      return fail(reader, `unexpected . after term ${goQuote(nodeText(term))}`);
    default:
      return { type: "chain", position, of: term, fields };
  }
}

function parseTerm(reader: TokenReader): Operand | undefined {
  const token = peekNonSpace(reader);
  const { kind, text, position } = token;
  if (!startsOperand(kind)) return undefined;
  next(reader);
  switch (kind) {
    case "identifier":
      if (!reader.functions.has(text)) fail(reader, `function ${goQuote(text)} not defined`);
      return { type: "identifier", position, name: text };
    case "dot":
    case "nil":
      return { type: kind, position };
    case "variable":
      if (!reader.variables.includes(text)) fail(reader, `undefined variable ${goQuote(text)}`);
      return { type: "variable", position, name: text, fields: [] };
    case "field":
      return { type: "field", position, names: [text.slice(1)] };
    case "bool":
      return { type: "bool", position, value: text === "true" };
    case "leftParen":
      return nested(reader, () => parsePipeline(reader, "parenthesized pipeline", "rightParen"));
    case "number":
    case "charConstant": {
      const constant = numberConstant(text);
      if ("fault" in constant) return fail(reader, constant.fault);
      return { type: "number", position, value: constant.value, text };
    }
    default:
      return { type: "string", position, value: stringValue(reader, token), text };
  }
}
