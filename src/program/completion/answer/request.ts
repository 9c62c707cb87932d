import { UsageError } from "../../../shell/errors";
import { globalFlags } from "../../../shell/global-flags";
import { normalizeFlags } from "../../normalize-flags";

/** The word by which the shells' scripts ask for names. */
const askWord = "__complete";

/** What a shell asks: which values there are for a command's arguments or for one of its flags. */
export interface CompletionRequest {
  /** The global flags with a value that stand on the line, by their long names; the last one of a name. */
  readonly globals: ReadonlyMap<string, string>;
  /**
   * The words of the command; after them, where the value of a flag is asked for, the flag, and where that is
   * a filter its key: `["run", "--pod"]`, `["ps", "--filter", "pod"]`.
   */
  readonly place: readonly string[];
  /** The beginning of the value. */
  readonly word: string;
}

/**
 * Reads `[global flags] __complete PLACE... WORD`; a word of PLACE may hold several, with spaces between, and
 * without a WORD everything is asked for.
 *
 * @param argv the words after `kpod`
 * @returns undefined when they ask for something else
 */
export function readCompletionRequest(argv: readonly string[]): CompletionRequest | undefined {
  const words = normalized(argv);
  const at = words.findIndex((word) => !word.startsWith("--"));
  if (words[at] !== askWord) return undefined;
  const [first, ...rest] = words.slice(at + 1);
  const word = rest.pop() ?? "";
  const place = [first ?? "", ...rest].join(" ").split(" ");
  return { globals: givenValues(words.slice(0, at)), place: place.filter((part) => part !== ""), word };
}

function normalized(argv: readonly string[]): readonly string[] {
  try {
    return normalizeFlags(argv, globalFlags, true).words;
  } catch (error) {
    // The parser of the command line says what is wrong.
    if (error instanceof UsageError) return [];
    throw error;
  }
}

function givenValues(flags: readonly string[]): Map<string, string> {
  return new Map(
    flags.flatMap((flag): [string, string][] => {
      const equals = flag.indexOf("=");
      return equals < 0 ? [] : [[flag.slice(2, equals), flag.slice(equals + 1)]];
    }),
  );
}
