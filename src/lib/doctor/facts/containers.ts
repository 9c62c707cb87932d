import type { CrioRecord } from "../../storage/container-metadata";
import type { Container } from "../../oci/container";
import { KpodError } from "../../errors";
import type { Facts } from "../facts";
import type { FoundObject } from "../finding";
import { requireRecords } from "./emptied-records";
import { ownRecords } from "./store";

/**
 * The containers of CRI-O with their states, those that stand for pods among them.
 * @throws KpodError CORRUPT, IO
 */
export async function containersWithStates(facts: Facts): Promise<readonly Container[]> {
  const { server, options } = facts;
  // Who holds the locks of the store would lose them by reading it once more.
  if (options.before !== undefined) return options.before.get(containersWithStates);
  const records = await facts.get(readableRecords);
  if (records === undefined) requireRecords(server.store, ["containers"]);
  await server.update({ records });
  return server.lists.all();
}

/** The records of CRI-O; undefined where those of images or layers keep all from being read at one moment. */
function readableRecords(facts: Facts): Promise<readonly CrioRecord[] | undefined> {
  return facts.get(ownRecords).then(
    (own) => [...own.values()],
    (error: unknown) => {
      if (error instanceof KpodError) return undefined;
      throw error;
    },
  );
}

/** The containers whose state.json this look has read; none where it looks at none. */
export async function containersWithStateFile(facts: Facts): Promise<ReadonlySet<string>> {
  const { live, before } = facts.options;
  const all = live && before === undefined ? await facts.get(containersWithStates) : [];
  return new Set(all.flatMap(({ id, persistedStatus }) => (persistedStatus === undefined ? [] : [id])));
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
