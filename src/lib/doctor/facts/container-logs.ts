import { basename, dirname } from "node:path";
import { tolerate } from "../../errors";
import { isStorageId } from "../../names/ids";
import { logPathOf } from "../../logs/log-path";
import type { Container } from "../../oci/container";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";
import { podUids, specGlances } from "./specs";

/** The log of a container. */
export interface ContainerLog {
  readonly container: Container;
  readonly path: string;
}

/** Where the logs of CRI-O's containers are, of those that have one. */
export async function containerLogs(facts: Facts): Promise<readonly ContainerLog[]> {
  const { config } = facts.server;
  const glanceOf = await facts.get(specGlances);
  return (await facts.get(containersWithStates)).flatMap((container) => {
    if (container.infra) return [];
    const path = tolerate(undefined, () => {
      const { id, name, sandboxId, corrected } = container;
      // The specs of a thousand would take long, and much memory.
      const told = corrected === undefined && isStorageId(id) ? glanceOf(id).logPath : undefined;
      const logPath = told ?? container.logPath;
      return logPath === "" ? undefined : logPathOf({ id, name, sandboxId, logPath }, config.logDir);
    });
    return path === undefined ? [] : [{ container, path }];
  });
}

/**
 * The directories in which the kubelet makes one of each pod, `NAMESPACE_POD_UID`: those in which containers of this store
 * have their logs. What lies elsewhere may be of another node.
 */
export async function kubeletLogDirectories(facts: Facts): Promise<readonly string[]> {
  const uids = await facts.get(podUids);
  const directories = (await facts.get(containerLogs)).flatMap(({ container: { sandboxId }, path }) => {
    const pod = dirname(dirname(path));
    const uid = uids.get(sandboxId) ?? "";
    return uid !== "" && basename(pod).endsWith(`_${uid}`) ? [dirname(pod)] : [];
  });
  return [...new Set(directories)];
}
