// The manual pages: what every page says alike comes from the list of commands, the rest from man/src.
import { example, inline, literal, manLines, placeholder, plainLines, textLines } from "./roff.mjs";

/** When the manual was last gone through; a date of the day would make each build another one. */
const REVISED = "2026-11-23";

const GROUP_HEADINGS = {
  look: "Looking",
  change: "Changing containers",
  pods: "Pods",
  images: "Images",
  system: "kpod itself",
};

const NEEDS_ROOT = "This command has to be run by root.";

const COMMON_EXIT_STATUS = [
  ["0", "All that was asked for was done."],
  [
    "1",
    "It was not, or not all of it. Each argument that failed is told on a line of its own on stderr, while the others go on.",
  ],
  ["2", "Wrong usage: an unknown flag, a bad value, a wrong number of arguments. Nothing was done."],
];

const COMMON_FILES = [
  "`/etc/crio/crio.conf`, `/etc/crio/crio.conf.d/`",
  ": The configuration of CRI-O, which says where everything is. See kpod.conf(5).",
];

/** The name of a command's page: `kpod-pod-stop`. */
export function pageName(command) {
  return ["kpod", ...command.path].join("-");
}

/** The page of a command. `globals` are the global flags, `source` its sections of man/src. */
export function commandPage({ command, version, source }) {
  const { path, summary, usage, flags, examples, exclusive = [], needsRoot } = command;
  const visible = Object.entries(flags).filter(([, { hidden }]) => hidden !== true);
  const own = [
    ...visible.flatMap(([long, flag]) => flagLines(long, flag)),
    ...exclusive.flatMap(({ flags: names }) => manLines(exclusiveText(names))),
    ...manLines(
      visible.length > 0
        ? "The flags that every command takes are in kpod(1)."
        : "This command has no flags but those that every command takes; they are in kpod(1).",
    ),
  ];
  const sections = new Map([
    ["SYNOPSIS", [synopsis(path, usage)]],
    [
      "DESCRIPTION",
      manLines([source.get("DESCRIPTION"), needsRoot === true && NEEDS_ROOT].filter(Boolean).join("\n\n")),
    ],
    ["OPTIONS", own],
    ...others(source),
    ["EXAMPLES", exampleLines(examples, source)],
    ["EXIT STATUS", exitStatus(source)],
    ["FILES", manLines([COMMON_FILES.join("\n"), source.get("FILES") ?? ""].join("\n\n"))],
    ["SEE ALSO", seeAlso(source)],
  ]);
  const name = pageName(command);
  return page({ name, section: 1, version, summary: lowerFirst(summary), sections });
}

/** The page of kpod itself: the commands by group and the global flags, between what man/src says. */
export function mainPage({ commands, groups, globals, version, source }) {
  const sections = new Map([
    ["SYNOPSIS", [synopsis([], "COMMAND [flags] [ARGUMENTS]")]],
    ["DESCRIPTION", manLines(source.get("DESCRIPTION"))],
    ["COMMANDS", commandList(commands, groups)],
    [
      "OPTIONS",
      [
        ...manLines(source.get("OPTIONS") ?? ""),
        ...Object.entries(globals).flatMap(([long, flag]) => flagLines(long, flag)),
      ],
    ],
    ...others(source),
    ["EXIT STATUS", manLines(source.get("EXIT STATUS") ?? "")],
    ["FILES", manLines(source.get("FILES") ?? "")],
    ["SEE ALSO", seeAlso(source)],
  ]);
  const summary = "look after the pods and containers of CRI-O, without a daemon";
  return page({ name: "kpod", section: 1, version, summary, sections });
}

/**
 * The page of the configuration's keys. `tables` holds the keys of each table; each has to stand in man/src as a
 * term under the table's heading, where its type and its default are added.
 */
export function configPage({ version, source, tables }) {
  const sections = new Map([
    ["DESCRIPTION", manLines(source.get("DESCRIPTION"))],
    ...tables.map(({ heading, lines }) => [heading, manLines(lines)]),
    ...others(source).filter(([heading]) => !tables.some((table) => table.heading === heading)),
    ["EXAMPLES", manLines(source.get("EXAMPLES") ?? "")],
    ["FILES", manLines(source.get("FILES") ?? "")],
    ["SEE ALSO", seeAlso(source)],
  ]);
  return page({
    name: "kpod.conf",
    section: 5,
    version,
    summary: "the keys of crio.conf that kpod reads",
    sections,
  });
}

/** The page of the JSON that kpod prints: a section of Markdown for each output. */
export function jsonPage({ version, source, outputs }) {
  const sections = new Map([
    ["DESCRIPTION", manLines(source.get("DESCRIPTION"))],
    ...outputs.map(([heading, markdown]) => [heading, manLines(markdown)]),
    ["EXAMPLES", manLines(source.get("EXAMPLES") ?? "")],
    ["SEE ALSO", seeAlso(source)],
  ]);
  const summary = "the JSON that kpod prints";
  return page({ name: "kpod-json", section: 5, version, summary, sections });
}

