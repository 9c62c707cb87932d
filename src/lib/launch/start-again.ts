/*
 * Starting what was created before, and what has run already. A container that has run cannot be started again by its
 * runtime: what that has of it is deleted, and it is created anew from its bundle, with the same id.
 */
import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { refuseOwnedByCrio } from "../crio/before-launch";
import { KpodError } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import { findConmon } from "../oci/conmon/program";
import type { Container } from "../oci/container";
import type { ContainerStatus } from "../oci/state/container-state";
import { killMarker } from "../oci/state/exit-file";
import { attachToContainer, type AttachEnd, type AttachOptions } from "../operations/attach";
import { removeCheckpoint } from "../operations/checkpoint-files";
import { unlockNetwork } from "../operations/checkpoint-network";
import { noteEnd } from "../operations/note-event";
import { persistFoundDead, persistKnownState, persistState } from "../operations/persist-state";
import { removeFromRuntime, rollbackLaunch } from "../operations/remove-runtime";
import { giveNames } from "../operations/rename";
import type { ContainerNames } from "../operations/rename-names";
import { stopContainer } from "../operations/stop";
import type { Sandbox } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";
import { fileLimits, readTextIfThere, removeIfThere, writeFileAtomic } from "../system/files";
import { createByRuntime, startContainer } from "./create";
import { requireKnownDefaults } from "./known-defaults";
import { launchOf, unlessOvertaken } from "./overtaken";
import { requireReadyPod } from "./ready-pod";
import { withRollback, type Rollback } from "./rollback";
import { settleEnded } from "./settle-ended";

/** How a container is started that is there already. */
export interface StartOptions {
  /** Also one of a CRI-O that runs, which will not see it. */
  force?: boolean;
}

/**
 * Starts a container that was created, or that has run and ended: that one keeps its id, and its attempt counts up. One that
 * runs stays as it is.
 * @throws KpodError BAD_STATE for one that is paused, still being made or unknown, or whose pod is not ready; CONFLICT for
 * one of a CRI-O that runs, without force; CORRUPT, CONMON_FAILED, RUNTIME_FAILED, RUNTIME_TIMEOUT, INTERRUPTED: then it
 * is as it was
 */
export async function startAgain(
  server: LaunchParts,
  container: Container,
  { force = false }: StartOptions = {},
): Promise<void> {
  await startUnlessRunning(server, container, force, (created, since) =>
    startContainer(server, created, since),
  );
}

/**
 * Does the same with a container whose streams somebody has from its beginning until it ends or is left; then its end is
 * persisted. To one that runs he is only attached.
 * @throws KpodError as `startAgain` and `attachToContainer`
 */
export async function startAttached(
  server: LaunchParts,
  container: Container,
  { force = false, ...attach }: StartOptions & Omit<AttachOptions, "start">,
): Promise<AttachEnd> {
  let ended: Promise<AttachEnd> | undefined;
  let started = container;
  await startUnlessRunning(server, container, force, (created, since) => {
    started = created;
    return new Promise((resolve, reject) => {
      const start = (): Promise<void> => startContainer(server, created, since).then(resolve);
      ended = attachToContainer(server, created, { ...attach, start });
      ended.catch(reject);
    });
  });
  if (ended === undefined) return attachToContainer(server, container, attach);
  const end = await ended;
  if (!end.detached) await settleEnded(server, started);
  return end;
}

/** Starts what was created. @param since when its start was begun, in milliseconds since 1970 */
type Start = (created: Container, since: number) => Promise<void>;

async function startUnlessRunning(
  server: LaunchParts,
  container: Container,
  force: boolean,
  start: Start,
): Promise<void> {
  const status = await statusToStart(server, container, "start");
  if (status === "running") return;
  await refuseOwnedByCrio(server, container, { verb: "start", force });
  if (status === "created") await start(container, Date.now());
  else await startAnew(server, container, await requireRestartable(server, container), start);
}

