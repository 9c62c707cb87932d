import { fishEngine } from "./fish-engine";
import {
  filterFlags,
  spellings,
  takesValue,
  type CommandModel,
  type CompletionModel,
  type FlagModel,
  type Offer,
} from "./script-model";

/** The script that completes kpod's command lines in fish 3 and later. */
export function fishScript(model: CompletionModel): string {
  const { globals, families, commands } = model;
  return [
    "# fish completion for kpod, made by `npm run docs` from kpod's table of commands.\n",
    "# The words that others have to follow, and the commands whose arguments are none of kpod's business.",
    `set -g __kpod_families ${words(families.map(({ path }) => path.join(" ")))}`,
    `set -g __kpod_passing_through ${words(commands.filter(({ passThrough }) => passThrough).map(nameOf))}\n`,
    valueFunctions(model),
    filterFunctions(commands),
    nextFunction(model),
    fishEngine,
    "complete -c kpod -f\n",
    ...families.map(({ path, next }) =>
      next.map(({ word, summary }) => line([`-n`, at(path, 0), "-a", word, "-d", summary])).join("\n"),
    ),
    ...commands
      .map(commandLines)
      .filter((lines) => lines.length > 0)
      .map((lines) => `\n${lines.join("\n")}`),
    `\n${globals.flatMap(globalLines).join("\n")}\n`,
  ].join("\n");
}

function nameOf({ path }: CommandModel): string {
  return path.join(" ");
}

/** A word in single quotes where fish would take it for something else. */
function quoted(text: string): string {
  return /^[\w@%+:,./=-]+$/.test(text) ? text : `'${text.replace(/[\\']/g, "\\$&")}'`;
}

function words(list: readonly string[]): string {
  return list.map(quoted).join(" ");
}

function line(parts: readonly string[]): string {
  return `complete -c kpod ${words(parts)}`;
}

function at(path: readonly string[], number: number, more = false): string {
  return `__kpod_at ${argument(path.join(" "))} ${number}${more ? " more" : ""}`;
}

/** A word within a text that fish reads later. */
function argument(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text}"`;
}

function commandLines(command: CommandModel): string[] {
  const { path, flags, arguments: offers } = command;
  return [
    ...flags.map((flag) => {
      const barred = flags.filter(({ long }) => long === flag.long || flag.excludes.includes(long));
      const can = [
        "__kpod_can",
        argument(path.join(" ")),
        ...(flag.repeatable ? [] : barred.flatMap(spellings)),
      ];
      return line(["-n", can.join(" "), ...namesOf(flag), "-d", flag.help, ...valueOf(flag, path)]);
    }),
    ...offers.flatMap((offer, index) => {
      const offered = offerWords(offer, path);
      const here = at(path, index, index === offers.length - 1);
      const files =
        offer.kind === "paths" ? [line(["-n", `${here}; and not __kpod_in_container`, "-F"])] : [];
      return offered.length === 0 ? [] : [line(["-n", here, ...offered]), ...files];
    }),
  ];
}

/** A global flag; its letter is a line of its own, since a command may have it for itself. */
function globalLines(flag: FlagModel): string[] {
  const { short, ...rest } = flag;
  const can = ["__kpod_can", '"*"', ...(flag.repeatable ? [] : [`--${flag.long}`])].join(" ");
  const rows = ["-d", flag.help, ...valueOf(flag, [])];
  const long = line(["-n", can, ...namesOf(rest), ...rows]);
  if (short === undefined) return [long];
  return [long, line(["-n", `${can}; and __kpod_letter_is_free ${short}`, "-s", short, ...rows])];
}

function namesOf({ long, short }: FlagModel): string[] {
  return [...(short === undefined ? [] : ["-s", short]), "-l", long];
}

/** How the value of a flag is completed. */
function valueOf(flag: FlagModel, path: readonly string[]): string[] {
  if (!takesValue(flag)) return [];
  if (flag.offer.kind === "file") return ["-r", "-F"];
  return ["-x", ...offerWords(flag.offer, [...path, `--${flag.long}`])];
}

