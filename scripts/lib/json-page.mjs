// The manual page of the JSON that kpod prints, out of the schemas in schemas/.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Schemas in the order of the page; others that there are follow. */
const ORDER = [
  "ps",
  "stats",
  "inspect-container",
  "pod-ps",
  "inspect-pod",
  "images",
  "history",
  "inspect-image",
  "info",
];

/** The schemas of a directory by their names: `ps` is that of ps.json. */
export function readSchemas(directory) {
  const names = readdirSync(directory).map((file) => basename(file, ".json"));
  const place = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  names.sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  return new Map(
    names.map((name) => [name, JSON.parse(readFileSync(join(directory, `${name}.json`), "utf8"))]),
  );
}

/** A section of Markdown for each schema, by its heading. */
export function schemaSections(schemas) {
  return [...schemas].map(([name, schema]) => {
    const { title, description, ...rest } = schema;
    const intro = `\`${title}\`\n: ${description} Its schema is \`${name}.json\`.`;
    return [name.replaceAll("-", " ").toUpperCase(), [intro, ...variants(rest)].join("\n\n")];
  });
}

/** The keys of a schema, or of each of those that it may be. */
function variants(schema) {
  const object = itemOf(schema);
  if (object.oneOf === undefined) return terms(object, "");
  return object.oneOf.flatMap((variant) => [`## ${variant.title}`, ...terms(variant, "")]);
}

function itemOf(schema) {
  return schema.type === "array" ? itemOf(schema.items) : schema;
}

function terms({ properties = {} }, prefix) {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = `${prefix}${key}`;
    const said = [schema.description, schema.enum && `One of ${list(schema.enum)}.`].filter(Boolean);
    const term = `\`${path}\` (${typeText(schema)})\n: ${said.join(" ")}`;
    const depth = arraysAround(schema);
    return [term, ...terms(itemOf(schema), `${path}${"[]".repeat(depth)}.`)];
  });
}

function arraysAround(schema) {
  return schema.type === "array" ? 1 + arraysAround(schema.items) : 0;
}

function list(words) {
  const quoted = words.map((word) => `\`${word}\``);
  return `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
}

const WORDS = {
  string: ["text", "texts"],
  integer: ["integer", "integers"],
  number: ["number", "numbers"],
  boolean: ["true or false", "booleans"],
  object: ["object", "objects"],
};

function typeText(schema, many = 0) {
  const types = [schema.type].flat();
  const [type] = types;
  const orNull = types.includes("null") ? " or null" : "";
  if (type === "array") return `array of ${typeText(schema.items, 1)}`;
  if (schema.format === "date-time") return `time${orNull}`;
  const { additionalProperties: values } = schema;
  if (schema.properties === undefined && values?.type !== undefined)
    return `object of ${typeText(values, 1)}`;
  return `${WORDS[type][many]}${orNull}`;
}
