import { formatFloat, formatInteger } from "./format-number";
import { formatText, padText, plainFormat, type Format } from "./format-text";
import type { Budget } from "./function";
import { isList, isMap, isStruct, kindOf, sortedEntries, Stringer, typeName } from "./values";

/**
 * A value as a verb of Go's fmt writes it. Whole numbers of the data take the verbs of both whole numbers and
 * fractions, because JavaScript does not tell them apart.
 *
 * @param verb the letter: `s`, `d`, `v`
 */
export function formatValue(value: unknown, verb: string, format: Format, budget: Budget): string {
  budget.step();
  const text = verb === "T" ? padText(typeText(value), format) : scalarText(value, verb, format);
  const written = text ?? compositeText(value, verb, format, budget) ?? badVerb(value, verb, format, budget);
  budget.charge(written.length);
  return written;
}

function scalarText(value: unknown, verb: string, format: Format): string | undefined {
  if (value instanceof Stringer && /^[vsqxX]$/.test(verb)) return formatText(value.text, verb, format);
  switch (kindOf(value)) {
    case "none":
      return verb === "v" ? padText("<no value>", format) : undefined;
    case "nil":
      return verb === "v" ? padText("<nil>", format) : undefined;
    case "bool":
      return verb === "v" || verb === "t" ? padText(String(inner(value)), format) : undefined;
    case "string":
      return formatText(String(inner(value)), verb, format);
    case "int":
      return (
        formatInteger(Number(inner(value)), verb, format) ?? formatFloat(Number(inner(value)), verb, format)
      );
    case "float":
      return formatFloat(Number(inner(value)), verb, format);
    default:
      return undefined;
  }
}

function inner(value: unknown): unknown {
  return value instanceof Stringer ? value.value : value;
}

/** Lists, maps and structs: the verb goes to each of their elements. */
function compositeText(outer: unknown, verb: string, format: Format, budget: Budget): string | undefined {
  const value = inner(outer);
  const { sharpV, plusV } = format;
  const between = sharpV ? ", " : " ";
  const element = (part: unknown) => formatValue(part ?? null, verb, format, budget);
  if (isList(value)) {
    const parts = value.map(element).join(between);
    return sharpV ? `${typeName(value)}{${parts}}` : `[${parts}]`;
  }
  if (isMap(value)) {
    const parts = sortedEntries(value).map(([key, part]) => `${element(key)}:${element(part)}`);
    return sharpV ? `${typeName(value)}{${parts.join(between)}}` : `map[${parts.join(between)}]`;
  }
  if (!isStruct(value)) return undefined;
  const fields = Object.entries(value).map(([name, part]) => {
    const text = element(part);
    return sharpV || plusV ? `${name}:${text}` : text;
  });
  return `${sharpV ? typeName(value) : ""}{${fields.join(between)}}`;
}

function typeText(value: unknown): string {
  return value === null || value === undefined ? "<nil>" : typeName(value);
}

function badVerb(value: unknown, verb: string, format: Format, budget: Budget): string {
  const kind = kindOf(value);
  if (kind === "none" || kind === "nil") return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${formatValue(value, "v", format, budget)})`;
}

/** A value as a template prints it. */
export function printed(value: unknown, budget: Budget): string {
  return formatValue(value, "v", plainFormat, budget);
}
