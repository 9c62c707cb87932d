const printableAscii = /^[ -~]*$/;
const escape = "\x1b";
// What switches colours (SGR in ECMA-48).
const colour = /(\x1b\[[\d;]*m)/g;
// Made when a text is not plain: the classes of characters take a millisecond.
let classes: { readonly zeroWidth: RegExp; readonly wide: RegExp } | undefined;

function characterClasses(): { readonly zeroWidth: RegExp; readonly wide: RegExp } {
  classes ??= {
    // Marks that combine with the character before them, and signs that are not drawn.
    zeroWidth: new RegExp("^[\\p{Mark}\\p{Default_Ignorable_Code_Point}]+$", "u"),
    wide: new RegExp(`^[${wideBlocks}\\p{Emoji_Presentation}]|\\ufe0f`, "u"),
  };
  return classes;
}

// East Asian Wide and Fullwidth (Unicode's EastAsianWidth.txt, blocks with nothing narrow in them joined), and
// the signs that are drawn as pictures.
const wideBlocks =
  "\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u4dbf\\u4e00-\\ua4cf\\ua960-\\ua97c\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff01-\\uff60\\uffe0-\\uffe6\\u{16fe0}-\\u{18aff}\\u{1b000}-\\u{1b2ff}\\u{20000}-\\u{3fffd}";

/** True for a text that is as wide as it is long and holds nothing that a terminal takes for a command. */
export function isPlain(text: string): boolean {
  return printableAscii.test(text);
}

/** How many cells of a terminal a text takes. The text holds no control characters but those of colours. */
export function displayWidth(text: string): number {
  // Nearly every cell is plain ASCII, and the segmenter costs a millisecond to make.
  if (printableAscii.test(text)) return text.length;
  if (text.includes(escape)) return displayWidth(text.replace(colour, ""));
  const { zeroWidth, wide } = characterClasses();
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (!zeroWidth.test(segment)) width += wide.test(segment) ? 2 : 1;
  }
  return width;
}

/**
 * The beginning of a text that takes at most so many cells. Colours that a text has go on to their ends.
 *
 * @param end what stands at the end of a text that was cut, and counts as part of it
 */
export function cutToWidth(text: string, width: number, end = ""): string {
  if (displayWidth(text) <= width) return text;
  const room = width - end.length;
  if (room <= 0) return end.slice(0, Math.max(0, width));
  if (printableAscii.test(text)) return text.slice(0, room) + end;
  if (text.includes(escape)) return cutColoured(text, room) + end;
  let kept = "";
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += displayWidth(segment);
    if (used > room) break;
    kept += segment;
  }
  return kept + end;
}

/** Cuts what is shown of a text, and keeps all that switches colours on and off. */
function cutColoured(text: string, width: number): string {
  let room = width;
  return text
    .split(colour)
    .map((part, index) => {
      if (index % 2 === 1) return part;
      const kept = cutToWidth(part, room);
      room = kept === part ? room - displayWidth(part) : 0;
      return kept;
    })
    .join("");
}