function page({ name, section, version, summary, sections }) {
  const head = [
    "." +
      `\\" Made by \`npm run docs\` from the table of commands, schemas/ and man/src: changes here get lost.`,
    `.TH ${name.toUpperCase()} ${section} ${REVISED} "kpod ${version}" "kpod manual"`,
    // Lines are not to be stretched.
    ".ad l",
    ".SH NAME",
    `${name.replaceAll("-", "\\-")} \\- ${inline(summary)}`,
  ];
  const body = [...sections]
    .filter(([, lines]) => lines.length > 0)
    .flatMap(([heading, lines]) => [`.SH ${heading}`, ...withoutLeadingBreak(lines)]);
  return `${[...head, ...body].join("\n")}\n`;
}

/** Right behind a heading .PP does nothing. */
function withoutLeadingBreak(lines) {
  return lines[0] === ".PP" ? lines.slice(1) : lines;
}

function synopsis(path, usage) {
  const words = usage.split(/([A-Z][A-Z-]*|flags)/);
  const rest = words.map((word, index) => (index % 2 === 1 ? placeholder(word) : word)).join("");
  const name = ["kpod", ...path].join(" ");
  const globals = path.length === 0 ? ` [${placeholder("global flags")}]` : "";
  return `${literal(name)}${globals} ${rest}`.trimEnd();
}

function flagLines(long, flag) {
  const { short, argument, implied, help, choices = [], completes } = flag;
  const names = [...(short === undefined ? [] : [literal(`-${short}`)]), literal(`--${long}`)].join(", ");
  const value = argument === undefined ? "" : placeholder(argument);
  const term = value === "" ? names : `${names} ${implied === undefined ? value : `[${value}]`}`;
  const unsaid = choices.filter((choice) => !new RegExp(`\\b${choice}\\b`).test(help));
  const added = [
    unsaid.length > 0 && `It is one of ${choices.map((choice) => `\`${choice}\``).join(", ")}.`,
    flag.default !== undefined && `The default is \`${flag.default}\`.`,
    completes?.fields !== undefined &&
      `The fields of a template: ${completes.fields.map((field) => `\`${field}\``).join(", ")}.`,
  ];
  return [
    ".TP",
    term,
    ...plainLines(`${help}.`),
    ...added.filter(Boolean).flatMap((text) => textLines(text)),
  ];
}

function exclusiveText(names) {
  const flags = names.map((name) => `\`--${name}\``);
  return `${flags.slice(0, -1).join(", ")} and ${flags.at(-1)} exclude each other.`;
}

function exampleLines(examples, source) {
  return [
    ...examples.flatMap(({ command, does }) => [
      ".PP",
      ...plainLines(`${does}:`),
      ...example([`# ${command}`]),
    ]),
    ...manLines(source.get("EXAMPLES") ?? ""),
  ];
}

/** What is said of all commands, and what the page says itself, which goes before. */
function exitStatus(source) {
  const own = (source.get("EXIT STATUS") ?? "").split("\n\n");
  const codeOf = (text) => /^`(\d+)`\n: /.exec(text)?.[1];
  const common = COMMON_EXIT_STATUS.filter(([code]) => !own.some((text) => codeOf(text) === code)).map(
    ([code, text]) => `\`${code}\`\n: ${text}`,
  );
  const terms = [...common, ...own.filter((text) => codeOf(text) !== undefined)];
  terms.sort((a, b) => Number(codeOf(a)) - Number(codeOf(b)));
  const prose = own.filter((text) => codeOf(text) === undefined);
  return manLines([...prose, ...terms, "All exit codes are in kpod(1)."].join("\n\n"));
}

function seeAlso(source) {
  return manLines(`${source.get("SEE ALSO")}`);
}

const PLACED = ["DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "FILES", "SEE ALSO"];

function others(source) {
  return [...source]
    .filter(([heading]) => !PLACED.includes(heading))
    .map(([heading, text]) => [heading, manLines(text)]);
}

function commandList(commands, groups) {
  return Object.keys(groups).flatMap((group) => {
    const ofGroup = commands.filter((command) => command.group === group);
    const rows = ofGroup.flatMap((command) => [
      ".TP",
      `${literal(command.path.join(" "))}`,
      ...textLines(`${command.summary}: ${pageName(command)}(1).`),
    ]);
    return ofGroup.length === 0 ? [] : [`.SS ${GROUP_HEADINGS[group]}`, ...rows];
  });
}

function lowerFirst(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
