import type parseString from "@iarna/toml/parse-string";

/**
 * Reads all of TOML.
 * @throws the parser's own error, with the place
 */
export function parseToml(text: string): Record<string, unknown> {
  // Loaded where somebody needs it, in the middle of a function that cannot wait: few configurations do.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const parse = require("@iarna/toml/parse-string") as typeof parseString;
  return parse(text);
}
