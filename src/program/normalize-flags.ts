import { UsageError } from "../shell/errors";
import type { FlagSpec, FlagSpecs } from "../shell/flags";

/** The words of a command line, its flags in their long forms (`--last=5`). */
export interface NormalizedFlags {
  readonly words: readonly string[];
  /** Switches that were turned off last (`--all=false`). */
  readonly off: ReadonlySet<string>;
}

/**
 * Does what commander does not: a value that is missing, empty or looks like a flag is refused (or implied, or taken,
 * where the flag has it so), and the forms `-n=5`, `-a=true` and `--all=true` are understood, as docker, podman
 * and kubectl do. Unknown flags are left for commander to refuse.
 *
 * @param words what follows `kpod` or the command's name
 * @param specs the flags that are known here
 * @param stopAtArgument true where the first argument ends the flags
 * @throws UsageError `option --format requires a value`, or a switch with a value that is not a boolean
 */
export function normalizeFlags(
  words: readonly string[],
  specs: FlagSpecs,
  stopAtArgument: boolean,
): NormalizedFlags {
  const normalized: string[] = [];
  const off = new Set<string>();
  const byShort = new Map(
    Object.entries(specs).flatMap(([long, spec]) => (spec.short === undefined ? [] : [[spec.short, long]])),
  );
  let next = 0;

  const takeValue = (long: string, { minimum = 0, empty }: FlagSpec): string => {
    const value = words[next++];
    if (
      value === undefined ||
      (value === "" && empty !== true) ||
      (looksLikeFlag(value) && !(minimum < 0 && isNegative(value)))
    ) {
      throw requiresValue(long);
    }
    return value;
  };

  const takeValueOf = (long: string, spec: FlagSpec): string =>
    spec.implied === undefined || /^[+-]?\.?\d/.test(words[next] ?? "")
      ? takeValue(long, spec)
      : String(spec.implied);

  const long = (word: string) => {
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    const spec = ownSpec(specs, name);
    if (spec === undefined) normalized.push(word);
    else if (spec.argument !== undefined)
      normalized.push(`--${name}=${attachedValue(name, attached, spec) ?? takeValueOf(name, spec)}`);
    else turn(name, attached);
  };

  const turn = (name: string, value: string | undefined) => {
    if (!isOn(name, value)) {
      off.add(name);
      return;
    }
    off.delete(name);
    normalized.push(`--${name}`);
  };

  const shorts = (word: string) => {
    for (let at = 1; at < word.length; at += 1) {
      const name = byShort.get(word.charAt(at));
      if (name === undefined) {
        normalized.push(unknownShort(word.slice(at)));
        return;
      }
      const spec = ownSpec(specs, name);
      if (spec?.argument !== undefined && !(spec.implied !== undefined && byShort.has(word.charAt(at + 1)))) {
        const rest = at + 1 < word.length ? word.slice(at + 1).replace(/^=/, "") : undefined;
        normalized.push(`--${name}=${attachedValue(name, rest, spec) ?? takeValueOf(name, spec)}`);
        return;
      }
      if (spec?.implied !== undefined) {
        normalized.push(`--${name}=${spec.implied}`);
        continue;
      }
      if (word.charAt(at + 1) === "=") {
        turn(name, word.slice(at + 2));
        return;
      }
      turn(name, undefined);
    }
  };

  while (next < words.length) {
    const word = words[next++] ?? "";
    if (word === "--" || (stopAtArgument && !looksLikeFlag(word))) {
      normalized.push(word, ...words.slice(next));
      break;
    }
    if (word.startsWith("--")) long(word);
    else if (looksLikeFlag(word)) shorts(word);
    else normalized.push(word);
  }
  return { words: normalized, off };
}

/** True for what begins like a flag; `-` alone is an argument. */
export function looksLikeFlag(word: string): boolean {
  return word.length > 1 && word.startsWith("-");
}

/** True for a number below zero, which no flag is called: `--pids-limit -1`. */
function isNegative(word: string): boolean {
  return /^-\d+$/.test(word);
}

function ownSpec(specs: FlagSpecs, name: string): FlagSpec | undefined {
  return Object.hasOwn(specs, name) ? specs[name] : undefined;
}

function unknownShort(letters: string): string {
  // Commander would take -9 for an argument.
  if (/^\d/.test(letters)) throw new UsageError(`unknown option '-${letters}'`);
  return `-${letters}`;
}

function attachedValue(long: string, value: string | undefined, { empty }: FlagSpec): string | undefined {
  if (value === "" && empty !== true) throw requiresValue(long);
  return value;
}

function isOn(long: string, value: string | undefined): boolean {
  if (value === undefined || value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new UsageError(`invalid value "${value}" for --${long}: it must be true or false`);
}

function requiresValue(long: string): UsageError {
  return new UsageError(`option --${long} requires a value`);
}
