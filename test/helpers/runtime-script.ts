import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultRuntimeHandler, type RuntimeHandler } from "../../src/lib/config/runtime-handlers";

/** What a runtime says of a container: `{ id, status, pid, bundle, … }`. */
export type RuntimeAnswer = Readonly<Record<string, unknown>> & { readonly id: string };

/**
 * Writes a script below a directory that answers `list` and `state` as runc does, with these answers. They stand in
 * `runtime/ID/answer.json` and `runtime/list.json`.
 * @returns the table of runtimes to configure it by
 */
export function runtimeScript(
  directory: string,
  answers: readonly RuntimeAnswer[],
): Record<string, RuntimeHandler> {
  const runtimeRoot = join(directory, "runtime");
  mkdirSync(runtimeRoot, { recursive: true });
  writeFileSync(join(runtimeRoot, "list.json"), JSON.stringify(answers));
  for (const answer of answers) {
    mkdirSync(join(runtimeRoot, answer.id));
    writeFileSync(join(runtimeRoot, answer.id, "answer.json"), JSON.stringify(answer));
  }
  const script = [
    "#!/bin/sh",
    `cd ${runtimeRoot}`,
    'while [ "$1" = --root ]; do shift 2; done',
    '[ "$1" = list ] && exec cat list.json',
    '[ "$1" = state ] && [ -f "$2/answer.json" ] && exec cat "$2/answer.json"',
    'echo "container does not exist" >&2',
    "exit 1",
  ];
  const runtimePath = join(directory, "runtime-script");
  writeFileSync(runtimePath, `${script.join("\n")}\n`, { mode: 0o755 });
  return { runc: { ...defaultRuntimeHandler(), runtimePath, runtimeRoot } };
}