function offerWords(offer: Offer, place: readonly string[]): string[] {
  switch (offer.kind) {
    case "nothing":
      return [];
    case "file":
      return ["-F"];
    case "directory":
      return ["-a", "(__fish_complete_directories (__kpod_value))"];
    case "command":
      return ["-a", "(__kpod_read; __kpod_next)"];
    case "words":
      return ["-k", "-a", offer.words.join(" ")];
    case "fields":
      return ["-k", "-a", `(__kpod_fields ${offer.fields.join(" ")})`];
    case "ask":
      return ["-k", "-a", `(__kpod_ask ${argument(offer.place)})`];
    case "paths":
      return ["-k", "-a", `(__kpod_paths ${argument(offer.place)})`];
    case "filters":
      return ["-k", "-a", `(__kpod_filters ${argument(place.join(" "))})`];
  }
}

function valueFunctions({ globals, commands }: CompletionModel): string {
  const letters = new Set(globals.flatMap(({ short }) => short ?? []));
  const owned = commands.flatMap(({ path, flags }) =>
    flags.flatMap(({ short }) =>
      short !== undefined && letters.has(short) ? [`${path.join(" ")} -${short}`] : [],
    ),
  );
  const own = commands.flatMap(({ path, flags }) =>
    flags
      .filter(takesValue)
      .flatMap(spellings)
      .map((spelling) => `${path.join(" ")} ${spelling}`),
  );
  const valued = globals.filter(takesValue);
  return [
    switchFunction(
      "True where COMMAND has a FLAG that is also the letter of a global one.",
      "__kpod_own_letter",
      [[owned, "return 0"]],
    ),
    switchFunction(
      "Prints the name of a global flag with a value that FLAG is after COMMAND.",
      "__kpod_global",
      [
        [owned, "return 1"],
        ...valued.map((flag): Case => [
          spellings(flag).map((spelling) => `* ${spelling}`),
          `echo -- --${flag.long}; return 0`,
        ]),
      ],
    ),
    switchFunction("True where FLAG of COMMAND has a value.", "__kpod_takes_value", [
      [own, "return 0"],
      [owned, "return 1"],
      [valued.flatMap(spellings).map((spelling) => `* ${spelling}`), "return 0"],
    ]),
  ].join("\n");
}

type Case = readonly [patterns: readonly string[], body: string];

function switchFunction(says: string, name: string, cases: readonly Case[]): string {
  const branches = cases
    .filter(([patterns]) => patterns.length > 0)
    .map(([patterns, body]) => `        case ${words(patterns)}\n            ${body}\n`);
  return `# ${says}\nfunction ${name}\n    switch "$argv[1] $argv[2]"\n${branches.join("")}    end\n    return 1\nend\n`;
}

function nextFunction({ families }: CompletionModel): string {
  const branches = families.map(({ path, next }) => {
    const rows = next.map(({ word, summary }) => quoted(`${word}\t${summary}`));
    return `        case ${quoted(path.join(" "))}\n            printf '%s\\n' ${rows.join(" ")}\n`;
  });
  return `# The words that can follow the arguments, as those of a command.\nfunction __kpod_next\n    switch "$__kpod_arguments"\n${branches.join("")}    end\nend\n`;
}

function filterFunctions(commands: readonly CommandModel[]): string {
  const filters = filterFlags(commands).map(({ place, keys }) => ({ place: place.join(" "), keys }));
  const keys = filters.map(
    ({ place, keys: list }) =>
      `        case ${quoted(place)}\n            printf '%s\\n' ${words(list.map(([key]) => key))}\n`,
  );
  const values = filters.flatMap(({ place, keys: list }) =>
    list.flatMap(([key, offer]) => {
      const body =
        offer.kind === "words"
          ? `printf '%s\\n' "$before"{${offer.words.join(",")}}`
          : offer.kind === "ask"
            ? `__kpod_ask ${argument(offer.place)} "$value" "$before"`
            : undefined;
      return body === undefined ? [] : [`        case ${quoted(`${place} ${key}`)}\n            ${body}\n`];
    }),
  );
  return [
    `# The keys of the filters of a flag.\nfunction __kpod_keys\n    switch "$argv[1]"\n${keys.join("")}    end\nend\n`,
    `# What the value of a filter can be.\nfunction __kpod_filter --argument-names place value before\n    switch "$place"\n${values.join("")}    end\nend\n`,
  ].join("\n");
}
