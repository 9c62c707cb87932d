/**
 * The text of a shell script, taken as it stands: a backslash is a backslash, but for the two that TypeScript
 * asks for, before `${` and before a backtick.
 */
export function script(strings: TemplateStringsArray): string {
  return strings.raw
    .join("")
    .replace(/\\(\$\{|`)/g, "$1")
    .replace(/^\n/, "");
}

/** A word in the quotes of bash and zsh, left bare where it needs none. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words side by side, each in quotes where it needs them. */
export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
