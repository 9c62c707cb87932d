import { bashEngine } from "./bash-engine";
import {
  filterFlags,
  spellings,
  takesValue,
  type CommandModel,
  type CompletionModel,
  type FlagModel,
  type Offer,
} from "./script-model";
import { shellWord, shellWords } from "./shell-text";

/** The script that completes kpod's command lines in bash 4.2 and later; it needs no bash-completion. */
export function bashScript({ globals, families, commands }: CompletionModel): string {
  const tables = [
    caseFunction({
      says: "The words that can follow COMMAND.",
      name: "__kpod_next",
      on: "$1",
      cases: families.map(({ path, next }) => [
        nameOf(path),
        `offer=(${shellWords(next.map(({ word }) => word))})`,
      ]),
      otherwise: "return 1",
    }),
    caseFunction({
      says: "The flags that can follow COMMAND.",
      name: "__kpod_flags",
      on: "$1",
      cases: commands.map(({ path, flags }) => [nameOf(path), `offer=(${longNames(flags)})`]),
      otherwise: "offer=()",
      after: `offer+=(${longNames(globals)})`,
    }),
    caseFunction({
      says: "What the value of FLAG of COMMAND is. The flag's long name goes to flag.",
      name: "__kpod_value",
      before: "flag=$2 many='' global='' bars=()",
      on: '"$1 $2"',
      cases: [...commands.flatMap(flagCases), ...globals.map((flag) => globalCase(flag))],
      otherwise: "action=(switch)",
    }),
    caseFunction({
      says: "What argument NUMBER of COMMAND is.",
      name: "__kpod_argument",
      on: '"$1 $2"',
      cases: commands.flatMap(argumentCases),
      otherwise: "action=(nothing)",
    }),
    caseFunction({
      says: "Succeeds where what follows the first argument of COMMAND is none of kpod's business.",
      name: "__kpod_passes_through",
      on: "$1",
      cases: commands.filter(({ passThrough }) => passThrough).map(({ path }) => [nameOf(path), "return 0"]),
      otherwise: "return 1",
    }),
    ...filterFunctions(commands),
  ];
  const title = "# bash completion for kpod, made by `npm run docs` from kpod's table of commands.\n";
  return [title, ...tables, bashEngine].join("\n");
}

interface CaseFunction {
  readonly says: string;
  readonly name: string;
  /** Lines before and after the case. */
  readonly before?: string;
  readonly after?: string;
  readonly on: string;
  readonly cases: readonly (readonly [pattern: string, body: string])[];
  readonly otherwise: string;
}

function caseFunction({ says, name, before, after, on, cases, otherwise }: CaseFunction): string {
  const branches = [...cases, ["*", otherwise] as const].map(
    ([pattern, body]) => `        ${pattern}) ${body} ;;\n`,
  );
  const line = (text: string | undefined) => (text === undefined ? "" : `    ${text}\n`);
  return `# ${says}\n${name}() {\n${line(before)}    case ${on} in\n${branches.join("")}    esac\n${line(after)}}\n`;
}

function nameOf(path: readonly string[]): string {
  return shellWord(path.join(" "));
}

function longNames(flags: readonly FlagModel[]): string {
  return shellWords(flags.map(({ long }) => `--${long}`));
}

function flagCases({ path, flags }: CommandModel): [string, string][] {
  return flags.map((flag) => {
    const patterns = spellings(flag)
      .reverse()
      .map((spelling) => shellWord([...path, spelling].join(" ")));
    return [patterns.join(" | "), `${traitsOf(flag)} action=(${actionOf(flag, path)})`];
  });
}

function globalCase(flag: FlagModel): [string, string] {
  const patterns = spellings(flag)
    .reverse()
    .map((spelling) => `*${shellWord(` ${spelling}`)}`);
  return [patterns.join(" | "), `${traitsOf(flag)} global=1 action=(${actionOf(flag, [])})`];
}

function traitsOf({ long, repeatable, excludes }: FlagModel): string {
  const bars = excludes.map((other) => `--${other}`);
  const traits = [`flag=--${long}`, repeatable && "many=1", bars.length > 0 && `bars=(${shellWords(bars)})`];
  return traits.filter((trait) => trait !== false).join(" ");
}

function argumentCases({ path, arguments: offers }: CommandModel): [string, string][] {
  return offers.map((offer, index) => {
    const number = index === offers.length - 1 ? "*" : String(index);
    return [`${shellWord(`${path.join(" ")} `)}${number}`, `action=(${wordsOf(offer, path)})`];
  });
}

function actionOf(flag: FlagModel, path: readonly string[]): string {
  // A value that may be left out is no reason to wait for one.
  if (!takesValue(flag)) return "switch";
  return wordsOf(flag.offer, [...path, `--${flag.long}`]);
}

/** What __kpod_offer takes. */
function wordsOf(offer: Offer, place: readonly string[]): string {
  switch (offer.kind) {
    case "words":
      return `words ${shellWords(offer.words)}`;
    case "fields":
      return `fields ${shellWords(offer.fields)}`;
    case "ask":
    case "paths":
      return `${offer.kind} ${shellWord(offer.place)}`;
    case "filters":
      return `filters ${shellWord(place.join(" "))}`;
    default:
      return offer.kind;
  }
}

function filterFunctions(commands: readonly CommandModel[]): string[] {
  const filters = filterFlags(commands);
  return [
    caseFunction({
      says: "The keys of the filters of a flag.",
      name: "__kpod_filters",
      on: "$1",
      cases: filters.map(({ place, keys }) => [
        nameOf(place),
        `offer=(${shellWords(keys.map(([key]) => `${key}=`))})`,
      ]),
      otherwise: "return 1",
    }),
    caseFunction({
      says: "What the value of the filter KEY of a flag is.",
      name: "__kpod_filter",
      on: '"$1 $2"',
      cases: filters.flatMap(({ place, keys }) =>
        keys.map(([key, offer]): [string, string] => [
          nameOf([...place, key]),
          `action=(${wordsOf(offer, [...place, key])})`,
        ]),
      ),
      otherwise: "action=(nothing)",
    }),
  ];
}
