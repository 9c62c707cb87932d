import { jsonLine } from "../json";
import { isList, isMap, isStruct, plain } from "./values";

/** A value as JSON in one line. Keys stand in the order of the data. */
export function templateJson(value: unknown): string {
  return jsonLine(jsonValue(value)).trimEnd();
}

function jsonValue(value: unknown): unknown {
  const inner = plain(value) ?? null;
  if (isList(inner)) return inner.map(jsonValue);
  const entries = isMap(inner) ? [...inner] : isStruct(inner) ? Object.entries(inner) : undefined;
  return entries === undefined
    ? inner
    : Object.fromEntries(entries.map(([key, entry]) => [key, jsonValue(entry)]));
}
