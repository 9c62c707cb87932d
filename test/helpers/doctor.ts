import { chosenChecks } from "../../src/lib/doctor/choose";
import { examine, type ExamineOptions } from "../../src/lib/doctor/examine";
import type { Finding } from "../../src/lib/doctor/finding";
import type { ServerView } from "../../src/lib/server-parts";
import type { Node } from "./node";
import { expectToFit } from "./schemas";
import { withoutWaits } from "./waits";

/** A finding as `kpod doctor --format json` shows it. */
export interface ShownFinding {
  readonly finding: string;
  readonly id: string;
  readonly severity: string;
  readonly object: Readonly<Record<string, string | number>>;
  readonly evidence: readonly { readonly file: string; readonly says: string }[];
  readonly consequence: string;
  readonly bytes: number;
  readonly mend: { readonly class: string; readonly what: string; readonly commands: readonly string[] };
}

/** What `kpod doctor --format json` shows. */
export interface ShownExamination {
  readonly sound: boolean;
  readonly checks: readonly string[];
  readonly unknown: readonly { readonly id: string; readonly why: string }[];
  readonly forecast: { readonly action: string; readonly why: readonly string[]; readonly bytes: number };
  readonly findings: readonly ShownFinding[];
}

/** Has a node examined, which must fit the schema, and end with the code that goes with what was found. */
export async function examined(node: Pick<Node, "kpod">, ...args: string[]): Promise<ShownExamination> {
  const words = args.includes("--quick") || args.includes("--looks") ? args : ["--quick", ...args];
  const { exitCode, stdout, stderr } = await node.kpod(
    "doctor",
    "--format",
    "json",
    ...words.filter((word) => word !== "--looks"),
  );
  expect(withoutWaits(stderr)).toBe("");
  const shown = JSON.parse(stdout) as ShownExamination;
  expectToFit("doctor", shown);
  const told = shown.findings.some(({ severity }) => severity !== "informs");
  expect(exitCode).toBe(told ? 1 : shown.unknown.length > 0 ? 2 : 0);
  return shown;
}

/** What is found on a node; all of it can be told. */
export async function foundOn(node: Pick<Node, "kpod">, ...args: string[]): Promise<ShownFinding[]> {
  const { findings, unknown } = await examined(node, ...args);
  expect(unknown).toEqual([]);
  return [...findings];
}

/** Mends all that is found in a hurry, however young. */
export const mending = ["doctor", "--mend", "--quick", "--yes", "--min-age", "0s"];

/** Has a node examined on which nothing is at odds. */
export async function expectSound(node: Pick<Node, "kpod">, ...args: string[]): Promise<void> {
  const { sound, findings, unknown } = await examined(node, ...args);
  expect({ sound, findings, unknown }).toEqual({ sound: true, findings: [], unknown: [] });
}

/** Has the library examine a node, at one look: the checks with their severities and the objects' ids or paths. */
export async function looked(
  { openServer }: Pick<Node, "openServer">,
  ...words: string[]
): Promise<readonly Finding[]> {
  const { server } = await openServer();
  return examinedBy(server, words, { quick: true });
}

/** The same of a server, with both looks, and all that takes its time. */
export async function examinedBy(
  server: ServerView,
  words: readonly string[],
  options: Partial<ExamineOptions> = {},
): Promise<readonly Finding[]> {
  const { findings, unknown } = await examine(server, {
    checks: chosenChecks(words),
    live: true,
    quick: false,
    minAgeMs: 0,
    secondLookMs: 1,
    ...options,
  });
  expect(unknown).toEqual([]);
  return findings;
}

/** What tells findings apart, in the order of their checks. */
export function inShort(findings: readonly Finding[]): readonly string[] {
  return findings
    .map(({ id, severity, object, mend }) =>
      [id, severity, object.id ?? object.path ?? String(object.pid), mend.class].join(" "),
    )
    .sort();
}
