/** The parser alone, which loads several times faster than the whole library; it comes without types. */
declare module "@iarna/toml/parse-string" {
  /** Parses TOML. Throws an error with `line` and `col`, counted from 0, when the text is not TOML. */
  export default function parseString(text: string): Record<string, unknown>;
}
