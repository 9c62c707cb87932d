// Text as man(7) takes it, from a small part of Markdown. What is not of that part is an error, so that nothing
// comes out as something else than it was meant to be.
import { ScriptError } from "./run.mjs";

const REFERENCE = /\b([a-z][\w.-]*)\((\d)\)/g;

function unicode(text) {
  return text.replace(/[^\n\x20-\x7e]/gu, (character) => {
    const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `\\[u${code}]`;
  });
}

/** Prose: a dash is a hyphen, and an apostrophe one that is set as such. */
function prose(text) {
  return unicode(text.replaceAll("\\", "\\e"));
}

/** Characters exactly as they stand, as something that is typed or printed. */
export function verbatim(text) {
  const escaped = text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replaceAll('"', "\\(dq");
  return unicode(escaped);
}

/** Something that is typed as it stands, in bold. */
export function literal(text) {
  return `\\fB${unbroken(text)}\\fR`;
}

/** Something that is typed as what it stands for, in italics. */
export function placeholder(text) {
  return `\\fI${unbroken(text)}\\fR`;
}

/** Words that are not hyphenated; very long ones may be broken behind a slash or a colon. */
function unbroken(text) {
  return text
    .split(" ")
    .map((word) => {
      const escaped = verbatim(word);
      if (word.length > 30) return `\\%${escaped.replace(/([/:])(?=.)/g, "$1\\:")}`;
      return /[A-Za-z]{5}/.test(word) ? `\\%${escaped}` : escaped;
    })
    .join(" ");
}

/** A line of text that is no request, whatever it begins with. */
function textLine(line) {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** Prose in which nothing is Markdown, in lines. */
export function plainLines(text) {
  return wrapped(prose(text));
}

/** Prose with Markdown within, in lines. */
export function textLines(text) {
  return wrapped(inline(text));
}

/** Lines of at most 78 characters: longer ones are bad style in a manual. */
function wrapped(text) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > 78) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map(textLine);
}

/** Text with `code`, _placeholders_ and references such as kpod-ps(1). */
export function inline(text) {
  const parts = text.split(/(`[^`]*`|(?<!\w)_[^_\s][^_]*_(?!\w))/);
  return parts
    .map((part, index) => {
      if (index % 2 === 1) {
        const inner = part.slice(1, -1).replaceAll("\n", " ");
        return part.startsWith("`") ? literal(inner) : placeholder(inner);
      }
      if (/[`*]|(?<!\w)_|_(?!\w)|\]\(|^#/.test(part))
        throw new ScriptError(`Markdown that the manual does not know: ${part}`);
      return prose(part.replace(/\\(?=[^\w\s])/g, "")).replace(
        REFERENCE,
        (_, name, section) => `${literal(name)}(${section})`,
      );
    })
    .join("");
}

/** Lines as they are, in from the margin. */
export function example(lines) {
  const shown = lines.map((line) => textLine(verbatim(line)));
  return [".PP", ".RS 4", ".EX", ...shown, ".EE", ".RE"];
}

function block(text) {
  const [first, ...rest] = text.split("\n");
  if (first.startsWith("```")) return example(rest.slice(0, -1));
  if (first.startsWith("## ")) return [`.SS ${inline(first.slice(3))}`];
  if (first.startsWith("- ")) {
    return text
      .split(/\n(?=- )/)
      .flatMap((item) => [".IP \\(bu 2", ...textLines(item.slice(2).replace(/\n {2}/g, "\n"))]);
  }
  if (rest[0]?.startsWith(": ")) {
    return [".TP", textLine(inline(first)), ...textLines([rest[0].slice(2), ...rest.slice(1)].join("\n"))];
  }
  if (/^(\d+\.|\||>|#| )/.test(first))
    throw new ScriptError(`Markdown that the manual does not know: ${first}`);
  return [".PP", ...textLines(text)];
}

/** The blocks of a text: what blank lines keep apart, but those within a fence. */
function blocks(text) {
  const found = [];
  let lines = [];
  let fenced = false;
  for (const line of [...text.split("\n"), ""]) {
    if (line.startsWith("```")) fenced = !fenced;
    if (line === "" && !fenced) {
      if (lines.length > 0) found.push(lines.join("\n"));
      lines = [];
    } else {
      lines.push(line);
    }
  }
  if (fenced) throw new ScriptError("a fence of Markdown is not closed");
  return found;
}

/**
 * Lines of man(7) for Markdown: paragraphs, lists, terms with `: ` definitions, `## ` headings, fenced examples.
 * Throws ScriptError for anything else.
 */
export function manLines(markdown) {
  const lines = blocks(markdown).flatMap(block);
  // Right behind a heading .PP does nothing.
  return lines.filter((line, index) => line !== ".PP" || !(lines[index - 1] ?? "").startsWith(".SS"));
}
