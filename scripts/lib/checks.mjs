// The checks of the doctor are the files of src/lib/doctor/checks: their list, and the section of the manual that tells them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HEAD = [
  "// Made by `npm run docs` from the files of src/lib/doctor/checks: changes here get lost.",
  'import type { Check } from "./check";',
  "",
].join("\n");

/** The names of the files of checks, without their ending. */
function checkFiles(root) {
  return readdirSync(join(root, "src/lib/doctor/checks"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length))
    .sort();
}

/** See checks.d.mts. */
export function checkIdsText(root) {
  const ids = checkFiles(root).map((file) => {
    const text = readFileSync(join(root, "src/lib/doctor/checks", `${file}.ts`), "utf8");
    const [, id] = /^export const check: Check = \{\n {2}id: "([a-z.-]+)",$/m.exec(text) ?? [];
    if (id === undefined) throw new Error(`${file}.ts does not begin its check by its id`);
    return id;
  });
  return `// Made by \`npm run docs\` from the files of src/lib/doctor/checks: changes here get lost.
/** The ids of all checks, which a shell offers without loading them. */
export const checkIds: readonly string[] = [
${ids
  .sort()
  .map((id) => `  "${id}",\n`)
  .join("")}];
`;
}

/** See checks.d.mts. */
export function checkListText(root) {
  const files = checkFiles(root);
  const imports = files.map((file) => `import { check as ${variableOf(file)} } from "./checks/${file}";\n`);
  return `${HEAD}${imports.join("")}
/** All checks, in the order in which they are made. */
export const checks: readonly Check[] = [
${files.map((file) => `  ${variableOf(file)},\n`).join("")}].sort((a, b) => a.rank - b.rank);
`;
}

/** See checks.d.mts. */
export function checksSection(checks) {
  return checks.map(({ id, about }) => `\`${id}\`\n: ${about.trim().replace(/\n+/g, "\n")}`).join("\n\n");
}

function variableOf(file) {
  return file.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}
