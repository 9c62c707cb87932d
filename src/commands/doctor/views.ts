import { escapeControl } from "../../format/escape";
import { displayId } from "../../format/id";
import { jsonText } from "../../format/json";
import { humanSize } from "../../format/units";
import { cutToWidth } from "../../format/width";
import {
  severities,
  type Examination,
  type Finding,
  type Forecast,
  type Severity,
} from "../../lib/doctor/finding";

/** An examination in one of the forms of `--format` that need nothing else. */
export function viewOf(format: "table" | "json" | "npd", examination: Examination): string {
  switch (format) {
    case "table":
      return tableView(examination);
    case "json":
      return jsonText(examinationJson(examination));
    case "npd":
      return npdView(examination);
  }
}

/** An examination as `kpod doctor --format json` shows it. */
export function examinationJson(examination: Examination): Record<string, unknown> {
  const { sound, checks, unknown, forecast, findings } = examination;
  return { version: 1, sound, checks, unknown, forecast, findings: findings.map(findingJson) };
}

function findingJson(found: Finding): Record<string, unknown> {
  const { finding, id, severity, object, evidence, consequence, bytes, mend } = found;
  const { kind, name, path, pid, pod, namespace } = object;
  return {
    finding,
    id,
    severity,
    object: { kind, id: object.id, name, path, pid, pod, namespace },
    evidence,
    consequence,
    bytes,
    mend: { class: mend.class, what: mend.what, commands: mend.commands },
  };
}

/** How severities are called. */
const severityWords: Readonly<Record<Severity, string>> = {
  "breaks-now": "breaks pods now",
  "breaks-at-start": "breaks at CRI-O's next start",
  leaks: "leaks",
  informs: "informs",
};

/** When each class of mending can be done. */
const classWords = {
  S: "while CRI-O runs",
  Q: "once its processes are dead",
  X: "with CRI-O stopped",
  N: "not by kpod",
} as const;

/** Steps that end what runs: nobody has to wait for that. */
const endingSteps: ReadonlySet<string> = new Set(["stop", "end-processes", "delete-pod"]);

function classText({ class: when, steps = [] }: Finding["mend"]): string {
  return steps.some((step) => endingSteps.has(step.do)) ? "at the cost of what runs of it" : classWords[when];
}

function tableView({ checks, findings, unknown, forecast, sound }: Examination): string {
  const blocks = findings.map(blockOf);
  const counts = severities
    .map((severity) => [severity, findings.filter((each) => each.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severityWords[severity]}`);
  const made = `${checks.length} ${checks.length === 1 ? "check" : "checks"}`;
  const summary =
    findings.length > 0
      ? `${made}, found: ${counts.join(", ")}`
      : `${sound ? "Sound: " : ""}${made} found nothing at odds`;
  const closing = [summary, ...unknownLines(unknown), ...forecastLines(forecast)];
  return [...blocks, `${closing.map(escapeControl).join("\n")}\n`].join("\n");
}

/** A finding in words. */
export function blockOf({ finding, severity, object, evidence, consequence, bytes, mend }: Finding): string {
  const lines = [
    `${finding}  ${severityWords[severity]}`,
    `  ${objectText(object)}${bytes > 0 ? `, ${humanSize(bytes)}` : ""}`,
    ...evidence.map(({ file, says }) => `  ${file}: ${says}`),
    `  If nothing is done: ${consequence}`,
    `  Mending, ${classText(mend)}: ${mend.what}`,
    ...mend.commands.slice(0, 20).map((command) => `    ${command}`),
    ...(mend.commands.length > 20 ? [`    (${mend.commands.length - 20} more, see --format json)`] : []),
  ];
  return `${lines.map(escapeControl).join("\n")}\n`;
}

function objectText({ kind, id, name, path, pid, pod, namespace }: Finding["object"]): string {
  const words = [
    kind,
    ...(id === undefined ? [] : [displayId(id)]),
    ...(pid === undefined ? [] : [String(pid)]),
    ...(name === undefined ? [] : [`(${name})`]),
    ...(kind !== "pod" && pod !== undefined ? [`of pod ${pod}`] : []),
    ...(namespace === undefined ? [] : [`in ${namespace}`]),
    ...(id === undefined && path !== undefined ? [path] : []),
  ];
  return words.join(" ");
}

/** What could not be told, a line for each reason. */
export function unknownLines(unknown: Examination["unknown"]): string[] {
  const ids = new Map<string, string[]>();
  for (const { id, why } of unknown) ids.set(why, [...(ids.get(why) ?? []), id]);
  return [...ids].map(([why, of]) => `Could not tell ${of.join(", ")}: ${why}`);
}

function forecastLines({ action, why, bytes }: Forecast): string[] {
  const does = {
    none: "removes nothing",
    repair: "removes what it finds at odds",
    "wipe-containers": "removes all pods and containers",
    "wipe-images": "removes all pods, containers and images",
    "wipe-all": "removes the whole store",
  }[action];
  if (action === "none" && why.length === 0) return [];
  return [`CRI-O's next start ${does}${bytes > 0 ? ` (${humanSize(bytes)})` : ""}: ${why.join("; ")}`];
}

/** A line for node-problem-detector, which cuts at 80 characters. */
function npdView({ findings, unknown }: Examination): string {
  const told = findings.filter(({ severity }) => severity !== "informs");
  const [worst] = told;
  const more = told.length > 1 ? ` (+${told.length - 1} more)` : "";
  const text =
    worst !== undefined
      ? `${worst.id}${more}: ${objectText(worst.object)}`
      : unknown[0] !== undefined
        ? `could not tell ${unknown[0].id}: ${unknown[0].why}`
        : "sound";
  return `${cutToWidth(escapeControl(text), 80)}\n`;
}
