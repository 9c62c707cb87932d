import type { Terminal } from "../../shell/terminal";
import { displayId } from "../../format/id";
import { jsonLine, jsonText } from "../../format/json";
import type { Container } from "../../lib/oci/container";
import { containerJson } from "./json";
import { containerTable, type ContainerColumns } from "./table";
import { openTableStyle, type Listing } from "../shared/listing";
import { openRowTemplate, readFormat } from "../shared/output-format";

/** The flags that say how `ps` prints. */
export interface PsOutputFlags extends ContainerColumns {
  readonly quiet: boolean;
  readonly noTrunc: boolean;
  readonly format: string | undefined;
  /** Given for a list that is printed again and again. */
  readonly watch: number | undefined;
}

/** How `ps` prints. */
export interface PsOutput {
  readonly text: (listing: Listing, containers: readonly Container[]) => string;
  /** True for lists that people read; JSON is for programs. */
  readonly drawable: boolean;
  /** What must be found out for it. */
  readonly needs: { readonly states: boolean; readonly sizes: boolean; readonly images: boolean };
}

/** Fields of templates that do not need the state of a container. */
const stateless: ReadonlySet<string> = new Set([
  "Command",
  "ContainerID",
  "Created",
  "CreatedAt",
  "CreatedHuman",
  "ID",
  "Image",
  "ImageID",
  "Label",
  "Labels",
  "MountLabel",
  "Mounts",
  "Names",
  "Pod",
  "PodID",
  "PodName",
  "PodNamespace",
  "Ports",
  "ProcessLabel",
  "Size",
]);

/** Reads how containers are to be printed. @throws UsageError for a template that cannot be read */
export async function openPsOutput(flags: PsOutputFlags, terminal: Terminal): Promise<PsOutput> {
  const format = readFormat(flags.format);
  if (flags.quiet) {
    const text: PsOutput["text"] = (_, containers) =>
      containers.map(({ id }) => `${displayId(id, flags)}\n`).join("");
    return { text, drawable: true, needs: { states: false, sizes: false, images: false } };
  }
  if (format === "table") {
    const style = await openTableStyle(terminal, flags);
    const text: PsOutput["text"] = (listing, containers) => containerTable(listing, containers, flags, style);
    const images = !flags.namespace;
    return { text, drawable: true, needs: { states: true, sizes: flags.size, images } };
  }
  if (format === "json") {
    const write = flags.watch === undefined ? jsonText : jsonLine;
    const options = { namespaces: flags.namespace };
    const text: PsOutput["text"] = (listing, containers) =>
      write(containers.map((container) => containerJson(listing, container, options)));
    return { text, drawable: false, needs: { states: true, sizes: flags.size, images: true } };
  }
  return templateOutput(format.template, flags);
}

async function templateOutput(template: string, flags: PsOutputFlags): Promise<PsOutput> {
  const { containerHeadings, templateContainer } = await import("./template");
  const rows = await openRowTemplate(template, {
    name: "ps",
    dataType: "container",
    headings: containerHeadings,
    heading: !flags.noheading,
  });
  const { fields } = rows;
  const states = fields.whole || [...fields.names].some((name) => !stateless.has(name));
  return {
    text: (listing, containers) =>
      rows.render(containers.map((container) => templateContainer(listing, container))),
    drawable: true,
    // As with docker, a template that names the size asks for it.
    needs: {
      states,
      sizes: flags.size || fields.names.has("Size"),
      images: fields.whole || fields.names.has("Image"),
    },
  };
}
