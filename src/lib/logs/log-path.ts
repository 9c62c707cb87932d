import { isAbsolute, join } from "node:path";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { isStorageId } from "../storage/ids";

/**
 * Where the log of a container is: what its spec says, else CRI-O's own place for logs.
 * @param logDir the configured directory of logs
 * @throws KpodError CORRUPT when the spec cannot be read or names what can be no path of a log
 */
export function logPathOf(container: Container, logDir: string): string {
  const path = container.logPath === "" ? defaultPath(container, logDir) : container.logPath;
  if (isAbsolute(path) && !path.includes("\0")) return path;
  throw new KpodError(
    "CORRUPT",
    `the log path of container ${container.name} is not an absolute path: ${JSON.stringify(path)}`,
  );
}

function defaultPath({ id, name, sandboxId }: Container, logDir: string): string {
  if (isStorageId(sandboxId)) return join(logDir, sandboxId, `${id}.log`);
  throw new KpodError(
    "CORRUPT",
    `container ${name} names neither its log nor its pod: ${JSON.stringify(sandboxId)} is no id`,
  );
}
