import { textOf, type LateText, type PodFacts } from "./facts";
import type { Fields } from "./fields";
import { fieldReference, referredObject, resourceReference, type ReferenceScope } from "./references";

/** A variable of a container. */
export interface Variable {
  readonly name: string;
  readonly value: LateText;
  /** True where `$(NAME)` in it stands for a variable before it. */
  readonly expands: boolean;
}

/** Reads `envFrom` and `env` of a container. @param self its name @throws KpodError BAD_ARGUMENT */
export function readVariables(container: Fields, scope: ReferenceScope, self: string): Variable[] {
  const imported = container.objects("envFrom").flatMap((source) => readSource(source, scope));
  return [...imported, ...container.objects("env").flatMap((entry) => readVariable(entry, scope, self))];
}

function readSource(source: Fields, scope: ReferenceScope): Variable[] {
  const prefix = source.text("prefix") ?? "";
  const references = [
    ["ConfigMap", source.object("configMapRef")],
    ["Secret", source.object("secretRef")],
  ] as const;
  return references.flatMap(([kind, reference]) => {
    const object = reference === undefined ? undefined : referredObject(kind, reference, scope);
    return [...(object?.data ?? [])].map(([key, value]) => ({
      name: prefix + key,
      value: value.toString("utf8"),
      expands: false,
    }));
  });
}

function readVariable(entry: Fields, scope: ReferenceScope, self: string): Variable[] {
  const name = entry.requiredText("name");
  if (/[=\0]/.test(name)) throw entry.bad(["name"], `is ${JSON.stringify(name)}, which no variable can have`);
  const text = entry.text("value");
  const from = entry.object("valueFrom");
  if (from === undefined) return [{ name, value: text ?? "", expands: true }];
  if (text !== undefined && text !== "") throw entry.bad(["valueFrom"], "is there beside a value");
  const value = readReference(from, scope, self);
  return value === undefined ? [] : [{ name, value, expands: false }];
}

/** @returns undefined for an optional key that is not there */
function readReference(from: Fields, scope: ReferenceScope, self: string): LateText | undefined {
  const field = from.object("fieldRef");
  if (field !== undefined) return fieldReference(field, scope);
  const resource = from.object("resourceFieldRef");
  if (resource !== undefined) return resourceReference(resource, scope, self);
  const [kind, reference] =
    (
      [
        ["ConfigMap", from.object("configMapKeyRef")],
        ["Secret", from.object("secretKeyRef")],
      ] as const
    ).find(([, found]) => found !== undefined) ?? [];
  if (kind === undefined || reference === undefined)
    throw from.bad([], "refers to none of fieldRef, resourceFieldRef, configMapKeyRef and secretKeyRef");
  const key = reference.requiredText("key");
  const value = referredObject(kind, reference, scope)?.data.get(key);
  if (value === undefined && reference.flag("optional") !== true)
    throw reference.bad(["key"], `is ${JSON.stringify(key)}, which that ${kind} does not have`);
  return value?.toString("utf8");
}

/** The variables with their values, in order; a later one of a name replaces an earlier. */
export function variablesOf(variables: readonly Variable[], pod: PodFacts): Map<string, string> {
  const values = new Map<string, string>();
  for (const { name, value, expands } of variables) {
    const text = textOf(value, pod);
    values.set(name, expands ? expandText(text, values) : text);
  }
  return values;
}

/** Puts variables in the place of `$(NAME)`; `$$` is a dollar, and a name that nobody knows stays as it is. */
export function expandText(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, _, name?: string) => {
    if (whole === "$$") return "$";
    return variables.get(name ?? "") ?? whole;
  });
}

/** A text of which nothing is expanded when it is played. */
export function escapeText(text: string): string {
  return text.replace(/\$(?=[$(])/g, "$$$$");
}
