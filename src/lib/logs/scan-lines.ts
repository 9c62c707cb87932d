import { haveTags, newline, readLine } from "./line-header";
import { newLineView, type LineVisitor } from "./log-line";
import { endOfZeros } from "./zeros";

/** Takes the blocks of a log in their order. */
export type BlockScanner = (block: Buffer) => void;

/**
 * Cuts blocks into lines and takes each apart. A block ends with a line end, but for one inside of a line that is
 * longer than a block: such a line comes in pieces.
 * @param tagged whether the lines have tags; undefined to tell it from the blocks
 */
export function scanLines(tagged: boolean | undefined, visit: LineVisitor): BlockScanner {
  const view = { ...newLineView(), lasting: true };
  let tags = tagged;
  let cut = false;
  // What the line that is cut says itself of being partial.
  let partialAtEnd = false;
  const begin = (block: Buffer, start: number, end: number): void => {
    if (!cut) {
      readLine(view, block, start, end, tags ?? true);
      partialAtEnd = view.partial;
      return;
    }
    // Stream and form are still those of the first piece.
    view.bytes = block;
    view.start = view.timeEnd = view.textStart = start;
    view.textEnd = end;
    view.continued = true;
    view.partial = partialAtEnd;
  };
  return (block) => {
    tags ??= haveTags(block);
    let start = 0;
    for (let end = block.indexOf(newline); end !== -1; end = block.indexOf(newline, start)) {
      const from = cut ? start : endOfZeros(block, start);
      start = end + 1;
      begin(block, from, end);
      cut = false;
      visit(view);
    }
    if (!cut) start = endOfZeros(block, start);
    if (start === block.length) return;
    begin(block, start, block.length);
    cut = true;
    view.partial = true;
    visit(view);
  };
}
