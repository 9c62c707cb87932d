import { KpodError } from "../errors";

/**
 * Finds ids by a prefix that fits one of them only (libkpod: truncindex.TruncIndex). They are sorted at the first
 * look-up, which most callers never come to, so that each further one costs a binary search.
 */
export class TruncIndex {
  private readonly ids: Set<string>;
  private sorted: readonly string[] | undefined;

  constructor(ids: Iterable<string> = []) {
    this.ids = new Set(ids);
  }

  /** Adds an id. @throws KpodError CONFLICT when it is there already, BAD_ARGUMENT for an empty one */
  add(id: string): void {
    if (id === "" || id.includes(" "))
      throw new KpodError("BAD_ARGUMENT", `illegal id ${JSON.stringify(id)}`);
    if (this.ids.has(id)) throw new KpodError("CONFLICT", `id already exists: ${id}`);
    this.ids.add(id);
    this.sorted = undefined;
  }

  /** Takes an id out. @throws KpodError NOT_FOUND */
  delete(id: string): void {
    if (!this.ids.delete(id)) throw new KpodError("NOT_FOUND", `no such id: ${id}`);
    this.sorted = undefined;
  }

  /**
   * The id that a prefix, or the whole id, stands for.
   * @throws KpodError NOT_FOUND when none fits, AMBIGUOUS when several do
   */
  get(prefix: string): string {
    const fitting = this.matches(prefix);
    if (fitting.length > 1 && fitting[0] !== prefix) {
      throw new KpodError("AMBIGUOUS", `multiple IDs found with prefix ${prefix}`, {
        hint: "give more digits",
      });
    }
    const [id] = fitting;
    if (id === undefined) {
      throw new KpodError(
        "NOT_FOUND",
        `ID does not exist: ${prefix === "" ? "prefix can't be empty" : prefix}`,
      );
    }
    return id;
  }

  /** All ids that begin with a prefix, in order; none for an empty prefix. */
  matches(prefix: string): string[] {
    if (prefix === "") return [];
    const ids = this.inOrder();
    const first = placeOf(prefix, ids);
    let end = first;
    while (ids[end]?.startsWith(prefix) === true) end++;
    return ids.slice(first, end);
  }

  /** Calls a handler with each id, in order. */
  iterate(handler: (id: string) => void): void {
    this.inOrder().forEach(handler);
  }

  private inOrder(): readonly string[] {
    this.sorted ??= [...this.ids].sort();
    return this.sorted;
  }
}

/** Where an id stands among sorted ones, or would stand. */
function placeOf(id: string, ids: readonly string[]): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? "") < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
