/**
 * A template that cannot be read. The message is Go's and names the line: `template: ps:1: unclosed action`.
 */
export class TemplateSyntaxError extends Error {
  override readonly name = "TemplateSyntaxError";
}

/**
 * A template that failed on its data. The message is Go's and names line and byte of the part that failed:
 * `template: ps:1:2: executing "ps" at <.Foo>: can't evaluate field Foo in type container`.
 */
export class TemplateExecError extends Error {
  override readonly name = "TemplateExecError";
}
