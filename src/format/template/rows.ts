import { tableText } from "../table";
import { compileTemplate, type Template, type TemplateOptions } from "./compile";
import type { CommandNode, Node, Operand, ParsedTemplate, PipeNode } from "./nodes";

/** How a template for the rows of a list is read. */
export interface RowTemplateOptions extends TemplateOptions {
  /** Headings of fields for `table …`; of all others the name in words: `CreatedAt` is `CREATED AT`. */
  readonly headings?: Readonly<Record<string, string>>;
  /** False leaves the line of headings of `table …` out. */
  readonly heading?: boolean;
}

/** A template for rows. */
export interface RowTemplate {
  /**
   * The text for rows; each ends its own line.
   * @throws TemplateExecError
   */
  render(rows: readonly unknown[]): string;
  /** What it asks of a row. */
  readonly fields: UsedFields;
}

const tablePrefix = /^\s*table\b */;
const rangeOverRows = /^\s*\{\{-?\s*range\s+\.\s*-?\}\}/;

/**
 * Reads a template as the lists of docker and podman take it: it is executed once a row, and a line feed is
 * added where a row ends without one. After `table ` the cells, kept apart by tabs, are aligned below headings.
 * A template that begins with `{{range .}}`, as podman allows it, gets all rows at once.
 *
 * @throws TemplateSyntaxError
 */
export function compileRows(format: string, options: RowTemplateOptions = {}): RowTemplate {
  const source = format.replace(tablePrefix, "");
  const template = compileTemplate(source, options);
  const lines = rangeOverRows.test(source) ? allAtOnce(template) : oneByOne(template);
  const fields = usedFields(template.parsed);
  if (source === format) return { fields, render: (rows) => lines(rows).join("") };
  return { fields, render: (rows) => table(headingLine(template, options), lines(rows), options) };
}

type Lines = (rows: readonly unknown[]) => readonly string[];

function oneByOne(template: Template): Lines {
  return (rows) => rows.map((row) => endLine(template.execute(row)));
}

function allAtOnce(template: Template): Lines {
  return (rows) => {
    const text = template.execute(rows);
    return text === "" ? [] : endLine(text).split(/(?<=\n)/);
  };
}

function endLine(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

function table(headings: string, lines: readonly string[], { heading }: RowTemplateOptions): string {
  const rows = [headings, ...lines].map((line) => line.replace(/\n$/, "").split("\t"));
  const width = rows.reduce((most, cells) => Math.max(most, cells.length), 0);
  const filled = rows.map((cells) => [...cells, ...Array.from({ length: width - cells.length }, () => "")]);
  const [columns = [], ...body] = filled;
  return tableText({ columns, rows: body, ...(heading === undefined ? {} : { heading }) });
}

function headingLine({ parsed }: Template, options: RowTemplateOptions): string {
  const { list } = parsed.root;
  const [first] = list;
  const overRows = rangeOverRows.test(parsed.source) && first?.type === "range";
  return headingOf(overRows ? first.list : list, options).trim();
}

/** The template's text with headings in the places of the fields. */
function headingOf(list: readonly Node[], options: RowTemplateOptions): string {
  const parts = list.map((node) => {
    switch (node.type) {
      case "text":
        return node.text;
      case "if":
        return headingOf(node.list, options);
      case "action":
      case "with":
      case "range":
        return node.type === "action" && node.pipe.variables.length > 0
          ? ""
          : headingOfPipe(node.pipe, options);
      default:
        return "";
    }
  });
  return parts.join("");
}

function headingOfPipe(pipe: PipeNode, { headings = {} }: RowTemplateOptions): string {
  const argument = pipe.commands.map(argumentOfMethod).find((found) => found !== undefined);
  // As docker has it: the last word of a label.
  if (argument !== undefined)
    return (argument.split(/[./]/).at(-1) ?? "").replace(/[-_]/g, " ").toUpperCase();
  const name = pipe.commands.map(fieldOfCommand).find((found) => found !== undefined) ?? "";
  return Object.hasOwn(headings, name) ? (headings[name] ?? "") : words(name);
}

function argumentOfMethod({ first, args: [argument] }: CommandNode): string | undefined {
  return first.type === "field" && argument?.type === "string" ? argument.value : undefined;
}

function fieldOfCommand({ first, args }: CommandNode): string | undefined {
  return [first, ...args].map(fieldOfOperand).find((found) => found !== undefined);
}

function fieldOfOperand(operand: Operand): string | undefined {
  switch (operand.type) {
    case "field":
      return operand.names.at(-1);
    case "variable":
    case "chain":
      return operand.fields.at(-1);
    case "pipe":
      return operand.commands.map(fieldOfCommand).find((found) => found !== undefined);
    default:
      return undefined;
  }
}

function words(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toUpperCase();
}

/** What a template asks of its data. */
export interface UsedFields {
  /** The names of all fields it names, at any depth. */
  readonly names: ReadonlySet<string>;
  /** True where it takes something as a whole (`{{json .}}`), and so maybe every field. */
  readonly whole: boolean;
}

/** Which fields a template names: what nobody asks for need not be found out. */
function usedFields({ root, definitions }: ParsedTemplate): UsedFields {
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
