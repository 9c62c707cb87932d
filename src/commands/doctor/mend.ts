import type { CommandContext } from "../../shell/context";
import { canPrompt, isAgreed } from "../../shell/input";
import type { ContainerServer } from "../../lib/container-server";
import { crioAnswers } from "../../lib/crio/daemon";
import { examine, type ExamineOptions } from "../../lib/doctor/examine";
import type { Examination, Finding } from "../../lib/doctor/finding";
import { Journal } from "../../lib/doctor/mend/journal";
import { endUnfinished, mendFinding, refusalOf } from "../../lib/doctor/mend/mend";
import { KpodError } from "../../lib/errors";
import { blockOf, unknownLines } from "./views";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** What a user does where nobody can be asked. */
const otherwise = "give --yes, or --dry-run to see what would be done";

/** How often what came to light by a mending is mended as well. */
const mostRounds = 4;

/**
 * `kpod doctor --mend`: shows what would be mended, asks, and mends it.
 * @param wanted the findings that are named; all that is found where none is
 */
export async function mendFound(
  context: Context,
  server: ContainerServer,
  options: ExamineOptions,
  wanted: readonly string[],
): Promise<number> {
  const { flags, terminal } = context;
  const asks = !flags.dryRun && !flags.yes;
  if (asks && !canPrompt()) {
    throw new KpodError("BAD_ARGUMENT", "a mending asks first, and standard input is no terminal", {
      hint: otherwise,
    });
  }
  const runs = options.live && (await crioAnswers(server.config));
  let { plan, stay, unknown } = await planned(server, options, wanted, runs);
  if (!flags.yes) terminal.out([...plan, ...stay.map(({ finding }) => finding)].map(blockOf).join("\n"));
  if (flags.dryRun || (plan.length === 0 && stay.length === 0)) {
    if (plan.length === 0) terminal.out("Nothing to mend\n");
    for (const { finding, why } of stay) terminal.out(`${finding.finding} stays: ${why}\n`);
    for (const line of unknownLines(unknown)) context.logger.warn(line);
    return 0;
  }
  if (asks && plan.length > 0 && !(await isAgreed(context, otherwise, "Mend all this?"))) return 0;

  let code = 0;
  const tried = new Set<string>();
  const ended = await endUnfinished(server, options);
  for (const name of ended.findings) terminal.out(`${name}\n`);
  for (const failure of ended.failures) {
    context.reportFailure(failure);
    code = 1;
  }
  let journal: Journal | undefined;
  try {
    for (let round = 0; round < mostRounds && plan.length > 0; round++) {
      for (const finding of plan) {
        if (tried.has(finding.finding)) continue;
        tried.add(finding.finding);
        // That was ended before all else, and is mended by it.
        if (finding.id === "doctor.unfinished" || ended.findings.includes(finding.finding)) continue;
        context.signal().throwIfAborted();
        journal ??= Journal.begin(server.config);
        try {
          for (const name of await mendFinding(server, finding, journal, options)) {
            tried.add(name);
            terminal.out(`${name}\n`);
          }
        } catch (error) {
          // Something that was mended before may have mended it, too.
          if (error instanceof KpodError && error.code === "NOT_FOUND" && wanted.length === 0) continue;
          context.reportFailure(error);
          code = 1;
        }
      }
      // What comes to light now was not in the plan that somebody agreed to.
      if (asks || wanted.length > 0) break;
      const next = await planned(server, options, wanted, runs);
      plan = next.plan.filter(({ finding }) => !tried.has(finding));
      ({ stay, unknown } = next);
    }
  } finally {
    journal?.close();
  }
  // What one mending has made readable is told by now.
  for (const line of unknownLines(unknown)) context.logger.warn(line);
  for (const { finding, why } of stay.filter((each) => !tried.has(each.finding.finding))) {
    if (finding.severity === "informs" && wanted.length === 0) continue;
    context.reportFailure(new KpodError("BAD_STATE", `${finding.finding} stays: ${why}`));
    code = 1;
  }
  return code;
}

/** What is mended, and what stays for which reason. */
interface Plan {
  readonly plan: readonly Finding[];
  readonly stay: readonly { readonly finding: Finding; readonly why: string }[];
  readonly unknown: Examination["unknown"];
}

async function planned(
  server: ContainerServer,
  options: ExamineOptions,
  wanted: readonly string[],
  crioRuns: boolean,
): Promise<Plan> {
  const { findings, unknown } = await examine(server, options);
  const gone = wanted.find((name) => !findings.some(({ finding }) => finding === name));
  if (gone !== undefined)
    throw new KpodError("NOT_FOUND", `${gone} is not there: nothing is at odds, or not any more`);
  const chosen = findings.filter(({ finding }) => wanted.length === 0 || wanted.includes(finding));
  const plan: Finding[] = [];
  const stay: Plan["stay"][number][] = [];
  for (const finding of chosen) {
    const why =
      finding.mend.onlyNamed === true && !wanted.includes(finding.finding)
        ? "it is mended only where it is named"
        : refusalOf(finding, crioRuns);
    if (why === undefined) plan.push(finding);
    else stay.push({ finding, why });
  }
  return { plan, stay, unknown };
}
