import { KpodError, tolerate } from "../errors";
import { isStorageId } from "../names/ids";
import { annotations, kubernetesLabels } from "../oci/annotations";
import { listMonitors, type SeenMonitor } from "../oci/conmon/find";
import { Container } from "../oci/container";
import type { RuntimeState } from "../oci/state/runtime";
import { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { parseJson } from "../system/files";
import { readTime, textMap } from "../system/go-json";
import { isSamePath } from "../system/paths";

/** What runs, or ran, from a bundle of the store, and has no record there any more. */
export interface Orphan {
  /** As far as its bundle, its runtime and its conmon tell. Its state is the runtime's word, `unknown` without one. */
  readonly container: Container;
  /** Its pod, by its name in Kubernetes at least; a pod that the store still has is that. */
  readonly sandbox: Sandbox;
}

/** What shows that there is an orphan. */
interface Trace {
  readonly id: string;
  readonly state: RuntimeState | undefined;
  readonly monitor: SeenMonitor | undefined;
}

/**
 * Finds the containers and infra containers of which only a runtime or a conmon still knows. Those of other stores, and
 * of other users of the runtimes, have their bundles elsewhere. A runtime that cannot be asked is a warning.
 * @throws KpodError CORRUPT, IO when the records cannot be read
 */
export async function findOrphans(
  server: Pick<ServerView, "store" | "runtime" | "lists">,
): Promise<Orphan[]> {
  // The records are read last: what is launched meanwhile has its record first.
  const traces = await withoutRecord(server, await tracesOf(server));
  if (traces.length === 0) return [];
  // And what is removed loses its record last.
  const still = new Set((await tracesOf(server)).map(({ id }) => id));
  const orphans = traces.filter(({ id }) => still.has(id)).map((trace) => orphanOf(server, trace));
  return orphans.sort((a, b) => b.container.createdAt.getTime() - a.container.createdAt.getTime());
}

async function tracesOf({ runtime, store }: Pick<ServerView, "runtime" | "store">): Promise<Trace[]> {
  const isOurs = (id: string, bundle: string): boolean =>
    isStorageId(id) && bundle !== "" && isSamePath(bundle, store.runUserdataDirectory(id));
  const states = (await runtime.listAll()).filter(({ id, bundle }) => isOurs(id, bundle));
  const monitors = listMonitors().filter(({ id, bundle }) => isOurs(id, bundle));
  return [...new Set([...states, ...monitors].map(({ id }) => id))].map((id) => ({
    id,
    state: states.find((each) => each.id === id),
    monitor: monitors.find((each) => each.id === id),
  }));
}

async function withoutRecord(
  { store }: Pick<ServerView, "store">,
  traces: readonly Trace[],
): Promise<Trace[]> {
  // Also what is no container of CRI-O, or cannot be taken up: it has a record all the same.
  const known = new Set<string>((await store.containers()).map(({ id }) => id));
  return traces.filter(({ id }) => !known.has(id));
}

function orphanOf(server: Pick<ServerView, "store" | "lists">, { id, state, monitor }: Trace): Orphan {
  const { store } = server;
  if (!isStorageId(id)) throw new KpodError("CORRUPT", `${id} is no id`);
  const directories = { dir: store.userdataDirectory(id), bundlePath: store.runUserdataDirectory(id) };
  const identity = { id, imageId: "", layerId: "", metadata: { name: id, attempt: 0 } };
  const nameless = { ...identity, ...directories, name: id, sandboxId: "", imageName: "", infra: false };
  const bare = new Container({ ...nameless, createdAt: new Date(0) });
  const persisted = { ...state?.annotations, ...specAnnotationsOf(bare) };
  const infra = persisted[annotations.containerType] === "sandbox";
  const fullName = infra
    ? (persisted[annotations.containerName] ?? persisted[annotations.name])
    : (persisted[annotations.name] ?? persisted[annotations.containerName]);
  const name = fullName ?? monitor?.name ?? id;
  const labels = labelsIn(persisted);
  // k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT
  const [, ctrName, podName, podNamespace, podUid] = name.startsWith("k8s_") ? name.split("_") : [];
  const sandboxId = persisted[annotations.sandboxId] ?? (infra ? id : "");
  const imageId = persisted[annotations.imageRef] ?? "";
  const createdAt = readTime(persisted[annotations.created]) ?? state?.created ?? new Date();
  const container = new Container({
    ...nameless,
    name,
    metadata: { name: labels[kubernetesLabels.containerName] ?? ctrName ?? id, attempt: 0 },
    sandboxId,
    imageName: persisted[annotations.imageName] ?? persisted[annotations.image] ?? "",
    imageId: isStorageId(imageId) ? imageId : "",
    createdAt,
    infra,
  });
  container.state = {
    ociVersion: state?.ociVersion ?? "",
    id,
    status: state?.status ?? "unknown",
    pid: state?.pid ?? 0,
    bundle: container.bundlePath,
    annotations: persisted,
    ...(state?.created === undefined ? {} : { created: state.created }),
    oomKilled: false,
    error: "",
  };
  const sandbox = server.lists.getSandbox(sandboxId);
  if (sandbox !== undefined) return { container, sandbox };
  const kubeName = labels[kubernetesLabels.podName] ?? persisted[annotations.kubeName] ?? podName ?? "";
  return {
    container,
    sandbox: new Sandbox({
      id: sandboxId,
      name: persisted[annotations.sandboxName] ?? kubeName,
      kubeName,
      namespace:
        labels[kubernetesLabels.podNamespace] ?? persisted[annotations.namespace] ?? podNamespace ?? "",
      uid: labels[kubernetesLabels.podUid] ?? podUid ?? "",
      attempt: 0,
      infraContainer: container,
    }),
  };
}

/** The annotations of its spec; none where that is lost as well. */
function specAnnotationsOf(container: Container): Record<string, string> {
  return tolerate({}, () => container.specAnnotations);
}

function labelsIn(persisted: Readonly<Record<string, string>>): Record<string, string> {
  return tolerate({}, () => textMap(parseJson("the labels", persisted[annotations.labels] ?? "{}")));
}
