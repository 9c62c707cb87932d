import type { ContainerLists } from "../container-lists";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";

/** What the commands for containers do, in the words that follow "cannot", where these are not the command's own. */
const verbsInWords: Readonly<Record<string, string>> = {
  filter: "compare with",
  logs: "show the logs of container",
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

/**
 * Finds the container that a change is for, by everything that names one.
 * @param verb the command, for the message when it is a pod
 * @throws KpodError NOT_FOUND, AMBIGUOUS, or BAD_ARGUMENT when it is a pod or its infra container
 */
export function findContainer(server: ContainerLists, idOrName: string, verb: string): Container {
  try {
    return server.lookupContainer(idOrName);
  } catch (error) {
    const sandbox = isNotFoundError(error) ? sandboxNamed(server, idOrName) : undefined;
    if (sandbox === undefined) throw error;
    const what = looks.includes(verb) ? "a pod" : `the infra container of pod ${sandbox.kubeName}`;
    throw new KpodError("BAD_ARGUMENT", `cannot ${verbsInWords[verb] ?? verb} ${idOrName}: it is ${what}`, {
      hint: podCommands[verb] ?? itsContainers(sandbox),
    });
  }
}

/**
 * Finds the pod that a change is for, by everything that names one.
 * @param verb the command, for the message when it is a container
 * @throws KpodError NOT_FOUND, AMBIGUOUS, or BAD_ARGUMENT when it is a container
 */
export function findSandbox(server: ContainerLists, idOrName: string, verb: string): Sandbox {
  try {
    return server.lookupSandbox(idOrName);
  } catch (error) {
    const container = isNotFoundError(error) ? containerNamed(server, idOrName) : undefined;
    if (container === undefined) throw error;
    const hint = containerCommands[verb] ?? "name its pod";
    const words = verbsInWords[verb] ?? verb;
    throw new KpodError("BAD_ARGUMENT", `cannot ${words} pod ${idOrName}: it is a container`, { hint });
  }
}

function containerNamed(server: ContainerLists, idOrName: string): Container | undefined {
  try {
    return server.lookupContainer(idOrName);
  } catch (error) {
    // As for pods: the first error says what is wrong.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

function itsContainers(sandbox: Sandbox): string {
  const names = sandbox.containers().map(({ metadata }) => `${sandbox.kubeName}/${metadata.name}`);
  if (names.length === 0) return "it has no containers";
  const further = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : "";
  return `name a container of it: ${[...new Set(names)].slice(0, mostNamed).join(", ")}${further}`;
}

/** The pod that a word means, also by the name of its infra container; undefined when it means none. */
export function sandboxNamed(server: ContainerLists, idOrName: string): Sandbox | undefined {
  const byInfraName = server.listSandboxes().find(({ infraContainer }) => infraContainer.name === idOrName);
  if (byInfraName !== undefined) return byInfraName;
  try {
    return server.lookupSandbox(idOrName);
  } catch (error) {
    // That it is no pod either is no news: the first error says what is wrong.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

/** True for the error of a look-up that found nothing. */
export function isNotFoundError(error: unknown): boolean {
  return error instanceof KpodError && error.code === "NOT_FOUND";
}
