import { tokenize } from "./lexer";
import type { BranchNode, Definition, Node, ParsedTemplate, TemplateNode } from "./nodes";
import { parsePipeline, stringValue } from "./parse-pipeline";
import { goQuote } from "./quote";
import type { Token } from "./token";
import {
  expect,
  fail,
  nested,
  next,
  nextNonSpace,
  peek,
  peekNonSpace,
  unexpected,
  type TokenReader,
} from "./token-reader";

/** The words that close a list of nodes. */
type Closing = "end" | "else";

interface Parser extends TokenReader {
  readonly definitions: Map<string, Definition>;
}

/**
 * Reads the source of a template.
 *
 * @param functions the names that may be called
 * @throws TemplateSyntaxError
 */
export function parseTemplate(source: string, name: string, functions: ReadonlySet<string>): ParsedTemplate {
  const parser: Parser = {
    name,
    tokens: tokenize(source),
    at: 0,
    furthest: 0,
    actionLine: 0,
    variables: ["$"],
    functions,
    rangeDepth: 0,
    depth: 0,
    definitions: new Map(),
  };
  const list: Node[] = [];
  while (peek(parser).kind !== "eof") {
    if (parseDefinition(parser)) continue;
    const node = parseNode(parser);
    if (typeof node === "string") fail(parser, `unexpected {{${node}}}`);
    list.push(node);
  }
  const root = { name, list };
  return { name, source, root, definitions: parser.definitions };
}

function parseDefinition(parser: Parser): boolean {
  const start = parser.at;
  if (peek(parser).kind !== "leftDelim") return false;
  next(parser);
  const word = nextNonSpace(parser);
  if (!isKeyword(word, "define")) {
    parser.at = start;
    return false;
  }
  parser.actionLine = word.line;
  const { name } = parseName(parser, "define clause");
  expect(parser, "rightDelim", "define clause");
  addDefinition(parser, name, "define clause");
  return true;
}

/** Reads the body of a definition: it knows no variables of the outside. */
function addDefinition(parser: Parser, name: string, context: string): void {
  const inner: Parser = { ...parser, variables: ["$"], rangeDepth: 0 };
  const { list, closing } = parseList(inner);
  parser.at = inner.at;
  parser.furthest = inner.furthest;
  if (closing !== "end") fail(parser, `unexpected {{${closing}}} in ${context}`);
  const known = parser.definitions.get(name);
  if (known !== undefined && !isEmpty(known.list)) {
    if (isEmpty(list)) return;
    fail(parser, `template: multiple definition of template ${goQuote(name)}`);
  }
  parser.definitions.set(name, { name, list });
}

function isEmpty(list: readonly Node[]): boolean {
  return list.every((node) => node.type === "text" && node.text.trim() === "");
}

function parseList(parser: Parser): { list: readonly Node[]; closing: Closing } {
  return nested(parser, () => {
    const list: Node[] = [];
    while (peekNonSpace(parser).kind !== "eof") {
      const node = parseNode(parser);
      if (typeof node === "string") return { list, closing: node };
      list.push(node);
    }
    return fail(parser, "unexpected EOF");
  });
}

function parseNode(parser: Parser): Node | Closing {
  const token = nextNonSpace(parser);
  if (token.kind === "text") return { type: "text", position: token.position, text: token.text };
  if (token.kind !== "leftDelim") unexpected(parser, token, "input");
  parser.actionLine = token.line;
  const action = parseAction(parser);
  parser.actionLine = 0;
  return action;
}

function parseAction(parser: Parser): Node | Closing {
  const start = parser.at;
  const token = nextNonSpace(parser);
  const { position } = token;
  if (token.kind === "keyword") {
    switch (token.text) {
      case "if":
      case "with":
      case "range":
        return parseBranch(parser, token.text, position);
      case "end":
        expect(parser, "rightDelim", "end");
        return "end";
      case "else":
        // `else if` is an `if` inside of the `else`, which needs no end of its own.
        if (!isKeyword(peekNonSpace(parser), "if")) expect(parser, "rightDelim", "else");
        return "else";
      case "break":
      case "continue":
        return parseLeave(parser, token.text, position);
      case "template":
        return parseTemplateNode(parser);
      case "block":
        return parseBlock(parser);
    }
  }
  parser.at = start;
  const pipe = parsePipeline(parser, "command", "rightDelim");
  return { type: "action", position, pipe };
}

function parseBranch(parser: Parser, type: BranchNode["type"], position: number): BranchNode {
  const scope = parser.variables.length;
  const pipe = parsePipeline(parser, type, "rightDelim");
  if (type === "range") parser.rangeDepth += 1;
  const { list, closing } = parseList(parser);
  if (type === "range") parser.rangeDepth -= 1;
  const elseList = closing === "else" ? parseElse(parser, type) : undefined;
  parser.variables.splice(scope);
  return { type, position, pipe, list, elseList };
}

function parseElse(parser: Parser, type: BranchNode["type"]): readonly Node[] {
  if (type === "if" && isKeyword(peek(parser), "if")) {
    const { position } = next(parser);
    return [nested(parser, () => parseBranch(parser, "if", position))];
  }
  const { list, closing } = parseList(parser);
  if (closing !== "end") fail(parser, `expected end; found {{${closing}}}`);
  return list;
}

function parseLeave(parser: Parser, type: "break" | "continue", position: number): Node {
  const token = nextNonSpace(parser);
  if (token.kind !== "rightDelim") unexpected(parser, token, `{{${type}}}`);
  if (parser.rangeDepth === 0) fail(parser, `{{${type}}} outside {{range}}`);
  return { type, position };
}

function parseTemplateNode(parser: Parser): TemplateNode {
  const { name, position } = parseName(parser, "template clause");
  if (peekNonSpace(parser).kind !== "rightDelim")
    return { type: "template", position, name, pipe: parsePipeline(parser, "template clause", "rightDelim") };
  next(parser);
  return { type: "template", position, name, pipe: undefined };
}

/** `block` defines a template and calls it where it stands. */
function parseBlock(parser: Parser): TemplateNode {
  const { name, position } = parseName(parser, "block clause");
  const pipe = parsePipeline(parser, "block clause", "rightDelim");
  addDefinition(parser, name, "block clause");
  return { type: "template", position, name, pipe };
}

function parseName(parser: Parser, context: string): { name: string; position: number } {
  const token = nextNonSpace(parser);
  if (token.kind !== "string" && token.kind !== "rawString") unexpected(parser, token, context);
  return { name: stringValue(parser, token), position: token.position };
}

function isKeyword(token: Token, word: string): boolean {
  return token.kind === "keyword" && token.text === word;
}
