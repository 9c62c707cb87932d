import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ContainerServer } from "../container-server";
import { fileError, isNotFound, KpodError } from "../errors";
import { logPathOf } from "../logs/log-path";
import type { Container } from "../oci/container";

/** Where a log is, and whose it is. */
export interface LogPlace {
  path: string;
  /** Undefined when the container is gone and only its log is left. */
  container: Container | undefined;
}

/** The place of a container's log. @throws KpodError as `logPathOf` */
export function logPlace(server: ContainerServer, container: Container): LogPlace & { container: Container } {
  const { logDir, sources } = server.config;
  return { path: logPathOf(container, logDir, sources.get("logDir") === "--log-dir"), container };
}

/**
 * The place of the log of the attempt before: of the container of the same name in the same pod that a container
 * has replaced. The kubelet removes such a container sooner than its log.
 * @throws KpodError NOT_FOUND when there was no attempt before, or nothing is left of it; as `logPathOf`
 */
export function previousLogPlace(server: ContainerServer, container: Container): LogPlace {
  const { attempt, name } = container.metadata;
  const pod = podOf(server, container);
  const [before] = server
    .listContainers(
      (other) =>
        other.metadata.name === name && other.metadata.attempt < attempt && podOf(server, other) === pod,
    )
    .sort((a, b) => b.metadata.attempt - a.metadata.attempt);
  if (before !== undefined) return logPlace(server, before);
  const path = attempt === 0 ? undefined : leftLog(logPlace(server, container).path, attempt);
  if (path !== undefined) return { path, container: undefined };
  throw new KpodError("NOT_FOUND", `nothing is left of an attempt before container ${container.name}`);
}

/** The pod of a container by its names in Kubernetes: after a restart it is another one in CRI-O. */
function podOf(server: ContainerServer, { sandboxId }: Container): string {
  const sandbox = server.getSandbox(sandboxId);
  return sandbox === undefined
    ? sandboxId
    : JSON.stringify([sandbox.namespace, sandbox.kubeName, sandbox.uid]);
}

/** The kubelet names the logs of a container in one directory by their attempts: `0.log`, `1.log`. */
function leftLog(path: string, attempt: number): string | undefined {
  if (basename(path) !== `${attempt}.log`) return undefined;
  const attempts = namesIn(dirname(path))
    .flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((other) => other < attempt);
  return attempts.length === 0
    ? undefined
    : join(dirname(path), `${attempts.reduce((one, other) => Math.max(one, other))}.log`);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw fileError(`cannot read the directory ${directory}`, error);
  }
}
