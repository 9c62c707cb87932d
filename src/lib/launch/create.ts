import { join } from "node:path";
import type { LaunchParts } from "../server-parts";
import { KpodError } from "../errors";
import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { RestoreSource } from "../oci/runtime";
import { formatSpec, type Spec } from "../oci/spec";
import { rollbackLaunch } from "../operations/remove-runtime";
import { noteContainer } from "../operations/note-event";
import { persistKnownState } from "../operations/persist-state";
import { hasVanished } from "../operations/vanished";
import { writeFileAtomic } from "../system/files";
import { launchOf, unlessOvertaken } from "./overtaken";
import { moveMonitor } from "./monitor-cgroup";
import { removeLog, rollbackContainer } from "./rollback-launched";
import type { Rollback } from "./rollback";

/** What a new container needs beyond its spec. */
export interface CreateRequest {
  container: Container;
  spec: Spec;
  logPath: string;
  /** The pod's cgroup, in which conmon gets its own beside the container's. */
  cgroupParent: string;
  /** Has its processes go on from a checkpoint, in the place of waiting to be started. */
  restore?: RestoreSource | undefined;
}

/**
 * Writes the spec where CRI-O keeps it, has conmon and the runtime create the container, and persists its state.
 * @throws KpodError CONMON_FAILED, RUNTIME_FAILED, IO
 */
export async function createFromSpec(
  server: LaunchParts,
  rollback: Rollback,
  request: CreateRequest,
): Promise<void> {
  const { container, logPath } = request;
  const text = formatSpec(request.spec);
  for (const directory of [container.dir, container.bundlePath]) {
    writeFileAtomic(join(directory, "config.json"), text, 0o644);
  }
  container.reloadSpec();
  rollback.add(`remove the log file of ${container.name}`, () => {
    removeLog(logPath);
  });
  rollback.add(`remove ${container.name} from its runtime`, () =>
    server.store.uninterrupted(() => rollbackLaunch(server, container)),
  );
  await createByRuntime(server, container, request);
}

/**
 * Has conmon and the runtime create a container from its bundle, or restore it, and persists its state.
 * @throws KpodError CONMON_FAILED, RUNTIME_FAILED, RUNTIME_TIMEOUT, INTERRUPTED, IO
 */
export async function createByRuntime(
  server: LaunchParts,
  container: Container,
  { logPath, cgroupParent, restore }: Pick<CreateRequest, "logPath" | "cgroupParent" | "restore">,
): Promise<void> {
  const sizeMax = container.annotation(annotations.logSizeMax);
  const since = new Date();
  const state = await server.runtime.createContainer(container, {
    ...{ logPath, restore },
    ...(/^-?\d+$/.test(sizeMax) ? { logSizeMax: Number(sizeMax) } : {}),
    terminal: container.terminal,
    stdin: container.annotation(annotations.stdin) === "true",
    leaveStdinOpen: container.annotation(annotations.stdinOnce) !== "true",
    signal: server.signal,
    onMonitorStarted: (pid) => moveMonitor(server, container, cgroupParent, pid),
  });
  if (restore !== undefined) state.started = since;
  await server.containerStateToDisk(container);
}

/**
 * Starts a created container and persists its state.
 * @param since when its start was begun, in milliseconds since 1970, where that is not when it was made
 * @throws KpodError BAD_STATE when it is not just created, or it or its pod was stopped or removed meanwhile;
 * RUNTIME_FAILED, RUNTIME_TIMEOUT
 */
export function startContainer(server: LaunchParts, container: Container, since?: number): Promise<void> {
  server.requireNode({ launching: true });
  return unlessOvertaken(server, launchOf(server, container, since), async () => {
    try {
      await start(server, container);
    } catch (error) {
      // Without a record nobody would ever find what is left of it; a pod is rolled back by who makes it.
      if (!container.infra && hasVanished(server, container)) await rollbackContainer(server, container);
      throw error;
    }
  });
}

async function start(server: LaunchParts, container: Container): Promise<void> {
  const { status } = await server.runtime.updateStatus(container);
  if (status !== "created") {
    throw new KpodError("BAD_STATE", `cannot start container ${container.id}: it is ${status}`);
  }
  const state = await server.runtime.startContainer(container);
  if (hasVanished(server, container)) {
    throw new KpodError("BAD_STATE", `container ${container.id} was removed while it was started`);
  }
  const { pid, started = new Date() } = state;
  noteContainer(server, container, "start", { time: started.getTime(), pid });
  await persistKnownState(server, container, state);
}
