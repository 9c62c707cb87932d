import type { Inspected } from "../../../lib/operations/inspect";
import { templateView } from "./view";
import { openTemplate } from "../template";

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
