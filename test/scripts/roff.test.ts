import { manLines, plainLines, verbatim } from "../../scripts/lib/roff.mjs";
import { runProcess } from "../helpers/process";

test.each([
  ["Text.", [".PP", "Text."]],
  ["Two\nlines.", [".PP", "Two lines."]],
  ["One.\n\nTwo.", [".PP", "One.", ".PP", "Two."]],
  [".dot and 'quote", [".PP", "\\&.dot and 'quote"]],
  ["'quote", [".PP", "\\&'quote"]],
  ["a\\b", [".PP", "a\\eb"]],
  ["Give `-a`, or _N_.", [".PP", "Give \\fB\\-a\\fR, or \\fIN\\fR."]],
  ["`two\nwords`", [".PP", "\\fBtwo \\%words\\fR"]],
  ["lock_path and a_b_c", [".PP", "lock_path and a_b_c"]],
  ["See kpod-ps(1).", [".PP", "See \\fBkpod\\-ps\\fR(1)."]],
  ["caf\u00e9", [".PP", "caf\\[u00E9]"]],
  ["- one\n- two\n  lines", [".IP \\(bu 2", "one", ".IP \\(bu 2", "two lines"]],
  ["`a`\n: What it is,\nand more.", [".TP", "\\fBa\\fR", "What it is, and more."]],
  ["## Part\n\nText.", [".SS Part", "Text."]],
  [
    "```\n.a 'b' \\n -c\n\nd\n```",
    [".PP", ".RS 4", ".EX", "\\&.a \\(aqb\\(aq \\en \\-c", "", "d", ".EE", ".RE"],
  ],
])("%j", (markdown, lines) => {
  expect(manLines(markdown)).toEqual(lines);
});

test.each([
  "1. one",
  "| a | b |",
  "> quote",
  "**bold**",
  "[text](link)",
  "# Heading",
  "    code",
  "```\nopen",
])("%j is refused", (markdown) => {
  expect(() => manLines(markdown)).toThrow(/Markdown/);
});

test("long text is wrapped at words, and no line begins as a request", () => {
  const lines = plainLines(`${"word ".repeat(40)}.end ${"x".repeat(75)} .more`);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines.filter((line) => /^[.']/.test(line))).toEqual([]);
  expect(lines.join(" ").replaceAll("\\&", "")).toBe(`${"word ".repeat(40)}.end ${"x".repeat(75)} .more`);
});

test("a manual reader shows examples to the character", async () => {
  const text = `a\\b -c --d 'e' "f" \`g\` ^h ~i {{.J}} .k \\(bu \\fBl\\n`;
  const page = `.TH X 1 2026-01-01 x x\n.SH NAME\nx \\- y\n.SH DESCRIPTION\n.EX\n${verbatim(text)}\n.EE\n`;
  const { stdout } = await runProcess("mandoc", ["-Tutf8"], { input: page });
  expect(stdout).toContain(`     ${text}\n`);
});
