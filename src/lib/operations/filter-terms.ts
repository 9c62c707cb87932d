import { KpodError } from "../errors";

/** One condition of a filter: `name=web`, `status!=running`. */
export interface FilterTerm<Key extends string> {
  readonly key: Key;
  readonly value: string;
  /** True for `!=`. */
  readonly negated: boolean;
}

/** What the value of a key must be, in words (`an integer`); undefined when it is that. */
export type ValueRule<Key extends string> = (key: Key, value: string) => string | undefined;

/**
 * Reads conditions as users write them: `KEY=VALUE` or `KEY!=VALUE`, several in one text with commas between.
 * @throws KpodError BAD_ARGUMENT for an unknown key or a value that the rule refuses
 */
export function parseFilterTerms<Key extends string>(
  texts: readonly string[],
  keys: readonly Key[],
  rule: ValueRule<Key>,
): FilterTerm<Key>[] {
  return texts.flatMap((text) => text.split(",")).map((text) => parseTerm(text, keys, rule));
}

function parseTerm<Key extends string>(
  text: string,
  keys: readonly Key[],
  rule: ValueRule<Key>,
): FilterTerm<Key> {
  const [, word = "", sign, value = ""] = /^([^=!]*)(!?=)([^]*)$/.exec(text) ?? [];
  if (sign === undefined) throw invalid(text, "it must be KEY=VALUE or KEY!=VALUE");
  const key = keys.find((candidate) => candidate === word);
  if (key === undefined)
    throw new KpodError("BAD_ARGUMENT", `unknown filter ${JSON.stringify(word)}: it must be ${oneOf(keys)}`);
  if (value === "") throw invalid(text, "its value is missing");
  const wanted = rule(key, value);
  if (wanted !== undefined) throw invalid(text, `its value must be ${wanted}`);
  return { key, value, negated: sign === "!=" };
}

function invalid(text: string, why: string): KpodError {
  return new KpodError("BAD_ARGUMENT", `invalid filter ${JSON.stringify(text)}: ${why}`);
}

/** Words in a list for people: `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

/**
 * Puts conditions together: those of different keys must all hold; of one key one must, but all of the keys in
 * `all` (labels); and none of the negated ones.
 * @param test says whether an item fulfils a condition, whatever its sign
 */
export function matchesTerms<Item, Key extends string>(
  terms: readonly FilterTerm<Key>[],
  test: (item: Item, term: FilterTerm<Key>) => boolean,
  all: readonly Key[],
): (item: Item) => boolean {
  const negated = terms.filter((term) => term.negated);
  const wanted = terms.filter((term) => !term.negated);
  const groups = [...new Set(wanted.map(({ key }) => key))].map((key) => ({
    every: all.includes(key),
    group: wanted.filter((term) => term.key === key),
  }));
  return (item) => {
    const holds = (term: FilterTerm<Key>): boolean => test(item, term);
    return (
      !negated.some(holds) &&
      groups.every(({ every, group }) => (every ? group.every(holds) : group.some(holds)))
    );
  };
}

/** True for labels that have a key, or a key with a value: `app`, `app=web`. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  const key = equals < 0 ? wanted : wanted.slice(0, equals);
  if (!Object.hasOwn(labels, key)) return false;
  return equals < 0 || labels[key] === wanted.slice(equals + 1);
}

/** What a label to filter by must be. */
export function labelRule(value: string): string | undefined {
  return /^[^=!]+(=|$)/.test(value) ? undefined : "KEY or KEY=VALUE; label!=KEY=VALUE negates";
}
