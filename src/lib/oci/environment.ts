/** A list of `NAME=value` in which a later value of a variable replaces an earlier one, in its place. */
export function mergeEnvironment(entries: readonly string[]): string[] {
  const merged = new Map(entries.map((entry) => [entry.split("=")[0], entry]));
  return [...merged.values()];
}

/** The value of a variable in such a list. */
export function variableIn(entries: readonly string[], name: string): string | undefined {
  const entry = entries.findLast((each) => each.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}
