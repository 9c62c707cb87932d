import { compileRows, TemplateSyntaxError, type RowTemplateOptions } from "../../../src/format/template";

const rows = [
  {
    ID: "0123456789abc",
    Names: "web",
    State: "running",
    CreatedAt: "today",
    Labels: new Map([["app", "x"]]),
  },
  { ID: "a", Names: "a longer name", State: "stopped", CreatedAt: "", Labels: new Map<string, string>() },
];
const options: RowTemplateOptions = { name: "ps", headings: { ID: "CONTAINER ID" } };
const render = (format: string, more: RowTemplateOptions = {}) =>
  compileRows(format, { ...options, ...more }).render(rows);

test.each([
  ["{{.ID}}", "0123456789abc\na\n"],
  [String.raw`{{.ID}}\t{{.Names}}`, "0123456789abc\tweb\na\ta longer name\n"],
  [String.raw`{{.ID}}\n`, "0123456789abc\na\n"],
  [String.raw`{{.ID}}\n{{.Names}}`, "0123456789abc\nweb\na\na longer name\n"],
  ['{{printf "%s\\t%s" .ID .Names}}', "0123456789abc\tweb\na\ta longer name\n"],
  ["{{if eq .Names `web`}}{{.ID}}{{end}}", "0123456789abc\n\n"],
  ["{{println .ID}}", "0123456789abc\na\n"],
  [String.raw`{{range .}}{{.ID}}\n{{end}}`, "0123456789abc\na\n"],
  ["{{range .}}{{.ID}} {{end}}", "0123456789abc a \n"],
  ["{{range .}}{{end}}", ""],
  ["{{len .Names}} {{.Labels.app}}", "3 x\n13 <no value>\n"],
  ["tablet {{.ID}}", "tablet 0123456789abc\ntablet a\n"],
])("%s", (format, expected) => {
  expect(render(format)).toBe(expected);
});

test("table aligns cells below headings in docker's style", () => {
  expect(render(String.raw`table {{.ID}}\t{{.Names}}\t{{.CreatedAt}}`)).toBe(
    [
      "CONTAINER ID    NAMES           CREATED AT",
      "0123456789abc   web             today",
      "a               a longer name",
      "",
    ].join("\n"),
  );
});

test.each([
  [String.raw`table {{.Names | upper}}\t{{lower .State}}`, "NAMES   STATE"],
  [String.raw`table {{if .Names}}{{.Names}}{{else}}-{{end}}\t{{.State}}`, "NAMES   STATE"],
  [String.raw`table {{.Labels.app}}\t{{range .Labels}}{{.}} {{end}}`, "APP   LABELS"],
  [String.raw`table {{$x := .Names}}{{with .State}}{{.}}{{end}}\t{{printf "%-5s" $.Names}}`, "STATE   NAMES"],
  [String.raw`table {{range .}}{{.ID}}\t{{.Names}}\n{{end}}`, "CONTAINER ID   NAMES"],
  [String.raw`table {{.Names}} ({{.State}})`, "NAMES (STATE)"],
  [String.raw`  table {{(index .Labels "app")}}`, "LABELS"],
])("headings of %s", (format, heading) => {
  const [line] = compileRows(format, options).render([]).split("\n");
  expect(line).toBe(heading);
  expect(render(format).split("\n")[0]?.replace(/ {3,}/g, "   ")).toBe(heading);
});

test("table without headings, and with cells that some rows lack", () => {
  expect(render(String.raw`table {{.ID}}\t{{.Names}}`, { heading: false })).toBe(
    "0123456789abc   web\na               a longer name\n",
  );
  expect(render(String.raw`table {{.ID}}{{if eq .ID "a"}}\tmore\t{{.Names}}{{end}}`)).toContain(
    "a               more   a longer name\n",
  );
});

test("no rows: nothing, and for a table the headings", () => {
  expect(compileRows("{{.ID}}", options).render([])).toBe("");
  expect(compileRows("table {{.ID}}", options).render([])).toBe("CONTAINER ID\n");
});

test("a cell from the data cannot break out of its row", () => {
  const broken = [{ ID: "a\x1b[2Jb" }];
  expect(compileRows("table {{.ID}}", options).render(broken)).toBe("CONTAINER ID\na\\x1b[2Jb\n");
});

test("a fault is found before there are rows", () => {
  expect(() => compileRows("table {{.ID", options)).toThrow(TemplateSyntaxError);
  expect(() => compileRows("table {{.ID", options)).toThrow("template: ps:1: unclosed action");
});

test.each([
  [String.raw`a\tb`, "a\tb\n"],
  [String.raw`{{"a\tb"}}`, "a\tb\n"],
  ["{{`a\\tb`}}", "a\tb\n"],
  [String.raw`{{"}}\\t"}}\t`, "}}\\t\t\n"],
  [String.raw`{{/* \n */}}\n`, "\n"],
  ["\\x", "\\x\n"],
])("escapes in %s", (format, expected) => {
  expect(compileRows(format).render([{}])).toBe(expected);
});
