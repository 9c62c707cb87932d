/** What happened to a path. */
export type ChangeKind = "added" | "changed" | "deleted";

/** A path, from the root of a file system, that is not as it was. */
export interface FileChange {
  readonly kind: ChangeKind;
  /** Text of UTF-8; bytes that are none are replaced. */
  readonly path: string;
}

/** Paths in a row to which the same happened: of many, an object for each would take longer than to find them. */
export interface ChangeRun {
  readonly kind: ChangeKind;
  /** Each as in `FileChange`. */
  readonly paths: readonly string[];
}

/** Text that is the same as bytes. */
const ascii = /^[ -~]*$/;

/** Each change by itself. */
export function fileChanges(runs: readonly ChangeRun[]): FileChange[] {
  return runs.flatMap(({ kind, paths }) => paths.map((path) => ({ kind, path })));
}

/**
 * Brings paths into the order of their bytes, and those in a row with the same kind together.
 * @param added bytes as latin1; they are sorted on the way
 * @param others likewise, each with its kind
 */
export function changeRuns(added: string[], others: ReadonlyMap<string, ChangeKind>): ChangeRun[] {
  // Texts of latin1 are in the order of their bytes without a word of ours, which would take longer.
  added.sort();
  const runs: { readonly kind: ChangeKind; readonly paths: string[] }[] = [];
  let from = 0;
  const takeAdded = (to: number) => {
    if (to > from) runs.push({ kind: "added", paths: added.slice(from, to) });
    from = to;
  };
  for (const path of [...others.keys()].sort()) {
    takeAdded(placeOf(path, added, from));
    const kind = others.get(path) ?? "changed";
    const last = runs.at(-1);
    if (last?.kind === kind) last.paths.push(path);
    else runs.push({ kind, paths: [path] });
  }
  takeAdded(added.length);
  return runs.map(({ kind, paths }) => ({ kind, paths: textOfEach(paths) }));
}

/** Where a text belongs in a sorted list, from some place on. */
function placeOf(text: string, sorted: readonly string[], from: number): number {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is nearly always the same as the bytes, which is seen soonest of all together. */
function textOfEach(paths: readonly string[]): readonly string[] {
  if (ascii.test(paths.join(""))) return paths;
  return paths.map((path) => Buffer.from(path, "latin1").toString());
}
