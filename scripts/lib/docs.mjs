// What man/ and completions/ hold, made from the list of commands, from schemas/ and from man/src.
import { join } from "node:path";
import { checksSection } from "./checks.mjs";
import { readSchemas, schemaSections } from "./json-page.mjs";
import { commandPage, configPage, jsonPage, mainPage, pageName } from "./manual.mjs";
import { readManualSource } from "./manual-source.mjs";
import { ScriptError } from "./run.mjs";

const SCRIPT_FILES = {
  bash: "completions/kpod.bash",
  zsh: "completions/_kpod",
  fish: "completions/kpod.fish",
};

/** See docs.d.mts. */
export function generatedFiles(documented, { version, sources, schemas }) {
  const { commands, commandGroups, globalFlags, shells, completionScript, configTables, checks } = documented;
  const source = (name) => readManualSource(sources, name);
  const pages = [
    [
      "man/kpod.1",
      mainPage({ commands, groups: commandGroups, globals: globalFlags, version, source: source("kpod") }),
    ],
    ...commands.map((command) => [
      `man/${pageName(command)}.1`,
      commandPage({ command, version, source: withChecks(command, source(command.path.join("-")), checks) }),
    ]),
    ["man/kpod.conf.5", configPage({ version, ...configSource(source("kpod.conf"), configTables) })],
    [
      "man/kpod-json.5",
      jsonPage({ version, source: source("kpod-json"), outputs: schemaSections(readSchemas(schemas)) }),
    ],
  ];
  const scripts = shells.map((shell) => [SCRIPT_FILES[shell], completionScript(shell, commands)]);
  return new Map([...pages, ...scripts]);
}

/** The page of the doctor tells each check; a check tells of itself. */
function withChecks({ path }, source, checks) {
  return path.join(" ") === "doctor" ? new Map([...source, ["CHECKS", checksSection(checks)]]) : source;
}

/** The tables of the configuration as Markdown: what man/src says of each key, then its type and its default. */
function configSource(source, configTables) {
  const tables = configTables.map(({ table, keys }) => {
    const heading = `TABLE ${table}`;
    const terms = (source.get(heading) ?? "").split("\n\n");
    const lines = keys.map((key) => {
      const term = terms.find((text) => text.startsWith(`\`${key.name}\`\n: `));
      if (term === undefined)
        throw new ScriptError(`man/src/kpod.conf.md does not describe ${key.name} of [${table}]`);
      return `${term}\n${keyText(key)}`;
    });
    const keyless = terms.filter(
      (text) => text !== "" && !keys.some(({ name }) => text.startsWith(`\`${name}\`\n: `)),
    );
    const unknown = keyless.find((text) => /^`\w+`\n: /.test(text));
    if (unknown !== undefined)
      throw new ScriptError(`man/src/kpod.conf.md describes a key that there is not: ${unknown}`);
    return { heading, lines: [...keyless, ...lines].join("\n\n") };
  });
  return { source, tables };
}

function keyText({ alias, expected, standard, first }) {
  const other = alias === undefined ? "" : ` \`${alias}\` is understood, too.`;
  const before = first === undefined ? "" : `, of CRI-O 1.0 \`${first}\`; see VERSIONS`;
  return `It is ${expected}; the default is \`${standard}\`${before}.${other}`;
}

/** The manual pages among the files, as package.json has to list them for npm to install them. */
export function manualPages(files) {
  return [...files.keys()].filter((name) => name.startsWith("man/")).map((name) => `./${name}`);
}

/** The files that stand where docs are kept but are not made, such as the page of a command that is gone. */
export function strayFiles(files, names) {
  return names.filter((name) => !files.has(name) && !name.startsWith(join("man", "src")));
}
