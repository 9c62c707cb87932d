/**
 * Makes tabs and line feeds of `\t` and `\n`, which a shell hands over as they are. docker and podman do so in
 * the whole text; inside of "quotes" Go's own rules make the same of them, so that those stay.
 */
export function escapesToCharacters(text: string): string {
  return text.replace(/\{\{(?:"(?:\\.|[^"\\])*"|(?!\}\})[^])*?\}\}|\\t|\\n/g, (part) => {
    if (part === "\\t") return "\t";
    if (part === "\\n") return "\n";
    return part.replace(/"(?:\\.|[^"\\])*"|`[^`]*`/g, (constant) =>
      constant.startsWith("`") ? constant.replaceAll("\\t", "\t").replaceAll("\\n", "\n") : constant,
    );
  });
}
