import { basename, dirname } from "node:path";
import { tolerate } from "../../errors";
import { logPathOf } from "../../logs/log-path";
import type { Container } from "../../oci/container";
import type { Facts } from "../facts";
import { specifiedContainers } from "./specs";

/** The log of a container. */
export interface ContainerLog {
  readonly container: Container;
  readonly path: string;
}

/** Where the logs of CRI-O's containers are, of those that have one. */
export async function containerLogs(facts: Facts): Promise<readonly ContainerLog[]> {
  const { config } = facts.server;
  return (await facts.get(specifiedContainers)).flatMap(({ container }) => {
    if (container.infra || container.logPath === "") return [];
    const path = tolerate(undefined, () => logPathOf(container, config.logDir));
    return path === undefined ? [] : [{ container, path }];
  });
}

/**
 * The directories in which the kubelet makes one of each pod, `NAMESPACE_POD_UID`: those in which containers of this store
 * have their logs. What lies elsewhere may be of another node.
 */
export async function kubeletLogDirectories(facts: Facts): Promise<readonly string[]> {
  const uids = new Map(
    (await facts.get(specifiedContainers)).map(({ container, podUid }) => [container.id, podUid]),
  );
  const places = (await facts.get(containerLogs)).flatMap(({ container: { id }, path }) => {
    const pod = dirname(dirname(path));
    const uid = uids.get(id) ?? "";
    return uid !== "" && basename(pod).endsWith(`_${uid}`) ? [dirname(pod)] : [];
  });
  return [...new Set(places)];
}
