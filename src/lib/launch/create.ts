import { join } from "node:path";
import { moveToCgroup } from "../cgroups/hierarchies";
import { conmonCgroup } from "../cgroups/parent";
import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import type { Spec } from "../oci/spec";
import { discardLaunch } from "../operations/discard";
import { noteKnownState } from "../operations/note-state";
import { writeFileAtomic } from "../system/files";
import { unlessOvertaken } from "./overtaken";
import { removeLog } from "./take-back";
import type { Undo } from "./undo";

/** What a new container needs beyond its spec. */
export interface CreateRequest {
  container: Container;
  spec: Spec;
  logPath: string;
  /** The pod's cgroup, in which conmon gets its own beside the container's. */
  cgroupParent: string;
}

/**
 * Writes the spec where CRI-O keeps it, has conmon and the runtime create the container, and notes its state.
 * @throws KpodError CONMON_FAILED, RUNTIME_FAILED, IO
 */
export async function createFromSpec(
  server: ContainerServer,
  undo: Undo,
  request: CreateRequest,
): Promise<void> {
  const { container, logPath } = request;
  const { config, runtime } = server;
  const text = JSON.stringify(request.spec, undefined, "\t");
  for (const directory of [container.dir, container.bundlePath]) {
    writeFileAtomic(join(directory, "config.json"), text, 0o644);
  }
  container.forgetSpec();
  undo.add(`remove the log file of ${container.name}`, () => {
    removeLog(logPath);
  });
  undo.add(`remove ${container.name} from its runtime`, () => discardLaunch(server, container));
  await runtime.createContainer(container, {
    logPath,
    terminal: false,
    stdin: false,
    signal: server.signal,
    onMonitorStarted: (pid) => {
      if (config.cgroupManager === "systemd" || !config.crioDefaults.movesConmon) return;
      moveToCgroup(conmonCgroup(request.cgroupParent, container.id), pid);
    },
  });
  await server.containerStateToDisk(container);
}

/**
 * Starts a created container and notes its state.
 * @throws KpodError BAD_STATE when it is not just created, or its pod was stopped or removed meanwhile;
 * RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export function startContainer(server: ContainerServer, container: Container): Promise<void> {
  const sandbox = server.getSandbox(container.sandboxId);
  const step = (): Promise<void> => start(server, container);
  if (sandbox === undefined) return step();
  const what = container.infra ? "pod" : { container: container.metadata.name };
  return unlessOvertaken(server, sandbox, what, step);
}

async function start(server: ContainerServer, container: Container): Promise<void> {
  const { status } = await server.runtime.updateStatus(container);
  if (status !== "created") {
    throw new KpodError("BAD_STATE", `cannot start container ${container.id}: it is ${status}`);
  }
  await noteKnownState(server, container, await server.runtime.startContainer(container));
}
