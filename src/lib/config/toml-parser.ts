import parseString from "@iarna/toml/parse-string";

/**
 * Reads all of TOML.
 * @throws the parser's own error, with the place
 */
export function parseToml(text: string): Record<string, unknown> {
  return parseString(text);
}
