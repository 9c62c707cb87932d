import { killWords } from "../facts/oom-kills";
import type { Explanation, ExplainedContainer } from "./explanation";

type Told = Omit<Explanation, "chain" | "todo">;

/** The causes of what is told, one after the other: what is first is what one sees, what is last what it comes from. */
export function chainOf({ object, podState, containers, holders, findings }: Told): string[] {
  const pod = object.kind === "pod" ? podSentence(object.name ?? "", podState, containers) : [];
  const troubled = containers.filter((each) => object.kind === "container" || isTroubled(each));
  const sentences = [
    ...pod,
    ...troubled.flatMap((each) => sentencesOf(each)),
    ...holders.map(({ says }) => `${says}.`),
    ...findings.map(({ id, evidence, consequence }) => {
      const [first] = evidence;
      return `${id}: ${first === undefined ? "" : `${first.file} ${first.says}; `}${consequence}.`;
    }),
  ];
  // What holds a container often holds its pod, too.
  return [...new Set(sentences)];
}

function isTroubled({ state, exit, memory }: ExplainedContainer): boolean {
  return (state !== "running" && exit?.code !== 0) || memory !== null;
}

function podSentence(
  name: string,
  state: Explanation["podState"],
  containers: readonly ExplainedContainer[],
): string[] {
  const running = containers.filter((each) => each.state === "running").length;
  const words =
    state === null
      ? "in a state that nobody can tell"
      : state === "NotReady"
        ? "not ready"
        : state.toLowerCase();
  return [`Pod ${name} is ${words}; ${running} of its ${containers.length} containers run.`];
}

function sentencesOf(container: ExplainedContainer): string[] {
  const { memory, earlier, attempt } = container;
  const codes = earlier.map(({ exitCode }) => exitCode ?? "unknown").join(", ");
  return [
    stateSentence(container),
    ...(memory === null ? [] : [memorySentence(container, memory)]),
    ...(attempt > 0
      ? [
          `It was started anew ${attempt} times before${codes === "" ? "" : `; those that are still there ended with ${codes}`}.`,
        ]
      : []),
  ];
}

function stateSentence({ object, state, pid, exit, started }: ExplainedContainer): string {
  const name = `Container ${object.name ?? object.id ?? ""}`;
  const since = started === null ? "" : ` since ${started.toISOString()}`;
  switch (state) {
    case "running":
      return `${name} runs${since}, with the pid ${pid}.`;
    case "paused":
      return `${name} is paused: its processes are frozen.`;
    case "created":
      return `${name} was created, and nobody has started it.`;
    case "creating":
      return `${name} is being made.`;
    case "unknown":
      return `${name} is in a state that nobody can tell: its runtime does not answer for it.`;
    case "stopped":
      return `${name} ended${exit?.finished == null ? "" : ` at ${exit.finished.toISOString()}`} ${exitWords(exit)}.`;
  }
}

function exitWords(exit: ExplainedContainer["exit"]): string {
  const code = exit?.code ?? null;
  if (exit === null || code === null) return "and nobody wrote down how";
  if (exit.oomKilled) return `with ${code}: the kernel killed it for want of memory`;
  if (exit.signal !== null) return `with ${code}: by the signal ${exit.signal}`;
  switch (code) {
    case 0:
      return "with 0, as it should";
    case 126:
      return "with 126: its program cannot be executed";
    case 127:
      return "with 127: its program is not there";
    case 255:
      return "with 255, which also stands for an end that nobody saw";
    default:
      return `with ${code}, by itself`;
  }
}

function memorySentence(
  { exit }: ExplainedContainer,
  { cgroup, limit, kills, of, killed }: NonNullable<ExplainedContainer["memory"]>,
): string {
  const size = limit === null ? "without a limit of its own" : `with the limit of ${limit} bytes`;
  const count = kills === null ? "" : `, in which the kernel has killed ${kills} processes`;
  const whose = of === "pod" ? "The limit is its pod's" : "The cgroup is its own";
  const child =
    exit?.oomKilled === true ? "" : " The container itself goes on: only some of its processes were killed.";
  const last = killed.at(-1);
  const which = last === undefined ? "" : ` By the kernel's log ${killWords(last)}.`;
  return `${whose}: ${cgroup}, ${size}${count}.${which}${child}`;
}

/** What can be done about it: the commands of what is at odds first. */
export function todoOf({ containers, findings, holders }: Told): string[] {
  const todo = new Set<string>();
  for (const { mend } of findings) {
    for (const command of mend.commands) todo.add(command);
    if (mend.commands.length === 0) todo.add(mend.what);
  }
  for (const { object, exit, memory, state } of containers) {
    const id = (object.id ?? "").slice(0, 13);
    if (exit?.oomKilled === true || memory !== null)
      todo.add(`give it more memory, in its pod's spec; for now: kpod update --memory SIZE ${id}`);
    else if (exit?.code === 126 || exit?.code === 127)
      todo.add(`look which program it calls: kpod inspect ${id}`);
    else if (exit !== null && exit.code !== 0) todo.add(`read what it said: kpod logs --tail 100 ${id}`);
    if (state === "paused") todo.add(`kpod unpause ${id}`);
    if (state === "unknown") todo.add(`kpod inspect ${id}`);
  }
  if (holders.length > 0 && todo.size === 0) todo.add("end what holds it");
  return [...todo];
}
