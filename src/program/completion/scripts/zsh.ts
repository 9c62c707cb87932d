import {
  filterFlags,
  spellings,
  takesValue,
  type CommandModel,
  type CompletionModel,
  type FamilyModel,
  type FlagModel,
  type Offer,
} from "./script-model";
import { shellWord, shellWords } from "./shell-text";
import { zshEngine } from "./zsh-engine";

/** The script that completes kpod's command lines in zsh 5 and later, as a file of fpath and by `source`. */
export function zshScript({ globals, families, commands }: CompletionModel): string {
  const valued = globals.filter(takesValue).map(({ long }) => long);
  const filters = filterFlags(commands).map(({ place, keys }) => ({ place: place.join(" "), keys }));
  return [
    "#compdef kpod\n# zsh completion for kpod, made by `npm run docs` from kpod's table of commands.\n",
    `# The words that others have to follow.\ntypeset -ga __kpod_families=(${shellWords(families.map(({ path }) => path.join(" ")))})\n`,
    `# The global flags with a value.\ntypeset -ga __kpod_valued=(${shellWords(valued)})\n`,
    nextFunction(families),
    specsFunction(commands),
    globalsFunction(globals),
    caseFunction({
      says: "The keys of the filters of a flag.",
      name: "__kpod_keys",
      cases: filters.map(({ place, keys }) => [
        place,
        [`compadd -S '=' -q -- ${shellWords(keys.map(([key]) => key))}`],
      ]),
      otherwise: "return 1",
    }),
    caseFunction({
      says: "The values of a filter of a flag.",
      name: "__kpod_filter",
      cases: filters.flatMap(({ place, keys }) =>
        keys.map(([key, offer]): [string, string[]] => [
          `${place} ${key}`,
          [statementFor(offer, [place, key])],
        ]),
      ),
      otherwise: "return 1",
    }),
    zshEngine,
  ].join("\n");
}

interface CaseFunction {
  readonly says: string;
  readonly name: string;
  readonly cases: readonly (readonly [pattern: string, body: readonly string[]])[];
  readonly otherwise: string;
}

function caseFunction({ says, name, cases, otherwise }: CaseFunction): string {
  const branches = cases.map(([pattern, body]) =>
    [`        (${shellWord(pattern)})`, ...body.map((line) => `            ${line}`), "            ;;"].join(
      "\n",
    ),
  );
  const lines = [`# ${says}`, `${name}() {`, "    case $1 in", ...branches, `        (*) ${otherwise} ;;`];
  return [...lines, "    esac", "}", ""].join("\n");
}

function nextFunction(families: readonly FamilyModel[]): string {
  return caseFunction({
    says: "Offers the words that can follow COMMAND.",
    name: "__kpod_next",
    cases: families.map(({ path, next }) => [
      path.join(" "),
      [
        "local -a commands=(",
        ...next.map(({ word, summary }) => `    ${shellWord(`${word}:${summary}`)}`),
        ")",
        "_describe -t commands command commands",
      ],
    ]),
    otherwise: "return 1",
  });
}

function specsFunction(commands: readonly CommandModel[]): string {
  return caseFunction({
    says: "The flags and arguments of COMMAND, and the letters that it takes from global flags.",
    name: "__kpod_specs",
    cases: commands.map((command) => {
      const { path, flags, passThrough } = command;
      const taken = flags.flatMap(({ short }) => short ?? []);
      return [
        path.join(" "),
        [
          `taken=(${shellWords(taken)})${passThrough ? " pass_through=1" : ""}`,
          "specs=(",
          ...flags.map((flag) => `    ${flagSpec(flag, command)}`),
          ...argumentSpecs(command).map((spec) => `    ${shellWord(spec)}`),
          ")",
        ],
      ];
    }),
    otherwise: "specs=('*: : ')",
  });
}

/** The letter of a flag is a spec of its own, left out where the command has it for itself. */
function globalsFunction(globals: readonly FlagModel[]): string {
  const nobody = { path: [], flags: globals };
  const specs = globals.flatMap((flag): string[] => {
    const { short, ...rest } = flag;
    const long = `    specs+=(${flagSpec(rest, nobody)})`;
    if (short === undefined) return [long];
    const letter = `specs+=(${flagSpec(flag, nobody, [`-${short}${flag.argument === undefined ? "" : "+"}`])})`;
    const meaning = takesValue(flag) ? ` letters[${short}]=${flag.long}` : "";
    return [long, `    (( $taken[(Ie)${short}] )) || { ${letter}${meaning} }`];
  });
  return ["# Adds the global flags.", "__kpod_global_specs() {", ...specs, "}", ""].join("\n");
}

/** What _arguments takes for a flag; its letter and its name may be told apart. */
function flagSpec(
  flag: FlagModel,
  { path, flags }: Pick<CommandModel, "path" | "flags">,
  names: readonly string[] = namesFor(flag),
): string {
  const { long, help, argument, repeatable, excludes } = flag;
  const colons = flag.optional ? "::" : ":";
  const value =
    argument === undefined
      ? ""
      : `${colons}${escaped(argument)}:${actionFor(flag.offer, [...path, `--${long}`])}`;
  const text = shellWord(`[${help.replace(/[\\[\]]/g, "\\$&")}]${value}`);
  const barred = flags.filter((other) => other.long === long || excludes.includes(other.long));
  const once = repeatable ? "'*'" : shellWord(`(${barred.flatMap(spellings).join(" ")})`);
  return `${once}${names.length > 1 ? `{${names.join(",")}}` : names.join("")}${text}`;
}

/** How a flag is written; the sign behind says how its value may follow. */
function namesFor({ long, short, argument, optional }: FlagModel): string[] {
  const [afterShort, afterLong] = argument === undefined ? ["", ""] : optional ? ["-", "=-"] : ["+", "="];
  return [...(short === undefined ? [] : [`-${short}${afterShort}`]), `--${long}${afterLong}`];
}

function argumentSpecs({ arguments: offers, path }: CommandModel): string[] {
  return offers.map((offer, index) => {
    const place = index === offers.length - 1 ? "*" : String(index + 1);
    return `${place}: :${actionFor(offer, path)}`;
  });
}

/** The action of _arguments. */
function actionFor(offer: Offer, place: readonly string[]): string {
  switch (offer.kind) {
    case "nothing":
      return " ";
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    default:
      return `{${statementFor(offer, place)}}`;
  }
}

function statementFor(offer: Offer, place: readonly string[]): string {
  switch (offer.kind) {
    case "nothing":
      return "return 1";
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    case "command":
      return "__kpod_command";
    case "words":
      return `__kpod_words ${shellWords(offer.words)}`;
    case "fields":
      return `__kpod_fields ${shellWords(offer.fields)}`;
    case "ask":
      return `__kpod_ask "${offer.place}"`;
    case "paths":
      return `__kpod_paths "${offer.place}"`;
    case "filters":
      return `__kpod_filters "${place.join(" ")}"`;
  }
}

function escaped(text: string): string {
  return text.replace(/[\\:]/g, "\\$&");
}
