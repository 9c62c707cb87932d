import { UsageError } from "../cli/errors";
import type { Inspected } from "../lib/operations/inspect";
import { templateView } from "./inspect-view";

/** Makes the text of one thing that was inspected. */
export type Show = (inspected: Inspected) => string;

/**
 * Reads `--format`. The engine of templates loads only for a template.
 * @returns `json`, or what prints by the template
 * @throws UsageError for a template that cannot be read
 */
export async function readInspectFormat(format: string | undefined): Promise<Show | "json"> {
  if (format === undefined || format === "json") return "json";
  const [{ compileTemplate }, { TemplateSyntaxError }] = await Promise.all([
    import("../format/template/compile"),
    import("../format/template/errors"),
  ]);
  const compile = (dataType: string) => compileTemplate(format, { name: "inspect", dataType });
  try {
    const templates = { container: compile("container"), pod: compile("pod"), image: compile("image") };
    return (inspected) => templates[inspected.kind].execute(templateView(inspected));
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    throw new UsageError(`invalid value for --format: ${error.message}`);
  }
}
