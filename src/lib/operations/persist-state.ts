import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { KpodError, tolerate } from "../errors";
import { findMonitor, isMonitorPersisted } from "../oci/conmon/find";
import type { Container } from "../oci/container";
import type { ContainerState } from "../oci/state/container-state";
import { readExitFile } from "../oci/state/exit-file";
import { persistedStateOf, readPersistedState, writePersistedState } from "../oci/state/persisted";
import { unknownExitCode } from "../oci/state/resolved";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerParts, ServerView } from "../server-parts";
import { writeFileAtomic } from "../system/files";
import { waitUntil } from "../system/wait-until";
import { isSpoofed } from "./tolerant";
import { exitFileGrace } from "./wait";

/** What persisting a state uses. */
type PersistingServer = Pick<ServerParts, "runtime" | "logger" | "withStateLock">;

/**
 * Asks for a container's state and persists it in state.json, CRI-O's memory of it. A state that nobody could
 * tell is not persisted. That it cannot be written is a warning: what was asked for is done all the same.
 * @throws KpodError INTERRUPTED
 */
export async function persistState(server: PersistingServer, container: Container): Promise<void> {
  await persistKnownState(server, container, await server.runtime.updateStatus(container));
}

/** The same with a state that was just looked up, or that says more than a look-up could. */
export async function persistKnownState(
  server: Omit<PersistingServer, "runtime">,
  container: Container,
  state: ContainerState,
): Promise<void> {
  // What is being made is persisted by whoever makes it.
  if (state.status === "unknown" || state.status === "creating") return;
  try {
    await server.withStateLock(() => {
      write(container, state);
      return Promise.resolve();
    });
  } catch (error) {
    warnNotPersisted(server, container, "state", error);
  }
}

/**
 * Persists the state of a container that must be known: that it bears, or that it is found to be in.
 * @throws KpodError BAD_STATE where it has none to persist, IO
 */
export async function requirePersistedState(
  { runtime }: Pick<ServerView, "runtime">,
  container: Container,
): Promise<void> {
  const state = container.state ?? (await runtime.updateStatus(container));
  if (state.status === "unknown") {
    throw new KpodError(
      "BAD_STATE",
      `the state of container ${container.id} is unknown: it is not persisted`,
    );
  }
  if (state.status === "creating") {
    throw new KpodError(
      "BAD_STATE",
      `container ${container.id} is still being made: its state is not persisted`,
    );
  }
  writePersistedState(container, state);
}

/** @throws what is no failure to write, or says that the caller was interrupted */
function warnNotPersisted(
  { logger }: Pick<ServerView, "logger">,
  container: Container,
  what: string,
  error: unknown,
): void {
  if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
  // Its directory is gone when somebody removes it at the same time: nothing is left to write.
  if (!existsSync(container.dir)) return;
  logger.warn(`the ${what} of container ${container.id.slice(0, 13)} is not persisted: ${error.message}`);
}

/** Writes the state down, with the annotations as they are by now: a rename changes them. */
function write(container: Container, state: ContainerState): void {
  writePersistedState(container, {
    ...state,
    annotations: persistedAnnotations(container) ?? state.annotations,
  });
}

function persistedAnnotations({ dir }: Container): Record<string, string> | undefined {
  // What cannot be read is replaced.
  return tolerate(undefined, () => readPersistedState(join(dir, "state.json"))?.annotations);
}

/**
 * Persists the end of a container that its conmon could not write down, because it is dead or does not come to it: first
 * where it lasts, then in the exits directory, by which a running CRI-O notices. Where conmon did its work, nothing is
 * written. Only for callers that change the node, and before they remove anything.
 * @param exitCode the code where it is known, for example after KILL
 * @returns whether it was written
 * @throws KpodError INTERRUPTED
 */
export async function persistLostExit(
  server: Pick<ServerView, "config" | "store" | "logger">,
  container: Container,
  exitCode: number,
): Promise<boolean> {
  const { containerExitsDir: exitsDir } = server.config;
  const { id, dir } = container;
  const isSettled = (): boolean => hasExitFile(server, container) || findMonitor(container) === undefined;
  await waitUntil(`the exit file of container ${id}`, isSettled, {
    timeoutMs: exitFileGrace,
    signal: server.store.interruption,
  });
  if (hasExitFile(server, container)) return false;
  let written = false;
  for (const path of [join(dir, "exit"), join(exitsDir, id)]) {
    // The one directory is gone when somebody removes the container meanwhile, the other where no CRI-O runs.
    if (!existsSync(dirname(path))) continue;
    try {
      writeFileAtomic(path, String(exitCode), 0o644);
      written = true;
    } catch (error) {
      // conmon may have failed for the same reason: a full disk, a store that can only be read.
      warnNotPersisted(server, container, "end", error);
    }
  }
  return written;
}

/**
 * The same for a container that was found dead: its code is what the files say, 255 where they say nothing. One whose
 * end is in state.json is left as it is, one that nobody ever started, or is just making, and one that another store runs.
 * @returns whether it was written
 * @throws KpodError INTERRUPTED
 */
export async function persistFoundDead(
  server: Pick<ServerView, "config" | "store" | "runtime" | "logger">,
  container: Container,
): Promise<boolean> {
  const persisted = persistedStateOf(container)?.state;
  if (persisted === undefined ? !isMonitorPersisted(container) : isSettledIn(persisted)) return false;
  if (server.runtime.foreignBundle(container) !== undefined) return false;
  return persistLostExit(server, container, container.state?.exitCode ?? unknownExitCode);
}

/** True for an end that is known with its time. The state of a pod without an infra process names no container. */
function isSettledIn({ id, status, finished }: ContainerState): boolean {
  return id === "" || (status === "stopped" && finished !== undefined);
}

function hasExitFile({ config }: Pick<ServerView, "config">, { id, dir }: Container): boolean {
  // What cannot be read is there, and not replaced.
  return tolerate(true, () => readExitFile({ id, dir, exitsDir: config.containerExitsDir }) !== undefined);
}

/** Persists that a pod is stopped, where CRI-O does. From then on nobody makes containers in it. */
export function persistPodStopped(server: Pick<ServerView, "logger">, sandbox: Sandbox): void {
  markPod(server, sandbox, "stopped");
}

/** Persists that a pod's network is taken down: its addresses may be another pod's from then on. */
export function persistNetworkStopped(server: Pick<ServerView, "logger">, sandbox: Sandbox): void {
  markPod(server, sandbox, "network-stopped");
}

function markPod(server: Pick<ServerView, "logger">, sandbox: Sandbox, mark: string): void {
  const { dir, bundlePath } = sandbox.infraContainer;
  const directory = isSpoofed(server, sandbox) ? bundlePath : dir;
  if (existsSync(directory)) writeFileAtomic(join(directory, mark), "", 0o644);
}
