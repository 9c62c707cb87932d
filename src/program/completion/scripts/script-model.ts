import { startsWith, type Command } from "../../command";
import type { Completes } from "../../../shell/completes";
import type { FlagSpec, FlagSpecs } from "../../../shell/flags";
import { globalFlags } from "../../../shell/global-flags";

/** The names of Linux's signals without SIG, those first that are sent to containers most. */
export const signalNames = [
  ...["TERM", "KILL", "HUP", "INT", "QUIT", "USR1", "USR2", "STOP", "CONT", "ABRT", "ALRM", "WINCH"],
  ...["BUS", "CHLD", "FPE", "ILL", "IO", "PIPE", "PROF", "PWR", "SEGV", "STKFLT", "SYS", "TRAP"],
  ...["TSTP", "TTIN", "TTOU", "URG", "VTALRM", "XCPU", "XFSZ", "RTMIN", "RTMAX"],
] as const;

/** What a script does for a value: offer words, hand over to the shell, or ask kpod. */
export type Offer =
  | { readonly kind: "nothing" | "file" | "directory" | "command" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** The place for `kpod __complete`. */
  | { readonly kind: "ask"; readonly place: string }
  /** The same for paths of containers, beside the shell's files. */
  | { readonly kind: "paths"; readonly place: string }
  | { readonly kind: "filters"; readonly keys: readonly (readonly [key: string, offer: Offer])[] }
  | { readonly kind: "fields"; readonly fields: readonly string[] };

/** A flag as the scripts need it. */
export interface FlagModel {
  readonly long: string;
  /** Left out also where another flag has the letter at this place. */
  readonly short?: string;
  readonly help: string;
  /** The name of the value; left out for a switch. */
  readonly argument?: string;
  /** A value that may be left out does not take the next word. */
  readonly optional: boolean;
  readonly repeatable: boolean;
  /** Long names of the flags that may not stand beside it. */
  readonly excludes: readonly string[];
  readonly offer: Offer;
}

/** A command as the scripts need it. */
export interface CommandModel {
  readonly path: readonly string[];
  readonly summary: string;
  readonly flags: readonly FlagModel[];
  /** An entry an argument, the last one for all that follow. */
  readonly arguments: readonly Offer[];
  /** What follows the first argument is none of kpod's business. */
  readonly passThrough: boolean;
}

/** Words that come before those that call a command: `[]`, `["pod"]`. */
export interface FamilyModel {
  readonly path: readonly string[];
  /** The words that can follow, each with what it is. */
  readonly next: readonly { readonly word: string; readonly summary: string }[];
}

/** Everything the scripts are made from. */
export interface CompletionModel {
  readonly globals: readonly FlagModel[];
  readonly families: readonly FamilyModel[];
  readonly commands: readonly CommandModel[];
}

/** A flag whose value is filters. */
export interface FilterFlag {
  /** The words of the command and the flag. */
  readonly place: readonly string[];
  readonly keys: readonly (readonly [key: string, offer: Offer])[];
}

/** Puts the commands into the form that the scripts are made from. Hidden flags are left out. */
export function completionModel(commands: readonly Command[]): CompletionModel {
  const prefixes = commands.flatMap(({ path }) => path.map((_, length) => path.slice(0, length).join(" ")));
  return {
    globals: flagModels(globalFlags, []),
    families: [...new Set(prefixes)].map((prefix) => familyModel(commands, prefix)),
    commands: commands.map(commandModel),
  };
}

/** How a flag is written: `-q`, `--quiet`. */
export function spellings({ long, short }: FlagModel): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
}

/** True for a flag that takes the next word; a value that may be left out has to be attached. */
export function takesValue({ argument, optional }: FlagModel): boolean {
  return argument !== undefined && !optional;
}

/** What the commands of a family are for, where it is not its name in the plural. */
const familyWords: Readonly<Record<string, string>> = {
  kube: "files of Kubernetes",
  network: "networks",
  state: "the state of a node",
  system: "the whole store",
};

/** The flags of these commands whose values are filters. */
export function filterFlags(commands: readonly CommandModel[]): FilterFlag[] {
  return commands.flatMap(({ path, flags }) =>
    flags.flatMap(({ long, offer }) =>
      offer.kind === "filters" ? [{ place: [...path, `--${long}`], keys: offer.keys }] : [],
    ),
  );
}

function familyModel(commands: readonly Command[], prefix: string): FamilyModel {
  const path = prefix === "" ? [] : prefix.split(" ");
  const within = commands.filter((command) => startsWith(command.path, path));
  const next = new Map<string, string>();
  for (const command of within) {
    const word = command.path[path.length];
    if (word === undefined) continue;
    const isLast = command.path.length === path.length + 1;
    next.set(
      word,
      isLast ? command.summary : (next.get(word) ?? `Commands for ${familyWords[word] ?? `${word}s`}`),
    );
  }
  return { path, next: [...next].map(([word, summary]) => ({ word, summary })) };
}

function commandModel(command: Command): CommandModel {
  const { path, summary, flags, exclusive = [] } = command;
  return {
    path,
    summary,
    flags: flagModels(flags, path).map((flag) => ({
      ...flag,
      excludes: exclusive
        .filter((group) => group.flags.includes(flag.long))
        .flatMap((group) => group.flags.filter((other) => other !== flag.long)),
    })),
    arguments: (command.arguments.completes ?? []).map((completes) => offerOf(completes, path)),
    passThrough: command.passThrough === true,
  };
}

function flagModels(specs: FlagSpecs, path: readonly string[]): FlagModel[] {
  return Object.entries(specs)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([long, spec]) => ({
      long,
      ...(spec.short === undefined ? {} : { short: spec.short }),
      help: spec.help,
      ...(spec.argument === undefined ? {} : { argument: spec.argument }),
      optional: spec.implied !== undefined,
      repeatable: spec.repeatable === true,
      excludes: [],
      offer: flagOffer(long, spec, path),
    }));
}

function flagOffer(long: string, spec: FlagSpec, path: readonly string[]): Offer {
  if (spec.choices !== undefined) return { kind: "words", words: spec.choices };
  return offerOf(spec.completes ?? "nothing", [...path, `--${long}`]);
}

function offerOf(completes: Completes, place: readonly string[]): Offer {
  if (typeof completes === "object") {
    if ("words" in completes) return { kind: "words", words: completes.words };
    if ("fields" in completes) return { kind: "fields", fields: completes.fields };
    const keys = Object.entries(completes.filters);
    return { kind: "filters", keys: keys.map(([key, value]) => [key, offerOf(value, [...place, key])]) };
  }
  switch (completes) {
    case "nothing":
    case "file":
    case "directory":
    case "command":
      return { kind: completes };
    case "container-path":
      return { kind: "paths", place: place.join(" ") };
    case "signal":
      return { kind: "words", words: signalNames };
    default:
      return { kind: "ask", place: place.join(" ") };
  }
}
