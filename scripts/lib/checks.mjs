// The checks of the doctor are the files of src/lib/doctor/checks: their list, and the section of the manual that tells them.
import { readdirSync } from "node:fs";
import { join } from "node:path";

const HEAD = [
  "// Made by `npm run docs` from the files of src/lib/doctor/checks: changes here get lost.",
  'import type { Check } from "./check";',
  "",
].join("\n");

/** See checks.d.mts. */
export function checkListText(root) {
  const files = readdirSync(join(root, "src/lib/doctor/checks"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length))
    .sort();
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
