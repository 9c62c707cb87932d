import { KpodError } from "../errors";

/**
 * Finds ids by a prefix that fits one of them only (libkpod: truncindex.TruncIndex). Ids are kept sorted, so
 * that a look-up costs a binary search.
 */
export class TruncIndex {
  private ids: string[];

  constructor(ids: Iterable<string> = []) {
    this.ids = [...new Set(ids)].sort();
  }

  /** Adds an id. @throws KpodError CONFLICT when it is there already, BAD_ARGUMENT for an empty one */
  add(id: string): void {
    if (id === "" || id.includes(" "))
      throw new KpodError("BAD_ARGUMENT", `illegal id ${JSON.stringify(id)}`);
    const place = this.place(id);
    if (this.ids[place] === id) throw new KpodError("CONFLICT", `id already exists: ${id}`);
    this.ids.splice(place, 0, id);
  }

  /** Takes an id out. @throws KpodError NOT_FOUND */
  delete(id: string): void {
    const place = this.place(id);
    if (id === "" || this.ids[place] !== id) throw new KpodError("NOT_FOUND", `no such id: ${id}`);
    this.ids.splice(place, 1);
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
    const found: string[] = [];
    for (let place = this.place(prefix); this.ids[place]?.startsWith(prefix) === true; place++) {
      found.push(...this.ids.slice(place, place + 1));
    }
    return found;
  }

  /** Calls a handler with each id, in order. */
  iterate(handler: (id: string) => void): void {
    [...this.ids].forEach(handler);
  }

  private place(id: string): number {
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ids[middle] ?? "") < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
