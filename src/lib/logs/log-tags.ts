import { newline, readLine } from "./line-header";
import { newLineView, type LineView } from "./log-line";

/** How much of the beginning of a log tells whether its lines have tags. */
export const tagSampleSize = 64 * 1024;

/**
 * Tells from the beginning of a log whether its lines have the tags P and F, which CRI-O 1.0 did not write.
 * Its conmon wrote all of a log in one way, so that one line without a tag makes those that begin with "F " or
 * "P " by chance lines without a tag too.
 * @returns undefined when there is no line to tell by yet
 */
export function haveTags(bytes: Buffer): boolean | undefined {
  const view = newLineView();
  let tagged: true | undefined;
  let start = 0;
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
    readLine(view, bytes, start, end, true);
    if (view.wellFormed) {
      if (hasTag(view)) tagged = true;
      else if (!isTorn(view)) return false;
    }
    start = end + 1;
  }
  return tagged;
}

function hasTag({ timeEnd, textStart, textEnd }: LineView): boolean {
  // "TIME stdout " and "TIME stdout" are the heads of a line without a tag.
  return textStart > Math.min(timeEnd + 8, textEnd);
}

/** True for a line that broke off in its head, so that the next one goes on in it: a full disk makes such. */
function isTorn({ bytes, textStart, textEnd }: LineView): boolean {
  return /^[PF]?\d{4}-\d\d-\d\dT/.test(
    bytes.toString("latin1", textStart, Math.min(textStart + 12, textEnd)),
  );
}
