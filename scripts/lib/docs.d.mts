/** What `src/program/documented.ts` exports. */
export type Documented = typeof import("../../src/program/documented");

/**
 * The texts of all files of man/ (without man/src) and completions/, by their paths in the repository.
 * @param options.sources directory of the prose of the manual pages
 * @param options.schemas directory of the JSON Schemas, from which the page of kpod's JSON is made
 * @throws ScriptError where a page has no prose, or uses Markdown that the manual does not know
 */
export function generatedFiles(
  documented: Documented,
  options: { readonly version: string; readonly sources: string; readonly schemas: string },
): Map<string, string>;

/** The manual pages among the files, as package.json has to list them for npm to install them. */
export function manualPages(files: ReadonlyMap<string, string>): string[];

/** Which of these files, named as in the repository, are none of those that are made. */
export function strayFiles(files: ReadonlyMap<string, string>, names: readonly string[]): string[];
