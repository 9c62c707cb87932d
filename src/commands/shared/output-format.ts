import { UsageError } from "../../shell/errors";
import type { RowTemplate, RowTemplateOptions, Template, TemplateOptions } from "../../format/template/index";
import { KpodError } from "../../lib/errors";

/** What `--format` asks for. */
export type OutputFormat = "table" | "json" | { readonly template: string };

/** Reads the value of `--format`: `json`, `table` (the usual table), or a template. */
export function readFormat(format: string | undefined): OutputFormat {
  const word = format?.trim();
  if (format === undefined || word === "table") return "table";
  return word === "json" ? "json" : { template: format };
}

/**
 * Reads a template for the rows of a list (`{{.ID}}`, `table {{.ID}}\t{{.Names}}`), before anything else is
 * read. What it renders may fail with a KpodError BAD_ARGUMENT: an unknown field, for example.
 *
 * @throws UsageError where it is not a template of Go
 */
export async function openRowTemplate(source: string, options: RowTemplateOptions): Promise<RowTemplate> {
  const { compileRows, TemplateExecError, TemplateSyntaxError } = await import("../../format/template/index");
  const template = asUsage(TemplateSyntaxError, () => compileRows(source, options));
  return {
    fields: template.fields,
    render: (rows) => asFailure(TemplateExecError, () => template.render(rows)),
  };
}

/**
 * Reads a template for one thing, as `inspect` has it. What it executes may fail with a KpodError BAD_ARGUMENT.
 *
 * @throws UsageError where it is not a template of Go
 */
export async function openTemplate(
  source: string,
  options: TemplateOptions,
): Promise<Pick<Template, "execute">> {
  const { compileTemplate, TemplateExecError, TemplateSyntaxError } =
    await import("../../format/template/index");
  const template = asUsage(TemplateSyntaxError, () => compileTemplate(source, options));
  return { execute: (data) => asFailure(TemplateExecError, () => template.execute(data)) };
}

/**
 * Gives fields of a template's data second names: as docker or podman spell them where kpod has another word. A template
 * can ask for these; they are not printed with the whole, and no shell offers them.
 * @param names the second names, each with the name of the field that it stands for
 */
export function withSecondNames<T extends object>(fields: T, names: Readonly<Record<string, keyof T>>): T {
  for (const [name, field] of Object.entries(names))
    Object.defineProperty(fields, name, { get: () => fields[field], enumerable: false });
  return fields;
}

type ErrorClass = new (message: string) => Error;

function asUsage<T>(expected: ErrorClass, action: () => T): T {
  return translated(
    expected,
    action,
    (error) => new UsageError(`invalid value for --format: ${error.message}`),
  );
}

function asFailure<T>(expected: ErrorClass, action: () => T): T {
  return translated(
    expected,
    action,
    (error) => new KpodError("BAD_ARGUMENT", error.message, { cause: error }),
  );
}

function translated<T>(expected: ErrorClass, action: () => T, translate: (error: Error) => Error): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof expected ? translate(error) : error;
  }
}
