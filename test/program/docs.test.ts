import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkIdsText, checkListText } from "../../scripts/lib/checks.mjs";
import { commandFoldersText } from "../../scripts/lib/commands.mjs";
import { generatedFiles, manualPages, strayFiles } from "../../scripts/lib/docs.mjs";
import { command, type Command } from "../../src/program/command";
import { UsageError } from "../../src/shell/errors";
import * as documented from "../../src/program/documented";
import type { FlagSpec } from "../../src/shell/flags";
import { globalFlags } from "../../src/shell/global-flags";
import { plainColors } from "../../src/shell/colors";
import { helpText } from "../../src/program/help";
import { parseCommandLine } from "../../src/program/command-line";
import { commands } from "../../src/program/command-list";
import packageJson from "../../package.json";
import { runProcess } from "../helpers/process";
import { testdir } from "../helpers/testdir";

const repository = join(__dirname, "../..");
const sources = join(repository, "man/src");
const places = { version: packageJson.version, sources, schemas: join(repository, "schemas") };
const made = generatedFiles(documented, places);
const committed = [
  ...made,
  ["src/program/command-folders.ts", commandFoldersText(repository)] as const,
  ["src/lib/doctor/check-list.ts", checkListText(repository)] as const,
  ["src/commands/doctor/check-ids.ts", checkIdsText(repository)] as const,
];
const present = ["man", "completions"].flatMap((directory) =>
  readdirSync(join(repository, directory), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(directory, name)),
);

describe("what is committed is what the commands give; `npm run docs` makes it so", () => {
  test.each(committed)("%s", (name, text) => {
    const path = join(repository, name);
    expect(existsSync(path) ? readFileSync(path, "utf8") : "it is missing").toBe(text);
  });

  test("there is nothing else, and package.json lists every page", () => {
    expect(strayFiles(made, present)).toEqual([]);
    expect(packageJson.man).toEqual(manualPages(made));
  });

  test("all prose is used", () => {
    const pages = ["kpod", "kpod-json", "kpod.conf", ...commands.map(({ path }) => path.join("-"))];
    expect(readdirSync(sources).sort()).toEqual(pages.map((page) => `${page}.md`).sort());
  });
});

type Flag = readonly [long: string, spec: FlagSpec];

const plain = { colors: plainColors, columns: undefined };

async function isTaken({ path, arguments: { min } }: Command, [long, spec]: Flag): Promise<boolean> {
  const value = spec.choices?.[0] ?? (spec.type === undefined ? "x" : "1");
  const words = [...path, `--${long}`, ...(spec.argument === undefined ? [] : [value])];
  try {
    await parseCommandLine([...words, ...Array.from({ length: min }, () => "x")], commands);
    return true;
  } catch (error) {
    if (error instanceof UsageError && error.message.startsWith("unknown option")) return false;
    throw error;
  }
}

function textBetween(file: string, start: string, end: string): string {
  const [, rest = ""] = (made.get(file) ?? "").split(start);
  return rest.split(end)[0] ?? "";
}

function quotedAs(quote: string, words: readonly string[]): string {
  return words.length > 1 ? `${quote}${words.join(" ")}${quote}` : words.join("");
}

/** Makes something of each name once. */
function once<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}

const bashTable = textBetween("completions/kpod.bash", "__kpod_flags() {", "\n}");
const zshGlobals = textBetween("completions/_kpod", "__kpod_global_specs() {", "\n}");
const zshTable = textBetween("completions/_kpod", "__kpod_specs() {", "\n}");

/** What the completions and the manual say of the flags of a command, or, without a name, of those of all commands. */
const saidOf = once((name) => {
  const path = name.split(" ");
  const isGlobal = name === "";
  const can = isGlobal ? '"\\*"' : quotedAs('"', path);
  const fish = new RegExp(`'__kpod_can ${can}[ ']`);
  const page = made.get(isGlobal ? "man/kpod.1" : `man/${["kpod", ...path].join("-")}.1`) ?? "";
  return {
    bash:
      (isGlobal
        ? bashTable.split("offer+=(")[1]
        : textAfter(bashTable, `\n        ${quotedAs("'", path)}) offer=(`).split(")")[0]) ?? "",
    zsh:
      (isGlobal ? zshGlobals : textAfter(zshTable, `\n        (${quotedAs("'", path)})\n`).split(";;")[0]) ??
      "",
    fish: (made.get("completions/kpod.fish") ?? "").split("\n").filter((line) => fish.test(line)),
    manual: page.replace(/\\f[BIR]|\\%/g, "").replaceAll("\\-", "-"),
  };
});

const helpOf = once((name) => helpText(commands, name.split(" "), plain));