/**
 * Stops a container, where it runs, and starts it again: see `startAgain`. Nothing is stopped that could not be started.
 * @param options.timeoutMs how long it may take to end by itself; undefined for what it was made with, else 10 s
 * @throws KpodError as `startAgain` and `stopContainer`
 */
export async function restartContainer(
  server: LaunchParts,
  container: Container,
  { force = false, timeoutMs }: StartOptions & { timeoutMs?: number | undefined },
): Promise<void> {
  const status = await statusToStart(server, container, "restart");
  await refuseOwnedByCrio(server, container, { verb: "restart", force });
  if (status === "created") {
    await startContainer(server, container, Date.now());
    return;
  }
  const layerId = await requireRestartable(server, container);
  await podToStartIn(server, container);
  if (status === "running") await stopContainer(server, container, timeoutMs, server.signal);
  await startAnew(server, container, layerId, (created, since) => startContainer(server, created, since));
}

/** @throws KpodError BAD_STATE that says what to do */
export async function statusToStart(
  server: LaunchParts,
  container: Container,
  verb: "start" | "restart" | "restore",
): Promise<Extract<ContainerStatus, "created" | "running" | "stopped">> {
  server.requireNode({ launching: true });
  const { status } = await server.runtime.updateStatus(container);
  const cannot = `cannot ${verb} container ${container.id}`;
  switch (status) {
    case "paused":
      throw new KpodError("BAD_STATE", `${cannot}: it is paused`, { hint: "unpause it" });
    case "creating":
      throw new KpodError("BAD_STATE", `${cannot}: it is still being made`, {
        hint: "try again once it is there",
      });
    case "unknown":
      throw new KpodError("BAD_STATE", `${cannot}: its state is unknown`, {
        hint: "rm -f ends it for good",
      });
    default:
      return status;
  }
}

/**
 * What of the node and the store it takes to create a container anew.
 * @returns its layer
 * @throws KpodError CORRUPT, BAD_CONFIG, RUNTIME_FAILED, CONMON_FAILED
 */
export async function requireRestartable(server: LaunchParts, container: Container): Promise<StorageId> {
  const { id, layerId } = container;
  if (!isStorageId(id) || !isStorageId(layerId)) {
    throw new KpodError("CORRUPT", `the record of container ${id} names no layer`);
  }
  await requireKnownDefaults(server);
  findConmon(server.runtime.handler(container).monitor);
  return layerId;
}

/** The pod of a container, which must be ready. @throws KpodError BAD_STATE */
export async function podToStartIn(
  server: LaunchParts,
  { id, sandboxId }: Pick<Container, "id" | "sandboxId">,
): Promise<Sandbox> {
  await server.updateRecords();
  const pod = server.lists.getSandbox(sandboxId);
  if (pod === undefined) {
    throw new KpodError("BAD_STATE", `cannot start container ${id}: the record of its pod is gone`, {
      hint: "run it anew in another pod",
    });
  }
  await server.runtime.updateStatus(pod.infraContainer);
  return requireReadyPod(server, pod);
}

async function startAnew(
  server: LaunchParts,
  ended: Container,
  layerId: StorageId,
  start: Start,
): Promise<void> {
  const { cgroupParent } = await podToStartIn(server, ended);
  const wasCheckpointed = ended.state?.checkpointed !== undefined;
  const since = Date.now();
  await persistEnd(server, ended);
  await withRollback(server.logger, async (rollback) => {
    const container = await countUp(server, rollback, ended);
    await launchAnew(server, rollback, { container, layerId, since }, async () => {
      if (wasCheckpointed) await unlockNetwork(server, container);
      await createByRuntime(server, container, { logPath: container.logPath, cgroupParent });
      // Who asked to end meanwhile does not want it started.
      server.signal?.throwIfAborted();
      await start(container, since);
    });
    // What was checkpointed before does not fit its files any more.
    removeCheckpoint(container);
  });
}

