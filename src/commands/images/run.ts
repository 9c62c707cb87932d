import type { CommandContext } from "../../shell/context";
import type { Terminal } from "../../shell/terminal";
import { displayId } from "../../format/id";
import { jsonText } from "../../format/json";
import { tableText } from "../../format/table";
import { listImages, type ListedImage } from "../../lib/images/list";
import { chooseImages, openImageFilter, parseImageFilters } from "../../lib/operations/filter-images";
import { imageCells, imageColumns, imageHeadings, imageJson, imageRows } from "./rows";
import { readFilters } from "../shared/listing";
import { openRowTemplate, readFormat } from "../shared/output-format";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod images`: lists the images of the store, newest first. */
export async function run(context: Context): Promise<number> {
  const { flags, args, terminal, logger } = context;
  const show = await openOutput(flags, terminal);
  const terms = readFilters(flags.filter, parseImageFilters);
  const server = await context.openServer();
  const { store } = server;
  store.warnWhereMissing();
  const all = await listImages(store, logger);
  const fitting = all.filter(await openImageFilter(server, terms, all));
  const [name] = args;
  terminal.out(show(name === undefined ? fitting : await chooseImages(store, fitting, name)));
  return 0;
}

async function openOutput(
  flags: Context["flags"],
  terminal: Terminal,
): Promise<(images: readonly ListedImage[]) => string> {
  const { quiet, noheading, digests } = flags;
  const noTrunc = flags.noTrunc || flags.notruncate;
  const format = readFormat(flags.format);
  const style = { noTrunc, now: Date.now() };
  if (quiet) return (images) => images.map(({ id }) => `${displayId(id, { noTrunc })}\n`).join("");
  if (format === "json") return (images) => jsonText(images.map(imageJson));
  if (format === "table") {
    return (images) => {
      const rows = images.flatMap((image) =>
        imageRows(image, style).map((row) => imageCells(row, { digests })),
      );
      const width = noTrunc ? undefined : terminal.columns;
      return tableText({
        columns: imageColumns({ digests }),
        rows,
        heading: !noheading,
        width,
        narrow: { REPOSITORY: 20, TAG: 10 },
      });
    };
  }
  const template = await openRowTemplate(format.template, {
    name: "images",
    dataType: "image",
    headings: imageHeadings,
    heading: !noheading,
  });
  return (images) => template.render(images.flatMap((image) => imageRows(image, style)));
}
