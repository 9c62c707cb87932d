import { escapeControl } from "../../format/escape";
import { displayId } from "../../format/id";
import type { Explanation, ExplainedContainer } from "../../lib/doctor/why/explanation";

/** An explanation for people: the causes, what its log said last, what is at odds, what to do. */
export function explanationText(explanation: Explanation): string {
  const { chain, containers, findings, unknown, todo } = explanation;
  return [
    ...chain.map((sentence) => `${escapeControl(sentence)}\n`),
    ...containers.flatMap(logText),
    ...(findings.length === 0
      ? []
      : [`\nAt odds with it, see kpod doctor:\n${findings.map(({ finding }) => `  ${finding}\n`).join("")}`]),
    ...(unknown.length === 0 ? [] : [`\nNot to be told:\n${unknown.map(indented).join("")}`]),
    `\nWhat to do:\n${todo.length === 0 ? "  nothing: nothing is wrong with it\n" : todo.map(indented).join("")}`,
  ].join("");
}

function indented(line: string): string {
  return `  ${escapeControl(line)}\n`;
}

function logText({ object, log, logUnread }: ExplainedContainer): string[] {
  const name = object.name ?? displayId(object.id ?? "", { noTrunc: false });
  if (logUnread !== null) return [`\nIts log cannot be read: ${escapeControl(logUnread)}\n`];
  return log.length === 0
    ? []
    : [`\nThe end of the log of ${escapeControl(name)}:\n${log.map(indented).join("")}`];
}

/** An explanation as `--format json` shows it. */
export function explanationJson(explanation: Explanation): Record<string, unknown> {
  const { object, podState, containers, holders, findings, unknown, chain, todo } = explanation;
  return {
    version: 1,
    object: objectJson(object),
    podState,
    containers: containers.map((container) => ({ ...container, object: objectJson(container.object) })),
    holders,
    findings: findings.map(({ finding, id, severity, object: about, evidence, consequence, mend }) => ({
      finding,
      id,
      severity,
      object: { kind: about.kind, id: about.id ?? "", name: about.name ?? "" },
      evidence,
      consequence,
      mend: { class: mend.class, what: mend.what, commands: mend.commands },
    })),
    unknown,
    chain,
    todo,
  };
}

function objectJson({
  kind,
  id = "",
  name = "",
  pod = "",
  namespace = "",
}: Explanation["object"]): Record<string, string> {
  return { kind, id, name, pod, namespace };
}
