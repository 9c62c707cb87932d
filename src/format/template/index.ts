/** Go's text/template as users of docker and podman know it. Loaded only where a template is given. */
export { compileTemplate, type Template, type TemplateOptions } from "./compile";
export { TemplateExecError } from "./execution";
export { compileRows, type RowTemplate, type RowTemplateOptions, type UsedFields } from "./rows";
export { TemplateSyntaxError } from "./token-reader";
export { Method, Stringer, withMaps } from "./values";
