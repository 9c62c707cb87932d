import { KpodError, tolerate } from "../errors";
import { stopPod } from "../operations/pods";
import { removePod } from "../operations/remove";
import type { Sandbox } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";
import { isPlayed } from "./annotations";
import type { KubePodName } from "./objects";

/**
 * Stops and removes a pod that was made of a file, with its containers and its emptyDirs. What of the host was mounted into
 * it stays, and so do its logs.
 * @param options.force kills it at once, and removes it also where its network cannot be taken down
 * @throws KpodError NOT_FOUND, BAD_STATE for a pod that was made otherwise, and as `stopPod` and `removePod`
 */
export async function downKube(
  server: LaunchParts,
  { name, namespace }: KubePodName,
  { force = false }: { readonly force?: boolean } = {},
): Promise<Sandbox> {
  server.requireNode();
  const named = server.lists
    .listSandboxes()
    .filter((each) => each.kubeName === name && each.namespace === namespace);
  if (named.length === 0) throw new KpodError("NOT_FOUND", `no pod ${name} is in namespace ${namespace}`);
  // A kubelet that came back may have made its own beside it.
  const sandbox = named.find((each) => tolerate(false, () => isPlayed(each.annotations)));
  if (sandbox === undefined) {
    throw new KpodError("BAD_STATE", `pod ${name} was not made of a file of Kubernetes`, {
      hint: "kpod pod rm removes it",
    });
  }
  if (!force) await stopPod(server, sandbox, undefined, server.signal);
  await removePod(server, sandbox, force);
  return sandbox;
}
