/** Characters exactly as they stand, as something that is typed or printed. */
export function verbatim(text: string): string;

/** Something that is typed as it stands, in bold. */
export function literal(text: string): string;

/** Something that is typed as what it stands for, in italics. */
export function placeholder(text: string): string;

/** Prose in which nothing is Markdown, in lines. */
export function plainLines(text: string): string[];

/** Prose with Markdown within, in lines. */
export function textLines(text: string): string[];

/** Text with `code`, _placeholders_ and references such as kpod-ps(1). @throws ScriptError for other Markdown */
export function inline(text: string): string;

/** Lines as they are, in from the margin. */
export function example(lines: readonly string[]): string[];

/**
 * Lines of man(7) for Markdown: paragraphs, lists, terms with `: ` definitions, `## ` headings, fenced examples.
 * @throws ScriptError for anything else
 */
export function manLines(markdown: string): string[];
