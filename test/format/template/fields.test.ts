import { compileRows } from "../../../src/format/template";

test.each([
  ["{{.ID}} {{.Labels.app}}", ["ID", "Labels", "app"], false],
  ["{{if .A}}{{.B}}{{else if .C}}{{.D}}{{else}}{{.E}}{{end}}", ["A", "B", "C", "D", "E"], false],
  ["{{range .A}}{{.B}}{{end}}{{with .C}}{{.D}}{{end}}", ["A", "B", "C", "D"], false],
  ['{{printf "%s" (index .A "x") | upper}}', ["A"], false],
  ["{{(index .A 0).B}}{{$.C}}{{(.D).E}}", ["A", "B", "C", "D", "E"], false],
  ["{{$x := .A}}{{$x.B}}", ["A", "B"], false],
  ['{{define "T"}}{{.A}}{{end}}{{template "T" .B}}', ["A", "B"], false],
  ["{{json .}}", [], true],
  ["{{range .A}}{{.}}{{end}}", ["A"], true],
  ["{{$}}", [], true],
  ["text", [], false],
])("%s", (template, names, whole) => {
  const { fields } = compileRows(template);
  expect([...fields.names].sort()).toEqual(names);
  expect(fields.whole).toBe(whole);
});
