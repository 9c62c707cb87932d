import { KpodError } from "../errors";
import type { Check } from "./check";
import { checks } from "./check-list";

/** What is asked for: checks, and of those that were named by a finding, these alone. */
interface Chosen {
  readonly checks: readonly Check[];
  /** Ids of findings: `storage.link-lost:0123456789ab`. */
  readonly findings: readonly string[];
}

/**
 * The checks that words name, each the id of a check, the first word of several, or a finding of a call before.
 * @throws KpodError BAD_ARGUMENT that names the nearest one
 */
export function chosenFindings(words: readonly string[]): Chosen {
  const isFinding = (word: string): boolean => /^[a-z.-]+:[0-9a-f]{12}$/.test(word);
  return {
    checks: chosenChecks(words.map((word) => (isFinding(word) ? (word.split(":")[0] ?? word) : word))),
    findings: words.filter(isFinding),
  };
}

/**
 * The checks of these ids; all where none is given. `storage` stands for all whose ids begin with it.
 * @throws KpodError BAD_ARGUMENT that names the nearest one
 */
export function chosenChecks(ids: readonly string[]): readonly Check[] {
  if (ids.length === 0) return checks;
  const chosen = new Set(ids.flatMap(checksOf));
  return checks.filter((check) => chosen.has(check));
}

function checksOf(word: string): readonly Check[] {
  const found = checks.filter(({ id }) => id === word || id.startsWith(`${word}.`));
  if (found.length > 0) return found;
  throw new KpodError("BAD_ARGUMENT", `there is no check ${JSON.stringify(word)}`, {
    hint: `the nearest is ${nearest(word)}; all are in kpod-doctor(1)`,
  });
}

function nearest(word: string): string {
  const [first] = checks
    .map(({ id }) => ({ id, distance: Math.min(distance(word, id), distance(word, id.split(".")[1] ?? "")) }))
    .sort((a, b) => a.distance - b.distance);
  return first?.id ?? "";
}

/** How many letters have to be added, removed or changed to make the one of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
