// Makes one file of CommonJS of the chunks into which esbuild splits ES modules. Each chunk is a function of it that runs
// when something of the chunk is wanted: of what a call does not reach V8 makes nothing, and keeps nothing compiled.
import ts from "typescript";
import { ScriptError } from "./run.mjs";

// How the file gets at its chunks: at once, later, and at what lies outside of it. Their names are too long for those
// that esbuild gives; what else is outside hears on `require` and `module`.
const RUNTIME = `
var $$made = [];
var $$chunk = (number) => ($$made[number] ??= $$chunks[number]());
var $$default = (outside) => (outside.__esModule ? outside.default : outside);
var $$namespace = (outside) =>
  outside.__esModule ? outside : Object.create(outside, { default: { value: outside } });
`;

/** See join-chunks.d.mts. */
export function joinChunks(chunks, entry) {
  const numbers = new Map([...chunks.keys()].map((name, number) => [name, number]));
  const bodies = [...chunks].map(([name, text]) => `()=>{${bodyOf(name, text, numbers)}}`);
  const exported = `Object.assign(exports, $$chunk(${numbers.get(entry)}));`;
  return `"use strict";${RUNTIME}var $$chunks = [\n${bodies.join(",\n")}\n];\n${exported}\n`;
}

/** The text of a chunk with its imports and exports written as those of a function. */
function bodyOf(name, text, numbers) {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const sourceOf = ({ text: from }) =>
    numbers.has(from) ? `$$chunk(${numbers.get(from)})` : `require(${JSON.stringify(from)})`;
  const edits = [];
  const exported = [];
  const replace = (node, by) => {
    edits.push({ start: node.getStart(file), end: node.end, by });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) replace(node, importOf(node, sourceOf));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier === undefined) {
      exported.push(...node.exportClause.elements.map(propertyOf));
      replace(node, "");
    } else if (ts.isExportDeclaration(node) || ts.isExportAssignment(node)) {
      throw new ScriptError(`${name} has an export that is not understood: ${node.getText(file)}`);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      replace(node, laterImportOf(node.arguments[0], sourceOf, numbers));
    } else {
      // What the callback gave back would end the walk.
      ts.forEachChild(node, visit);
    }
  };
  ts.forEachChild(file, visit);
  let body = text;
  for (const { start, end, by } of edits.reverse()) body = body.slice(0, start) + by + body.slice(end);
  return `${body.trim()}\nreturn {${exported.join(",")}};`;
}

/** An import as variables. One of names never changes: what a chunk exports is not assigned to later, which lint sees to. */
function importOf({ importClause, moduleSpecifier }, sourceOf) {
  if (importClause === undefined) return "";
  const { name, namedBindings } = importClause;
  const source = sourceOf(moduleSpecifier);
  const variables = [];
  if (name !== undefined) variables.push(`${name.text}=$$default(${source})`);
  if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings))
    variables.push(`${namedBindings.name.text}=${source}`);
  else if (namedBindings !== undefined)
    variables.push(`{${namedBindings.elements.map(propertyOf).join(",")}}=${source}`);
  return variables.length === 0 ? "" : `var ${variables.join(",")};`;
}

function laterImportOf(specifier, sourceOf, numbers) {
  const source = sourceOf(specifier);
  return `Promise.resolve().then(()=>${numbers.has(specifier.text) ? source : `$$namespace(${source})`})`;
}

/** `{a}` and `{a as b}` of an import or an export as a property of an object, by the name of which others know it. */
function propertyOf(element) {
  const own = element.name.text;
  const other = element.propertyName?.text ?? own;
  const [key, value] = ts.isImportSpecifier(element) ? [other, own] : [own, other];
  return key === value ? key : `${key}:${value}`;
}
