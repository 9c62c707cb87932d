import { compileTemplate, TemplateExecError, TemplateSyntaxError } from "../../../src/format/template";
import { goData } from "./go-data";
import { goExecutionErrors, goPrintf, goSyntaxErrors, goTexts } from "./go-table";

const compile = (source: string) => compileTemplate(source, { name: "ps", dataType: "row" });

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

describe("as Go does it", () => {
  test.each(goTexts)("%j", (template, expected) => {
    expect(compile(template).execute(goData)).toBe(expected);
  });

  test.each(goPrintf)("%j", (template, expected) => {
    expect(compile(template).execute(goData)).toBe(expected);
  });

  test.each(goExecutionErrors)("%j fails on the data", (template, expected) => {
    const compiled = compile(template);
    const error = thrownBy(() => compiled.execute(goData));
    expect(error).toBeInstanceOf(TemplateExecError);
    expect(error).toHaveProperty("message", `template: ${expected}`);
  });

  test.each(goSyntaxErrors)("%j cannot be read", (template, expected) => {
    const error = thrownBy(() => compile(template));
    expect(error).toBeInstanceOf(TemplateSyntaxError);
    expect(error).toHaveProperty("message", `template: ${expected}`);
  });
});

test("without a name messages are docker's", () => {
  expect(() => compileTemplate("{{.Foo")).toThrow(/^template: :1: unclosed action$/);
  expect(() => compileTemplate("a\n{{.Foo}}").execute({})).toThrow(
    /^template: :2:2: executing "" at <\.Foo>: can't evaluate field Foo in type struct$/,
  );
});
