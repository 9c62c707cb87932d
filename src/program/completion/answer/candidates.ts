/** Something that has names: a container, a pod, an image. */
export interface NamedObject {
  readonly id: string;
  /**
   * Its names from the shortest to the full one, those left out that name something else or nothing that a
   * shell could take as it stands.
   */
  readonly names: readonly string[];
  /** What a shell shows beside the name. */
  readonly description: string;
}

/** A line of the answer. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** How many digits of an id are offered. */
const shortLength = 13;

/** True when something of these names, or this id, is among the candidates for a word. */
export function isCandidate({ id, names }: Pick<NamedObject, "id" | "names">, word: string): boolean {
  return nameFor({ id, names }, word) !== undefined || beginsId(id, word);
}

/**
 * What begins as the word does. Each is offered by one name, the shortest that fits: without a word the
 * bare name where it is the only one of that name; after `shop/` those in pod shop. Ids follow once two of
 * their digits are typed, and stand in where there is no name.
 */
export function candidates(objects: readonly NamedObject[], word: string): Candidate[] {
  const byName = objects.flatMap((object) => {
    const value = nameFor(object, word);
    return value === undefined ? [] : [{ value, description: object.description }];
  });
  const ids = objects
    .filter(({ id }) => beginsId(id, word))
    .map(({ id, description }) => ({ value: shortId(id, word), description }));
  const offered = new Set(byName.map(({ value }) => value));
  return [...byName, ...ids.filter(({ value }) => !offered.has(value))];
}

function nameFor({ id, names }: Pick<NamedObject, "id" | "names">, word: string): string | undefined {
  return (names.length > 0 ? names : [shortId(id, word)]).find((name) => name.startsWith(word));
}

function beginsId(id: string, word: string): boolean {
  return word.length >= 2 && id.startsWith(word);
}

function shortId(id: string, word: string): string {
  return word.length > shortLength ? id : id.slice(0, shortLength);
}

/** True for a name that stands on a command line without quotes, and shows as what it is. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][\w.:/@+-]*$/.test(name);
}
