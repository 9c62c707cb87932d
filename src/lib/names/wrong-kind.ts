import { KpodError } from "../errors";

/** What the commands for containers do, in the words that follow "cannot", where these are not the command's own. */
const verbsInWords: Readonly<Record<string, string>> = {
  filter: "compare with",
  logs: "show the logs of container",
  "port-forward": "forward ports of",
  rm: "remove",
  stats: "read the stats of container",
  wait: "wait for",
};

/** The commands that do the same to a pod. The others have none. */
const podCommands: Readonly<Record<string, string>> = {
  inspect: "use kpod pod inspect",
  kill: "use kpod pod kill",
  pause: "use kpod pod pause",
  rm: "use kpod pod rm",
  stats: "use kpod stats --pod",
  stop: "use kpod pod stop",
  unpause: "use kpod pod unpause",
};

/** The commands that do to a container what others do to a pod. */
const containerCommands: Readonly<Record<string, string>> = {
  kill: "use kpod kill",
  pause: "use kpod pause",
  rm: "use kpod rm",
  stop: "use kpod stop",
  unpause: "use kpod unpause",
};

/** What looks at containers alone; what changes them would change the infra container of a pod, too. */
const looks: readonly string[] = ["filter", "logs", "stats"];

/** How many containers of a pod a hint names. */
const mostNamed = 5;

/** What of a pod tells who it is, and what is in it. */
interface PodWithContainers {
  readonly kubeName: string;
  containers(): readonly { readonly metadata: { readonly name: string } }[];
}

/**
 * The error for a pod, or its infra container, where a command wants a container.
 * @param verb the command
 */
export function podInstead(pod: PodWithContainers, idOrName: string, verb: string): KpodError {
  const what = looks.includes(verb) ? "a pod" : `the infra container of pod ${pod.kubeName}`;
  return new KpodError("BAD_ARGUMENT", `cannot ${verbsInWords[verb] ?? verb} ${idOrName}: it is ${what}`, {
    hint: podCommands[verb] ?? itsContainers(pod),
  });
}

/**
 * The error for a container where a command wants a pod.
 * @param verb the command
 */
export function containerInstead(idOrName: string, verb: string): KpodError {
  const hint = containerCommands[verb] ?? "name its pod";
  const words = verbsInWords[verb] ?? verb;
  return new KpodError("BAD_ARGUMENT", `cannot ${words} pod ${idOrName}: it is a container`, { hint });
}

function itsContainers(pod: PodWithContainers): string {
  const names = pod.containers().map(({ metadata }) => `${pod.kubeName}/${metadata.name}`);
  if (names.length === 0) return "it has no containers";
  const further = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : "";
  return `name a container of it: ${[...new Set(names)].slice(0, mostNamed).join(", ")}${further}`;
}
