import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020";

const directory = join(__dirname, "../../schemas");

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

/** The names of all schemas: `ps` is that of ps.json. */
export const schemaNames: readonly string[] = readdirSync(directory).map((file) => basename(file, ".json"));

const validators = new Map<string, ValidateFunction>();
const seen = new Map<string, Set<string>>();

function readSchema(name: string): Schema {
  return JSON.parse(readFileSync(join(directory, `${name}.json`), "utf8")) as Schema;
}

/** The schema with every key refused that it does not name; for readers it leaves room for newer ones. */
function closed(schema: Schema): Schema {
  const { properties, items, oneOf } = schema;
  return {
    ...schema,
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(closed) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [key, closed(value)]),
          ),
          additionalProperties: schema.additionalProperties ?? false,
        }),
  };
}

function validatorOf(name: string): ValidateFunction {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: true,
    allowUnionTypes: true,
    allErrors: true,
    formats: { "date-time": time },
  });
  const made = ajv.compile(closed(readSchema(name)));
  validators.set(name, made);
  return made;
}

/** Expects a value to be as its schema says, without a key that the schema does not name. */
export function expectToFit(name: string, value: unknown): void {
  const validate = validatorOf(name);
  validate(value);
  expect({ name, errors: validate.errors ?? [] }).toEqual({ name, errors: [] });
  const keys = seen.get(name) ?? new Set();
  seen.set(name, keys);
  noteKeys(value, "", keys);
}

function noteKeys(value: unknown, path: string, keys: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) noteKeys(item, path, keys);
  else if (typeof value === "object" && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      keys.add(`${path}${key}`);
      noteKeys(entry, `${path}${key}.`, keys);
    }
  }
}

/** The keys of a schema that no value had that was expected to fit it. */
export function keysNeverSeen(name: string): string[] {
  return keysOf(readSchema(name), "").filter((key) => seen.get(name)?.has(key) !== true);
}

function keysOf({ items, oneOf, properties = {} }: Schema, path: string): string[] {
  if (items !== undefined) return keysOf(items, path);
  if (oneOf !== undefined) return [...new Set(oneOf.flatMap((variant) => keysOf(variant, path)))];
  return Object.entries(properties).flatMap(([key, value]) => [
    `${path}${key}`,
    ...keysOf(value, `${path}${key}.`),
  ]);
}
