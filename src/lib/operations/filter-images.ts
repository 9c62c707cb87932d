import { KpodError } from "../errors";
import type { ListedImage } from "../images/list";
import { imageReferenceMatches, pinnedImages } from "../images/names";
import type { ServerView } from "../server-parts";
import { findImage } from "../storage/images";
import type { Store } from "../storage/store";
import { hasLabel, labelRule, matchesTerms, parseFilterTerms, type FilterTerm } from "./filter-terms";

/** By what images can be filtered. */
const imageFilterKeys = ["before", "dangling", "in-use", "label", "pinned", "reference", "since"] as const;

/** By what images can be filtered. */
export type ImageFilterKey = (typeof imageFilterKeys)[number];
/** A condition that images have to fulfil. */
export type ImageFilterTerm = FilterTerm<ImageFilterKey>;

const switches: readonly ImageFilterKey[] = ["dangling", "in-use", "pinned"];

/**
 * Reads conditions for images, as `images --filter` takes them: `dangling=true`, `label=a=b`, `since=busybox`.
 * @throws KpodError BAD_ARGUMENT
 */
export function parseImageFilters(texts: readonly string[]): ImageFilterTerm[] {
  return parseFilterTerms(texts, imageFilterKeys, (key, value) => {
    if (key === "label") return labelRule(value);
    return switches.includes(key) && !/^(?:true|false)$/.test(value) ? "true or false" : undefined;
  });
}

/**
 * The filter that conditions make: those of different keys must all hold; of one key one must, but all labels; and none
 * of the negated ones.
 * @param listed all images, among which `before` and `since` find theirs
 * @throws KpodError NOT_FOUND, AMBIGUOUS for an image of `before` or `since`; CORRUPT, IO
 */
export async function openImageFilter(
  { store, config }: Pick<ServerView, "store" | "config">,
  terms: readonly ImageFilterTerm[],
  listed: readonly ListedImage[],
): Promise<(image: ListedImage) => boolean> {
  const has = (wanted: ImageFilterKey): boolean => terms.some(({ key }) => key === wanted);
  const pinned = has("pinned") ? pinnedImages(listed, config) : undefined;
  const used = has("in-use") ? new Set((await store.containers()).map(({ image }) => image)) : undefined;
  const marks = terms.filter(({ key }) => key === "before" || key === "since");
  const records = marks.length === 0 ? [] : await store.images();
  const moments = new Map(marks.map(({ value }) => [value, momentOf(value)]));
  return matchesTerms(
    terms,
    (image, { key, value }) => {
      const created = image.created?.getTime() ?? 0;
      switch (key) {
        case "before":
          return created < (moments.get(value) ?? 0);
        case "since":
          return created > (moments.get(value) ?? 0);
        case "dangling":
          return (image.names.length === 0) === (value === "true");
        case "in-use":
          return (used?.has(image.id) === true) === (value === "true");
        case "pinned":
          return (pinned?.has(image.id) === true) === (value === "true");
        case "label":
          return hasLabel(image.labels, value);
        case "reference":
          return image.names.some((name) => imageReferenceMatches(value, name));
      }
    },
    ["label"],
  );

  function momentOf(wanted: string): number {
    const found = findImage(records, wanted);
    const image = listed.find(({ id }) => id === found?.id);
    if (image !== undefined) return image.created?.getTime() ?? 0;
    throw new KpodError("NOT_FOUND", `image ${wanted} is not in the store ${store.layout.root}`, {
      hint: "see kpod images",
    });
  }
}

/**
 * The images that a word means, with the names that are to be shown: those of which it is the last part, or that it
 * fits with `*` and `?`; else the one image that has it as id, the beginning of that, or digest.
 * @throws KpodError AMBIGUOUS
 */
export async function chooseImages(
  store: Store,
  listed: readonly ListedImage[],
  wanted: string,
): Promise<ListedImage[]> {
  const named = listed.flatMap((image) => {
    const names = image.names.filter((name) => imageReferenceMatches(wanted, name));
    return names.length === 0 ? [] : [{ ...image, names }];
  });
  if (named.length > 0) return named;
  const found = findImage(await store.images(), wanted);
  return listed.filter(({ id }) => id === found?.id);
}
