import { compileTemplate } from "../../../src/format/template";

const limits = { steps: 10_000, characters: 10_000 };
const run = (source: string, data: unknown = {}) => compileTemplate(source, { limits }).execute(data);
const list = Array.from({ length: 100 }, (_, index) => index);

test.each([
  ["steps of nested ranges", "{{range .}}{{range $}}{{range $}}{{end}}{{end}}{{end}}", /of 10000 steps/],
  ["characters of the output", "{{range .}}{{range $}}abcdefgh{{end}}{{end}}", /of 10000 characters/],
  [
    "characters of a text that doubles",
    '{{$x := "abcd"}}{{range .}}{{$x = printf "%s%s" $x $x}}{{end}}',
    /of 10000 characters/,
  ],
  ["characters of a pad", '{{pad "a" 20000 1}}', /of 10000 characters/],
  ["characters of a width", '{{printf "%20000d" 1}}', /of 10000 characters/],
  ["characters of a join", '{{join (split (pad "a" 90 0) "") (pad "b" 200 0)}}', /of 10000 characters/],
  ["calls of templates by themselves", '{{define "T"}}{{template "T" .}}{{end}}{{template "T" .}}', /depth/],
])("an execution ends at its limit: %s", (_, template, message) => {
  expect(() => run(template, list)).toThrow(message);
});

test("the error says where", () => {
  expect(() => run("{{range .}}{{range $}}\n{{pad . 9 9}}{{end}}{{end}}", list)).toThrow(
    'template: :2:6: executing "" at <.>: wrong type for value; expected string; got int',
  );
  expect(() => run('{{pad "a" 99999 1}}')).toThrow(
    'executing "" at <pad "a" 99999 1>: error calling pad: exceeded',
  );
});

test("the usual limits leave room for ten thousand rows", () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({
    ID: `${index}`.repeat(13),
    Names: ["a", "b"],
  }));
  const template = compileTemplate("{{range .}}{{.ID}}\t{{range .Names}}{{.}} {{end}}\n{{end}}");
  expect(template.execute(rows).split("\n")).toHaveLength(10_001);
});

test("each execution has its own limits", () => {
  const template = compileTemplate("{{range .}}abcdefgh{{end}}", {
    limits: { steps: 1000, characters: 1000 },
  });
  for (let time = 0; time < 20; time += 1) expect(template.execute(list.slice(0, 100))).toHaveLength(800);
});

test.each([
  ["parentheses", `{{${"(".repeat(5000)}1${")".repeat(5000)}}}`],
  ["branches", `${"{{if 1}}".repeat(5000)}${"{{end}}".repeat(5000)}`],
  ["else if", `{{if 1}}${"{{else if 1}}".repeat(5000)}{{end}}`],
  ["definitions", '{{define "a"}}'.repeat(5000)],
])("deep nesting is refused and does not break the stack: %s", (_, source) => {
  expect(() => compileTemplate(source)).toThrow(/levels of nesting|unexpected <define>/);
});

test("a width and precision beyond all use give no endless text", () => {
  const usual = (source: string) => compileTemplate(source).execute({});
  expect(usual('{{printf "%.200f" 0.5}}')).toHaveLength(202);
  expect(usual('{{printf "%1000000d|" 1}}')).toHaveLength(1_000_001);
  expect(usual('{{printf "%99999999999d|" 1}}')).toContain("%!(NOVERB)");
  expect(usual('{{printf "%*d|" 99999999 1}}')).toBe("%!(BADWIDTH)1|");
});
