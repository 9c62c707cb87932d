import { dirname } from "node:path";
import { namePartsOf } from "../../names/full-names";
import { isStorageId, type StorageId } from "../../names/ids";
import { annotations } from "../../oci/annotations";
import { locateState, stateRoots } from "../../oci/runtime/location";
import { namesInDirectory } from "../../system/files";
import type { Facts } from "../facts";
import type { Evidence, OfferedMend } from "../finding";
import { runningContainers } from "./containers";
import { ownMonitors } from "./monitors";
import { specOnDisk } from "./spec-on-disk";
import { containerIds } from "./store";

/** A container or pod that no record has, and a conmon or a runtime still has: it may run. */
export interface Forgotten {
  readonly id: StorageId;
  /** What still has it. */
  readonly evidence: Evidence;
  /** Its layer, as far as its spec tells it. */
  readonly layer: string | undefined;
  /** The namespaces that it names, likewise. */
  readonly namespaces: readonly string[];
  /** Its pod, likewise. */
  readonly pod: string | undefined;
  /** The uid of that in Kubernetes, likewise. */
  readonly podUid: string | undefined;
}

/** Those by their ids; none on a disk of another node, where nothing runs. */
export async function forgottenContainers(facts: Facts): Promise<readonly Forgotten[]> {
  const { server, options } = facts;
  if (!options.live) return [];
  const { config, store } = server;
  const known = await facts.get(containerIds);
  const roots = stateRoots(config);
  const found = new Map<StorageId, Evidence>();
  for (const id of namesInDirectory(dirname(store.layout.containersFiles[0]))) {
    if (!isStorageId(id) || known.has(id)) continue;
    const state = locateState(roots, id);
    if (state !== undefined)
      found.set(id, { file: state.directory, says: "is what its runtime still has of it" });
  }
  for (const { id, process } of await facts.get(ownMonitors))
    if (isStorageId(id) && !known.has(id))
      found.set(id, { file: `/proc/${process.pid}/cmdline`, says: "is its conmon, which runs" });
  return [...found].map(([id, evidence]) => ({ id, evidence, ...specOf(facts, id) }));
}

/** Of whom nothing is left over, though no record may have them: they run. */
export interface RunningNames {
  /** Of containers and pods. */
  readonly ids: ReadonlySet<string>;
  /** Of pods, in Kubernetes. */
  readonly podUids: ReadonlySet<string>;
}

/** What runs without a record, and the pods of all that runs: a pod may have lost its record, and its containers theirs not. */
export async function runningNames(facts: Facts): Promise<RunningNames> {
  if (!facts.options.live) return { ids: new Set(), podUids: new Set() };
  const forgotten = await facts.get(forgottenContainers);
  const running = (await facts.get(runningContainers)).map(({ name, sandboxId }) => ({
    pod: sandboxId,
    podUid: namePartsOf(name)?.uid,
  }));
  const pods = [...forgotten, ...running];
  return {
    ids: new Set([...forgotten.map(({ id }) => id), ...pods.flatMap(({ pod = [] }) => pod)]),
    podUids: new Set(pods.flatMap(({ podUid = [] }) => podUid)),
  };
}

function specOf({ server: { store } }: Facts, id: StorageId): Omit<Forgotten, "id" | "evidence"> {
  const { spec, told, layer } = specOnDisk(store, id);
  return {
    pod: told[annotations.sandboxId],
    podUid: namePartsOf(told[annotations.sandboxName] ?? told[annotations.name] ?? "")?.uid,
    layer,
    namespaces: (spec?.linux?.namespaces ?? []).flatMap(({ path: pinned = "" }) =>
      pinned === "" ? [] : pinned,
    ),
  };
}

/** What has to be done before what belongs to it can go. */
export function removalOfForgotten({ id }: Forgotten): OfferedMend {
  return {
    class: "N",
    what: "remove first what still is of its container, or have it end",
    commands: [`kpod rm -f ${id.slice(0, 13)}`],
  };
}
