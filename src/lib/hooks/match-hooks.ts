import type { HookParams } from "../config";
import type { HookStage, Spec, SpecHook } from "../oci/spec";

/** What of a new container hooks ask for. */
export interface HookSubject {
  /** The first word of its command. */
  command: string;
  /** The annotations of its pod. */
  annotations: Readonly<Record<string, string>>;
  hasBindMounts: boolean;
}

/**
 * The hooks of a new container, for its spec: those whose regular expressions fit its command or an
 * annotation of its pod, or that want every container with bind mounts. One reason is enough.
 */
export function hooksFor(
  hooks: Readonly<Record<string, HookParams>>,
  subject: HookSubject,
): NonNullable<Spec["hooks"]> {
  const result: Partial<Record<HookStage, SpecHook[]>> = {};
  for (const name of Object.keys(hooks).sort()) {
    const params = hooks[name];
    if (params === undefined || !applies(params, subject)) continue;
    for (const stage of params.stage as HookStage[]) {
      (result[stage] ??= []).push({ path: params.hook, args: [params.hook, stage] });
    }
  }
  return result;
}

function applies(params: HookParams, { command, annotations, hasBindMounts }: HookSubject): boolean {
  const fits = (patterns: readonly string[], texts: readonly string[]): boolean =>
    patterns.some((pattern) => texts.some((text) => new RegExp(pattern).test(text)));
  return (
    fits(params.cmds, [command]) ||
    fits(params.annotations, Object.values(annotations)) ||
    (params.hasBindMounts && hasBindMounts)
  );
}
