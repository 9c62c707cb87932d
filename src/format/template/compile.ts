import { evaluateWithin } from "./evaluate";
import { createBudget, usualLimits, type Limits } from "./function";
import { functions } from "./functions";
import type { ParsedTemplate } from "./nodes";
import { parseTemplate } from "./parser";

/** How a template is read and executed. */
export interface TemplateOptions {
  /** The template's name in messages; podman gives the command's, docker none. */
  readonly name?: string;
  /** What messages call the type of the data: `can't evaluate field X in type container`. */
  readonly dataType?: string;
  /** Less than the usual cost that an execution may have. */
  readonly limits?: Limits;
}

/** A template that is ready for use. */
export interface Template {
  /**
   * The text that the template gives for some data: texts, numbers, booleans, null, arrays, plain objects,
   * `Map`s, and Stringers of these. Of objects only own properties are seen, and only the enumerable ones
   * printed; getters are called only where the template asks for their field.
   *
   * @throws TemplateExecError for an unknown field, a wrong argument or an execution that costs too much
   */
  execute(data: unknown): string;
  /** What the template was read to, for those who derive something from it. */
  readonly parsed: ParsedTemplate;
}

/**
 * Reads a template of Go's text/template, with the functions of docker and podman (json, join, lower, upper,
 * title, split, pad, truncate). `\t` and `\n` in the text stand for tab and line feed.
 *
 * Unlike Go's, numbers of the data have no types: `%d` and `%.2f` both take a 2, and whole numbers compare with
 * others. Control characters of the data that could steer a terminal are printed as escapes.
 *
 * @throws TemplateSyntaxError when it cannot be read; nothing of the data is needed for that
 */
export function compileTemplate(text: string, options: TemplateOptions = {}): Template {
  const { name = "", dataType = "struct", limits = usualLimits } = options;
  const parsed = parseTemplate(escapesToCharacters(text), name, new Set(functions.keys()));
  return {
    parsed,
    execute(data) {
      const output: string[] = [];
      const execution = {
        template: parsed,
        name,
        variables: [{ name: "$", value: data }],
        current: undefined,
        budget: createBudget(limits),
        depth: 0,
        dataType,
        data,
        output,
      };
      evaluateWithin(execution, data, parsed.root.list);
      return output.join("");
    },
  };
}

/**
 * Makes tabs and line feeds of `\t` and `\n`, which a shell hands over as they are. docker and podman do so in
 * the whole text; inside of "quotes" Go's own rules make the same of them, so that those stay.
 */
function escapesToCharacters(text: string): string {
  return text.replace(/\{\{(?:"(?:\\.|[^"\\])*"|(?!\}\})[^])*?\}\}|\\t|\\n/g, (part) => {
    if (part === "\\t") return "\t";
    if (part === "\\n") return "\n";
    return part.replace(/"(?:\\.|[^"\\])*"|`[^`]*`/g, (constant) =>
      constant.startsWith("`") ? constant.replaceAll("\\t", "\t").replaceAll("\\n", "\n") : constant,
    );
  });
}
