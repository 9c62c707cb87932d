import type { CommandContext } from "../cli/command";
import type { imagesFlags } from "../cli/table/images";
import { displayId } from "../format/id";
import { displayImageName } from "../format/image-name";
import { jsonText } from "../format/json";
import { tableText } from "../format/table";
import { humanAgo, humanSize } from "../format/units";
import { listImages, type ListedImage } from "../lib/images/list";

type Context = CommandContext<typeof imagesFlags>;

/** `kpod images`: lists the images of the store, newest first. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal, logger } = context;
  const { store } = await context.openServer();
  if (!store.exists()) logger.warn(`the storage root ${store.layout.root} does not exist`);
  const images = await listImages(store);
  if (flags.quiet) {
    terminal.out(images.map(({ id }) => `${displayId(id, { noTrunc: flags.noTrunc })}\n`).join(""));
  } else if (flags.format === "json") {
    terminal.out(jsonText(images.map(imageJson)));
  } else {
    const columns = ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"];
    const rows = images.flatMap((image) => imageRows(flags, image, Date.now()));
    terminal.out(tableText({ columns, rows, heading: !flags.noheading }));
  }
  return 0;
}

/** One row a name, since each can be used for the image. */
function imageRows(flags: Context["flags"], image: ListedImage, now: number): string[][] {
  const { noTrunc } = flags;
  const names = image.names.length === 0 ? [undefined] : image.names;
  return names.map((name) => [
    ...(name === undefined ? ["<none>", "<none>"] : splitName(displayImageName(name, { noTrunc }))),
    displayId(image.id, { noTrunc }),
    image.created === undefined ? "" : humanAgo(image.created.getTime(), now),
    image.size === undefined ? "" : humanSize(image.size),
  ]);
}

function splitName(name: string): [string, string] {
  const parts = /^(.*?)(?:@(sha256:[0-9a-f]+)|:([^/:@]+))?$/.exec(name);
  return [parts?.[1] ?? name, parts?.[3] ?? parts?.[2] ?? "<none>"];
}

function imageJson({ id, names, digest, created, size }: ListedImage): Record<string, unknown> {
  return { id, names, digest, createdAt: created?.toISOString() ?? null, size: size ?? null };
}
