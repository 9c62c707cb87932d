import {
  joinValues,
  readValue,
  type FlagSpec,
  type FlagSpecs,
  type GivenValue,
  type ParsedFlags,
} from "../shell/flags";
import { looksLikeFlag } from "./prepared-words";

/**
 * Takes apart the words of a usual call: long flags and single letters that are known, each value a word of its own
 * or behind `--flag=`. Loading a parser and building it for all flags takes as long as the rest of a short command.
 *
 * @param options.stopAtArgument the first argument ends the flags, and everything after it is an argument
 * @returns undefined where there is anything else, a mistake for example: then the parser has to read the words
 * @throws UsageError for a bad value
 */
export function parsePlainFlags(
  words: readonly string[],
  specs: FlagSpecs,
  { stopAtArgument }: { stopAtArgument: boolean },
): ParsedFlags | undefined {
  const given = new Map<string, GivenValue>();
  const args: string[] = [];
  for (let next = 0; next < words.length;) {
    const word = words[next++] ?? "";
    if (!looksLikeFlag(word)) {
      if (stopAtArgument) return { given, args: words.slice(next - 1) };
      args.push(word);
      continue;
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const long = longName(equals < 0 ? word : word.slice(0, equals), specs);
    const spec = long === undefined ? undefined : specs[long];
    if (long === undefined || spec === undefined || spec.implied !== undefined) return undefined;
    if (spec.argument === undefined) {
      if (equals >= 0) return undefined;
      given.set(long, true);
      continue;
    }
    const text = equals < 0 ? words[next++] : word.slice(equals + 1);
    if (text === undefined || text === "" || (equals < 0 && looksLikeFlag(text))) return undefined;
    addValue(given, long, spec, text);
  }
  return { given, args };
}

/** Notes the value of a flag: of one that is repeatable beside those before. @throws UsageError for a bad value */
export function addValue(given: Map<string, GivenValue>, long: string, spec: FlagSpec, text: string): void {
  const value = readValue(long, spec, text);
  given.set(long, spec.repeatable === true ? joinValues(given.get(long), [value]) : value);
}

/** The long name of a flag as it was written; undefined for one that is not known. */
function longName(word: string, specs: FlagSpecs): string | undefined {
  if (word.startsWith("--")) {
    const name = word.slice(2);
    return Object.hasOwn(specs, name) ? name : undefined;
  }
  if (word.length !== 2) return undefined;
  const letter = word.charAt(1);
  for (const name in specs) if (specs[name]?.short === letter) return name;
  return undefined;
}
