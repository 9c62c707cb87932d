// The prose of the manual: man/src/NAME.md, a file a page.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ScriptError } from "./run.mjs";

/**
 * The sections of a page by their headings, in the order of the file. What stands before the first heading is
 * the DESCRIPTION. A page without DESCRIPTION or SEE ALSO, or with a section twice, is an error.
 */
export function readManualSource(directory, name) {
  const path = join(directory, `${name}.md`);
  if (!existsSync(path)) throw new ScriptError(`${path} is missing: the manual page ${name} is made from it`);
  try {
    return sectionsOf(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    throw new ScriptError(`${path}: ${error.message}`);
  }
}

function sectionsOf(text) {
  const sections = new Map();
  const [description, ...rest] = text.split(/^# (?=[A-Z])/m);
  sections.set("DESCRIPTION", description.trim());
  for (const part of rest) {
    const end = part.indexOf("\n");
    const heading = part.slice(0, end < 0 ? undefined : end).trim();
    if (sections.has(heading)) throw new ScriptError(`section ${heading} is there twice`);
    sections.set(heading, end < 0 ? "" : part.slice(end).trim());
  }
  for (const heading of ["DESCRIPTION", "SEE ALSO"]) {
    if ((sections.get(heading) ?? "") === "") throw new ScriptError(`section ${heading} is missing`);
  }
  return sections;
}
