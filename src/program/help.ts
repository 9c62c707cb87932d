import CliTable from "cli-table3";
import { loadColors, type Colors } from "../shell/colors";
import { commandGroups } from "../shell/command";
import { findCommand, flagsAfter, isFamily, startsWith, type Command } from "./command";
import type { FlagSpec, FlagSpecs } from "../shell/flags";
import { unknownCommand } from "./parser";
import { globalFlags } from "../shell/global-flags";
import type { Terminal } from "../shell/terminal";

/** How help is drawn. */
export interface HelpStyle {
  readonly colors: Colors;
  /** The width of the terminal; help is never wider than 80, and as wide where there is none. */
  readonly columns: number | undefined;
}

/** Prints the help of a command, see {@link helpText}. */
export async function showHelp(
  terminal: Terminal,
  commands: readonly Command[],
  path: readonly string[],
): Promise<void> {
  const colors = await loadColors(terminal.color);
  terminal.out(helpText(commands, path, { colors, columns: terminal.columns }));
}

/**
 * The help of a command, of a family of commands (`["pod"]`) or of kpod (`[]`), made from their descriptions.
 *
 * @throws UnknownCommandError when no command is called so
 */
export function helpText(commands: readonly Command[], path: readonly string[], style: HelpStyle): string {
  const command = findCommand(commands, path);
  if (command !== undefined) return commandHelp(command, style);
  if (path.length > 0 && !isFamily(commands, path)) throw unknownCommand(commands, path);
  return listHelp(commands, path, style);
}

function commandHelp(command: Command, style: HelpStyle): string {
  const own = visibleFlags(command.flags);
  const examples = command.examples.map(({ command: line, does }) => `  ${line}\n      ${does}\n`);
  const after = flagsAfter(command);
  const globals = Object.keys(globalFlags).map((long) => [long, after[long] ?? { help: "" }] as const);
  return sections([
    usageLine(command, style),
    `${command.summary}\n`,
    own.length > 0 && section("Flags", list(own.map(flagRow), style), style),
    examples.length > 0 && section("Examples", examples.join(""), style),
    section("Global flags", list(globals.map(flagRow), style), style),
  ]);
}

function listHelp(commands: readonly Command[], path: readonly string[], style: HelpStyle): string {
  const listed = commands.filter((command) => startsWith(command.path, path));
  const groups = Object.entries(commandGroups).map(([group, heading]) => {
    const rows = listed.filter((command) => command.group === group).map(commandRow);
    return rows.length > 0 && section(heading, list(rows, style, columnWidth(listed)), style);
  });
  const name = ["kpod", ...path].join(" ");
  return sections([
    `${style.colors.bold("Usage:")} ${name} ${path.length > 0 ? "" : "[global flags] "}COMMAND [flags] [ARGUMENTS]\n`,
    path.length === 0 && "Look after the pods and containers of CRI-O, without a daemon\n",
    ...groups,
    section("Global flags", list(visibleFlags(globalFlags).map(flagRow), style), style),
    `Run '${name} COMMAND --help' for the flags and examples of a command.\n`,
  ]);
}

function usageLine(command: Command, { colors }: HelpStyle): string {
  return `${colors.bold("Usage:")} ${["kpod", ...command.path, command.usage].join(" ").trimEnd()}\n`;
}

function section(heading: string, body: string, { colors }: HelpStyle): string {
  return `${colors.bold(`${heading}:`)}\n${body}`;
}

function sections(parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join("\n");
}

type Row = readonly [term: string, text: string];

function commandRow(command: Command): Row {
  return [command.path.join(" "), command.summary];
}

function columnWidth(commands: readonly Command[]): number {
  return Math.max(...commands.map((command) => commandRow(command)[0].length));
}

function visibleFlags(specs: FlagSpecs): (readonly [string, FlagSpec])[] {
  return Object.entries(specs).filter(([, spec]) => spec.hidden !== true);
}

function flagRow([long, spec]: readonly [string, FlagSpec]): Row {
  const short = spec.short === undefined ? "   " : `-${spec.short},`;
  const value = spec.implied === undefined ? spec.argument : `[${spec.argument ?? ""}]`;
  const argument = value === undefined ? "" : ` ${value}`;
  const standard = spec.default === undefined ? "" : ` (default ${spec.default})`;
  return [`${short} --${long}${argument}`, spec.help + standard];
}

const borderless = {
  middle: "  ",
  left: "  ",
  right: "",
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
};
const noRules = {
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  mid: "",
  "mid-mid": "",
};

/** Terms with their texts beside them, wrapped at the width of the help. */
function list(rows: readonly Row[], { columns }: HelpStyle, wanted = 0): string {
  const terms = Math.max(wanted, ...rows.map(([term]) => term.length));
  const width = Math.min(80, columns ?? 80);
  const table = new CliTable({
    chars: { ...borderless, ...noRules, "left-mid": "", "right-mid": "" },
    colWidths: [terms, Math.max(20, width - terms - 4)],
    wordWrap: true,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
