import type { BaseContext } from "../../shell/context";
import { jsonText } from "../../format/json";
import { inspect, type Inspected, type InspectType } from "../../lib/operations/inspect";
import { openTemplate } from "./output-format";
import { templateView } from "./template-view";

/** What of the flags says how names are inspected. */
export interface InspectRequest {
  type: InspectType;
  /** A template, `json`, or undefined for JSON as well. */
  format: string | undefined;
  size?: boolean;
  /** Of a container. */
  attempt?: number | undefined;
}

/**
 * Shows everything of what some names mean. One name gives one JSON object, several give an array of those that
 * there are; a template prints a line for each.
 * @returns the exit code
 * @throws UsageError for a bad template, before anything is read
 */
export async function inspectNames(
  context: BaseContext,
  names: readonly string[],
  { type, format, size = false, attempt }: InspectRequest,
): Promise<number> {
  const show = await readInspectFormat(format);
  const server = await context.openServer();
  await server.updateRecords(type === "container" || type === "all" ? names : undefined);
  const found: Inspected["data"][] = [];
  let code = 0;
  for (const name of names) {
    try {
      const inspected = await inspect(server, name, { type, size, attempt, signal: context.signal() });
      if (show === "json") found.push(inspected.data);
      else context.terminal.out(`${show(inspected)}\n`);
    } catch (error) {
      context.reportFailure(error);
      code = 1;
    }
  }
  if (show !== "json") return code;
  if (names.length > 1) context.terminal.out(jsonText(found));
  else for (const data of found) context.terminal.out(jsonText(data));
  return code;
}

/** Makes the text of one thing that was inspected. @throws KpodError BAD_ARGUMENT where the template fails on it */
export type Show = (inspected: Inspected) => string;

/**
 * Reads `--format`.
 * @returns `json`, or what prints by the template
 * @throws UsageError for a template that cannot be read
 */
export async function readInspectFormat(format = "json"): Promise<Show | "json"> {
  if (format.trim() === "json") return "json";
  const open = (dataType: string) => openTemplate(format, { name: "inspect", dataType });
  const templates = {
    container: await open("container"),
    pod: await open("pod"),
    image: await open("image"),
  };
  return (inspected) => templates[inspected.kind].execute(templateView(inspected.data));
}