/** Where nothing is said of a flag of a command, of all the places where it has to be. */
async function placesWithout(command: Command, flag: Flag): Promise<string[]> {
  const name = command.path.join(" ");
  const [long] = flag;
  const { bash, zsh, fish, manual } = saidOf(long in globalFlags ? "" : name);
  const saidIn = {
    parser: await isTaken(command, flag),
    help: new RegExp(`^ +(-., )?--${long}( |$)`, "m").test(helpOf(name)),
    bash: new RegExp(`(^|\\(| )--${long}( |\\)|$)`).test(bash),
    zsh: new RegExp(`[')},]--${long}(=-?)?[}']`).test(zsh),
    fish: fish.some((line) => line.includes(` -l ${long} `)),
    manual: new RegExp(`^\\.TP\n.*--${long}( |$)`, "m").test(manual),
  };
  return Object.entries(saidIn).flatMap(([place, said]) => (said ? [] : [place]));
}

function textAfter(text: string, start: string): string {
  return text.split(start)[1] ?? "";
}

const flags = commands.flatMap((entry) =>
  Object.entries<FlagSpec>({ ...globalFlags, ...entry.flags })
    .filter(([, { hidden }]) => hidden !== true)
    .map((flag) => [`kpod ${entry.path.join(" ")} --${flag[0]}`, entry, flag] as const),
);

describe("nothing leaves out a flag of a command", () => {
  test.each(flags)("%s", async (_, entry, flag) => {
    expect(await placesWithout(entry, flag)).toEqual([]);
  });

  test("a flag that nothing knows is missed everywhere", async () => {
    for (const entry of commands) {
      const everywhere = ["parser", "help", "bash", "zsh", "fish", "manual"];
      expect(await placesWithout(entry, ["left-out", { help: "Not there" }])).toEqual(everywhere);
    }
  });
});

describe("manual pages", () => {
  const pages = [...made].filter(([name]) => name.startsWith("man/"));

  test("mandoc finds nothing wrong with them", async () => {
    const directory = testdir(Object.fromEntries(pages));
    const names = pages.map(([name]) => name);
    const lint = await runProcess("mandoc", ["-Tlint", "-Wall", ...names], { cwd: directory });
    expect(lint).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  test("mandoc would find something", async () => {
    const directory = testdir({ "bad.1": ".TH BAD\n.SH NAME\nbad\n.XX\n" });
    expect((await runProcess("mandoc", ["-Tlint", "-Wall", "bad.1"], { cwd: directory })).stdout).toContain(
      "bad.1",
    );
  });

  test.each(pages)("%s has the sections of a manual page, and its references lead somewhere", (_, text) => {
    const sections = [...text.matchAll(/^\.SH (.*)$/gm)].map(([, heading]) => heading);
    const [, section] = /^\.TH \S+ (\d)/m.exec(text) ?? [];
    const needed =
      section === "5"
        ? ["NAME", "DESCRIPTION", "EXAMPLES", "SEE ALSO"]
        : ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "FILES", "SEE ALSO"];
    expect(sections.filter((section) => needed.includes(section ?? ""))).toEqual(needed);
    const plainText = text.replace(/\\f[BIR]|\\%/g, "").replaceAll("\\-", "-");
    for (const [, name = "", section = ""] of plainText.matchAll(/\b(kpod[\w.-]*)\((\d)\)/g)) {
      expect(made.has(`man/${name}.${section}`)).toBe(true);
    }
  });

  test.each(pages)("%s has an example with what is printed", (_, text) => {
    expect(text).toMatch(/^\.EX\n# kpod .*\n(?!\.EE)|^\.EX\n\[crio/m);
  });

  test("that of kpod leads to all of them", () => {
    const main = (made.get("man/kpod.1") ?? "").replace(/\\f[BIR]|\\%/g, "").replaceAll("\\-", "-");
    for (const [name] of pages) {
      const [, page = "", section = ""] = /^man\/(.*)\.(\d)$/.exec(name) ?? [];
      if (page !== "kpod") expect(main).toContain(`${page}(${section})`);
    }
  });

  test("that of rename says when CRI-O learns the name", async () => {
    const shown = await runProcess("mandoc", ["-Tascii"], { input: made.get("man/kpod-rename.1") ?? "" });
    // Without bold type, which is a letter, a backspace and the letter again.
    const text = shown.stdout.replace(/.\x08/g, "").replace(/\s+/g, " ");
    expect(text).toContain("CRI-O itself learns a new name only when it restarts.");
  });

  test("a command without prose is an error that names the file", () => {
    const other = command(
      "other",
      {
        group: "look",
        order: 10,
        summary: "Do something else",
        usage: "",
        arguments: { min: 0, max: 0, name: "no arguments" },
        flags: {},
        examples: [],
      },
      () => Promise.resolve({ run: () => 0 }),
    );
    const withOther = { ...documented, commands: [...commands, other] };
    expect(() => generatedFiles(withOther, places)).toThrow("man/src/other.md is missing");
  });
});
