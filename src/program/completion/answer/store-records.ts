import { existsSync, readdirSync } from "node:fs";
import type { Config } from "../../../lib/config/index";
import { crioRecords } from "../../../lib/crio/persisted-records";
import { errnoOf, KpodError, tolerate } from "../../../lib/errors";
import { silentLogger } from "../../../lib/logger";
import { hasStateFile, isYoung } from "../../../lib/oci/state/being-made";
import { readStatus, type ContainerStatus } from "../../../lib/oci/state/container-state";
import { createdAt, isInfraContainer, type ContainerMetadata } from "../../../lib/storage/container-metadata";
import { readContainers } from "../../../lib/storage/containers";
import { readImages } from "../../../lib/storage/images";
import { chooseDriver, storeLayout, type StoreLayout } from "../../../lib/storage/layout";
import { readMountPoints } from "../../../lib/storage/mount-points";
import type { StorageId } from "../../../lib/names/ids";
import type { ContainerRecord, ImageRecord } from "../../../lib/storage/records";
import { readTextIfThere } from "../../../lib/system/files";
import { readIntoScratch, scratch } from "../../../lib/system/scratch";
import { parsePersistedState } from "../../../lib/oci/state/persisted";

/** A container, or the infra container of a pod, as CRI-O persisted it. */
export interface PersistedContainer {
  readonly record: ContainerRecord;
  readonly metadata: ContainerMetadata;
}

/** What the records of a store say. No lock is taken and no runtime asked: a file is there whole or not at all. */
export interface StoreRecords {
  readonly containers: readonly PersistedContainer[];
  readonly pods: readonly PersistedContainer[];
  readonly images: () => readonly ImageRecord[];
  /** False for a container that has no file system to run in: to see that takes less than to look at its state. */
  readonly mayLive: (container: PersistedContainer) => boolean;
  /** What a container was when its state was last persisted; `unknown` where it never was. */
  readonly status: (container: PersistedContainer) => ContainerStatus;
  /** False for a pod that is persisted as stopped. */
  readonly isReady: (pod: PersistedContainer) => boolean;
}

/** Reads the records of the store that is configured. Those that cannot be read keep no others from being offered. */
export function readStoreRecords(config: Config): StoreRecords {
  const driver = chooseDriver(config.root, config.storage);
  const layout = storeLayout(config.root, config.runRoot, driver, config);
  const containers: PersistedContainer[] = [];
  const pods: PersistedContainer[] = [];
  const directoriesOf = (id: StorageId): [string, string] => directoriesIn(layout, id);
  const all = tolerate([], () => readContainers(layout, silentLogger));
  for (const { record, metadata } of crioRecords(all, directoriesOf)) {
    (isInfraContainer(record, metadata) ? pods : containers).push({ record, metadata });
  }
  const exits = new Set(namesIn(config.containerExitsDir));
  const status = (container: PersistedContainer) => persistedStatus(container, layout, exits);
  const mounted = mountedLayers(layout);
  return {
    containers,
    pods,
    images: () => tolerate([], () => readImages(layout, silentLogger)),
    mayLive: ({ record }) => mounted === undefined || mounted.has(record.layer ?? ""),
    status,
    isReady: (pod) =>
      !directories(pod, layout).some((directory) => existsSync(`${directory}/stopped`)) &&
      !["creating", "stopped"].includes(status(pod)),
  };
}

/** Those made last come first. */
export function newestFirst(containers: readonly PersistedContainer[]): readonly PersistedContainer[] {
  const created = new Map(
    containers.map((container) => [container, createdAt(container.record, container.metadata)]),
  );
  return [...containers].sort((a, b) => (created.get(b) ?? 0) - (created.get(a) ?? 0));
}

/** The layers that the store has as mounted; undefined where it does not tell, or not so that it can be read. */
function mountedLayers(layout: StoreLayout): ReadonlySet<string> | undefined {
  return tolerate(undefined, () => {
    const mounted = readMountPoints(layout).map(({ id }) => id);
    return mounted.length === 0 ? undefined : new Set(mounted);
  });
}

function persistedStatus(
  container: PersistedContainer,
  layout: StoreLayout,
  exits: ReadonlySet<string>,
): ContainerStatus {
  const [dir, runDir] = directories(container, layout);
  // conmon writes the exit file at once; state.json is CRI-O's memory, and CRI-O may be dead.
  if (exits.has(container.record.id) || existsSync(`${dir}/exit`)) return "stopped";
  const persisted = statusIn(dir) ?? statusIn(runDir);
  if (persisted !== undefined) return persisted;
  const created = createdAt(container.record, container.metadata);
  return isYoung({ createdAt: new Date(created) }) && !hasStateFile({ dir, bundlePath: runDir })
    ? "creating"
    : "unknown";
}

function statusIn(directory: string): ContainerStatus | undefined {
  return tolerate(undefined, () => {
    const path = `${directory}/state.json`;
    const early = statusAtStart(path);
    return early === undefined
      ? parsePersistedState(path, readTextIfThere(path) ?? "")?.status
      : readStatus(early);
  });
}

/** It stands before the annotations, which make up nearly all of the text. */
function statusAtStart(path: string): string | undefined {
  try {
    const length = readIntoScratch(path, headSize);
    return /^\{[^{}]*"status":"(\w+)"/.exec(scratch.toString("latin1", 0, length))?.[1];
  } catch (error) {
    // To read it whole tells what is wrong with it, if that is an error at all.
    if (error instanceof KpodError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

const headSize = 512;

/** What lies in a directory; nothing where it cannot be read. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function directories({ record }: PersistedContainer, layout: StoreLayout): [string, string] {
  return directoriesIn(layout, record.id);
}

function directoriesIn(layout: StoreLayout, id: StorageId): [string, string] {
  const places = [layout.containerDirectory(id), layout.containerRunDirectory(id)] as const;
  return [`${places[0]}/userdata`, `${places[1]}/userdata`];
}
