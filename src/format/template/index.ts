/** Go's text/template as users of docker and podman know it. Loaded only where a template is given. */
export { compileTemplate, type Template, type TemplateOptions } from "./compile";
export type { UsedFields } from "./fields";
export { TemplateExecError, TemplateSyntaxError } from "./errors";
export { compileRows, type RowTemplate, type RowTemplateOptions } from "./rows";
export { Method, Stringer, withMaps } from "./values";
