import { escapeControl } from "../../format/escape";
import { displayId } from "../../format/id";
import { displayImageName } from "../../format/image-name";
import { humanAgo, humanSize, timeText, unknownNumber } from "../../format/units";
import type { ListedImage } from "../../lib/images/list";
import { withSecondNames } from "../shared/output-format";

/** The headings of the table of images. */
export function imageColumns({ digests }: { readonly digests: boolean }): string[] {
  return ["REPOSITORY", "TAG", ...(digests ? ["DIGEST"] : []), "IMAGE ID", "CREATED", "SIZE"];
}

/** Headings of `table …` that are not the field's name in words. */
export const imageHeadings: Readonly<Record<string, string>> = {
  ID: "IMAGE ID",
  Name: "IMAGE NAME",
  CreatedSince: "CREATED",
};

/** How images are shown. */
export interface ImageStyle {
  readonly noTrunc: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A row of `images`: an image under one of its names, safe for a terminal. */
export interface TemplateImage {
  readonly ID: string;
  /** As it is stored, `<none>` without one. */
  readonly Name: string;
  readonly Repository: string;
  readonly Tag: string;
  readonly Digest: string;
  readonly Created: string;
  readonly CreatedSince: string;
  readonly CreatedAt: string;
  readonly Size: string;
}

/** The rows of an image, one a name, since each can be used for the image. A time that is not known is "". */
export function imageRows(image: ListedImage, { noTrunc, now }: ImageStyle): TemplateImage[] {
  const { created, size } = image;
  const ago = created === undefined ? "" : humanAgo(created.getTime(), now);
  const names = image.names.length === 0 ? [undefined] : image.names;
  return names.map((name) => {
    const [repository, tag] =
      name === undefined ? ["<none>", "<none>"] : splitName(displayImageName(name, { noTrunc }));
    const fields = {
      ID: displayId(image.id, { noTrunc }),
      Name: escapeControl(name ?? "<none>"),
      Repository: escapeControl(repository),
      Tag: escapeControl(tag),
      Digest: escapeControl(image.digest),
      Created: ago,
      CreatedSince: ago,
      CreatedAt: created === undefined ? "" : timeText(created),
      Size: size === undefined ? unknownNumber : humanSize(size),
    };
    return withSecondNames(fields, { CreatedTime: "CreatedAt", VirtualSize: "Size" });
  });
}

/** The cells of a row in the table. */
export function imageCells(
  { Repository, Tag, Digest, ID, Created, Size }: TemplateImage,
  { digests }: { readonly digests: boolean },
): string[] {
  return [Repository, Tag, ...(digests ? [Digest] : []), ID, Created, Size];
}

/** An image as `images --format json` shows it; the time also as kpod 1.0 called it. */
export function imageJson({ id, names, digest, created, size }: ListedImage): Record<string, unknown> {
  const time = created?.toISOString() ?? null;
  return { id, names, digest, created: time, createdAt: time, size: size ?? null };
}

function splitName(name: string): [string, string] {
  const parts = /^(.*?)(?:@(sha256:[0-9a-f]+)|:([^/:@]+))?$/.exec(name);
  return [parts?.[1] ?? name, parts?.[3] ?? parts?.[2] ?? "<none>"];
}
