import type { BaseContext } from "../../shell/context";
import { inspect, type Inspected, type InspectType } from "../../lib/operations/inspect";
import { openTemplate } from "./output-format";
import { showEach, type Show } from "./show-each";
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
 * Shows everything of what some names mean, as `showEach` does.
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
  return showEach(context, names, show, (name) =>
    inspect(server, name, { type, size, attempt, signal: context.signal() }),
  );
}

/**
 * Reads `--format`.
 * @returns `json`, or what prints by the template
 * @throws UsageError for a template that cannot be read
 */
export async function readInspectFormat(format = "json"): Promise<Show<Inspected> | "json"> {
  if (format.trim() === "json") return "json";
  const open = (dataType: string) => openTemplate(format, { name: "inspect", dataType });
  const templates = {
    container: await open("container"),
    pod: await open("pod"),
    image: await open("image"),
  };
  return (inspected) => templates[inspected.kind].execute(templateView(inspected.data));
}
