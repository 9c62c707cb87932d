import type { Container } from "../../oci/container";
import { KpodError } from "../../errors";
import type { Facts } from "../facts";
import type { FoundObject } from "../finding";

/**
 * The containers of CRI-O with their states, those that stand for pods among them.
 * @throws KpodError CORRUPT, IO
 */
export async function containersWithStates({ server, options }: Facts): Promise<readonly Container[]> {
  // Who holds the locks of the store would lose them by reading it once more.
  if (options.before !== undefined) return options.before.get(containersWithStates);
  await server.update();
  return server.lists.all();
}

/** Those that run, paused ones among them. */
export async function runningContainers(facts: Facts): Promise<readonly Container[]> {
  const all = await facts.get(containersWithStates);
  return all.filter(({ state }) => state?.status === "running" || state?.status === "paused");
}

/** What a container, or the pod that it stands for, is called. */
export function containerObject({ server }: Facts, container: Container): FoundObject {
  const { id, infra, metadata, sandboxId } = container;
  const sandbox = server.lists.getSandbox(infra ? id : sandboxId);
  return {
    kind: infra ? "pod" : "container",
    id,
    name: infra ? (sandbox?.kubeName ?? metadata.name) : metadata.name,
    pid: undefined,
    pod: sandbox?.kubeName,
    namespace: sandbox?.namespace,
  };
}

/** A container in words: `shop/web`. */
export function containerWords(facts: Facts, container: Container): string {
  const { pod, name = "" } = containerObject(facts, container);
  return container.infra ? `pod ${name}` : `container ${pod === undefined ? name : `${pod}/${name}`}`;
}

/** True for a container whose runtime is a virtual machine or a shim: nobody but that knows its processes. */
export function hasOtherRuntime({ server }: Facts, container: Container): boolean {
  try {
    return server.runtime.handler(container).type === "vm";
  } catch (error) {
    // Which runtime it has cannot be told; then nothing is said of its processes.
    if (!(error instanceof KpodError)) throw error;
    return true;
  }
}
