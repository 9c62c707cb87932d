import type { BaseContext } from "../../shell/context";
import { jsonText } from "../../format/json";

/** Makes the text of one thing that was looked at. @throws KpodError BAD_ARGUMENT where the template fails on it */
export type Show<T> = (found: T) => string;

/**
 * Shows everything of what some names mean. One name gives one JSON object, several give an array of those that
 * there are; a template prints a line for each.
 * @param show makes the line by a template, or is `json`
 * @param look finds what a name means
 * @returns the exit code
 */
export async function showEach<T extends { readonly data: unknown }>(
  { terminal, reportFailure }: BaseContext,
  names: readonly string[],
  show: Show<T> | "json",
  look: (name: string) => Promise<T>,
): Promise<number> {
  const found: unknown[] = [];
  let code = 0;
  for (const name of names) {
    try {
      const thing = await look(name);
      if (show === "json") found.push(thing.data);
      else terminal.out(`${show(thing)}\n`);
    } catch (error) {
      reportFailure(error);
      code = 1;
    }
  }
  if (show !== "json") return code;
  if (names.length > 1) terminal.out(jsonText(found));
  else for (const data of found) terminal.out(jsonText(data));
  return code;
}