/** Persists how a container has ended, before its runtime removes what it knows of it. */
export async function persistEnd(server: LaunchParts, ended: Container): Promise<void> {
  await persistFoundDead(server, ended);
  await persistState(server, ended);
  noteEnd(server, ended);
}

/** A container that has ended, and is launched once more. */
interface EndedContainer {
  readonly container: Container;
  readonly layerId: StorageId;
  /** When that was begun, in milliseconds since 1970. */
  readonly since: number;
}

/**
 * Puts a container in the place of its last run: its runtime has removed it, its file system is mounted, and nothing tells of
 * that run any more. Then it is launched. Where that fails, it is as it was once it is rolled back.
 */
export async function launchAnew(
  server: LaunchParts,
  rollback: Rollback,
  { container, layerId, since }: EndedContainer,
  launch: () => Promise<void>,
): Promise<void> {
  await removeFromRuntime(server, container);
  await server.storageRuntimeServer.startContainer(container.id);
  rollback.add(`unmount ${container.name}`, () => server.store.unmount(layerId));
  await unlessOvertaken(server, launchOf(server, container, since), async () => {
    removeLastRun(server, rollback, container);
    rollback.add(`remove ${container.name} from its runtime`, () =>
      server.store.uninterrupted(() => rollbackLaunch(server, container)),
    );
    await launch();
  });
}

/**
 * Counts the attempt of a container up, to one that no other of its name has in its pod: as the kubelet's next one would
 * have it.
 * @throws KpodError BAD_STATE where somebody else has just done so
 */
async function countUp(server: LaunchParts, rollback: Rollback, ended: Container): Promise<Container> {
  const { id, name, sandboxId, metadata } = ended;
  const before = await giveNames(server, ended, (current): ContainerNames => {
    if (current.name !== name || current.metadata.attempt !== metadata.attempt) {
      throw new KpodError("BAD_STATE", `container ${id} was just restarted or renamed by somebody else`);
    }
    const namesakes = server.lists.getSandbox(sandboxId)?.containers() ?? [current];
    const attempts = namesakes
      .filter((other) => other.metadata.name === metadata.name)
      .map((other) => other.metadata.attempt);
    const attempt = Math.max(metadata.attempt, ...attempts) + 1;
    const isOfCrio = /^k8s_.+_\d+$/.test(name);
    return {
      name: isOfCrio ? name.replace(/\d+$/, String(attempt)) : name,
      metadata: { ...metadata, attempt },
    };
  });
  rollback.add(`give ${name} its name back`, () =>
    server.store.uninterrupted(() => giveNames(server, ended, () => before)),
  );
  const container = server.lists.lookupContainer(id);
  if (ended.state !== undefined) container.state = { ...ended.state };
  return container;
}

/** What is of the last run in a bundle: what conmon makes, and does not bear to find there, and that kpod has killed it. */
const ofLastRun = ["attach", "ctl", "winsz", "pidfile", "conmon-pidfile", killMarker];

/**
 * Removes what tells of the run that has ended: it would be taken for what becomes of the next. What it was is put back
 * where that fails.
 */
function removeLastRun(server: LaunchParts, rollback: Rollback, container: Container): void {
  const { id, dir, bundlePath, state } = container;
  for (const name of ofLastRun) removeIfThere(join(bundlePath, name));
  const ends = [
    join(dir, "exit"),
    join(server.config.containerExitsDir, id),
    ...[dir, bundlePath].map((directory) => join(directory, "oom")),
  ];
  for (const path of ends) {
    const text = readTextIfThere(path, fileLimits.word);
    if (text === undefined) continue;
    const { atimeMs, mtimeMs } = statSync(path);
    removeIfThere(path);
    rollback.add(`put ${path} back`, () => {
      writeFileAtomic(path, text, 0o644);
      utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
    });
  }
  if (state === undefined) return;
  const before = { ...state };
  rollback.add(`persist the end of ${container.name}`, () =>
    server.store.uninterrupted(() => persistKnownState(server, container, before)),
  );
}
