/** By what something is sorted. */
export type SortValue = string | number | undefined;

/** Sorts: texts rise, numbers fall, what is not known comes last. Those that are equal stay in their order. */
export function sortedBy<T>(items: readonly T[], valueOf: (item: T) => SortValue): T[] {
  return items
    .map((item) => ({ item, value: valueOf(item) }))
    .sort((a, b) => compareValues(a.value, b.value))
    .map(({ item }) => item);
}

function compareValues(a: SortValue, b: SortValue): number {
  if (typeof a === "string" && typeof b === "string") return a === b ? 0 : a < b ? -1 : 1;
  if (typeof a === "number" && typeof b === "number") return b - a;
  return Number(a === undefined) - Number(b === undefined);
}
