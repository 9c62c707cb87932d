import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../lib/config";
import { KpodError } from "../../lib/errors";
import { silentLogger } from "../../lib/logger";
import { parseState, readStatus, type ContainerStatus } from "../../lib/oci/state";
import { parseContainerMetadata, type ContainerMetadata } from "../../lib/storage/container-metadata";
import { readContainers } from "../../lib/storage/containers";
import { readImages } from "../../lib/storage/images";
import { chooseDriver, storeLayout, type StoreLayout } from "../../lib/storage/layout";
import type { ContainerRecord, ImageRecord } from "../../lib/storage/records";
import { readTextIfThere } from "../../lib/system/files";

/** A container, or the infra container of a pod, as the store has it on record. */
export interface RecordedContainer {
  readonly record: ContainerRecord;
  readonly metadata: ContainerMetadata;
}

/** What the records of a store say. No lock is taken and no runtime asked: a file is there whole or not at all. */
export interface Records {
  /** Newest first. */
  readonly containers: readonly RecordedContainer[];
  /** Newest first. */
  readonly pods: readonly RecordedContainer[];
  readonly images: () => readonly ImageRecord[];
  /** What a container was when somebody last noted it; `unknown` where nobody did. */
  readonly status: (container: RecordedContainer) => ContainerStatus;
  /** False for a pod that was noted to have stopped. */
  readonly isReady: (pod: RecordedContainer) => boolean;
}

/** Reads the records of the store that is configured. @throws KpodError when they cannot be read */
export function readStoreRecords(config: Config): Records {
  const driver = chooseDriver(config.root, config.storage);
  const layout = storeLayout(config.root, config.runRoot, driver, config);
  const all = readContainers(layout, silentLogger).flatMap((record): RecordedContainer[] => {
    const metadata = parseContainerMetadata(record.metadata);
    return metadata === undefined ? [] : [{ record, metadata }];
  });
  const created = new Map(all.map((container) => [container, createdAt(container)]));
  all.sort((a, b) => (created.get(b) ?? 0) - (created.get(a) ?? 0));
  const exits = new Set(namesIn(config.containerExitsDir));
  const status = (container: RecordedContainer) => recordedStatus(container, layout, exits);
  return {
    containers: all.filter((container) => !isInfra(container)),
    pods: all.filter(isInfra),
    images: () => readImages(layout, silentLogger),
    status,
    isReady: (pod) =>
      !directories(pod, layout).some((directory) => existsSync(join(directory, "stopped"))) &&
      status(pod) !== "stopped",
  };
}

function recordedStatus(
  container: RecordedContainer,
  layout: StoreLayout,
  exits: ReadonlySet<string>,
): ContainerStatus {
  const [dir, runDir] = directories(container, layout);
  // conmon writes the exit file at once; state.json is CRI-O's memory, and CRI-O may be dead.
  if (exits.has(container.record.id) || existsSync(`${dir}/exit`)) return "stopped";
  return notedStatus(dir) ?? notedStatus(runDir) ?? "unknown";
}

function notedStatus(directory: string): ContainerStatus | undefined {
  try {
    const path = `${directory}/state.json`;
    const text = readTextIfThere(path) ?? "";
    // It stands before the annotations, which make up nearly all of the text.
    const early = /^\{[^{}]*"status":"(\w+)"/.exec(text)?.[1];
    return early === undefined ? parseState(path, text)?.status : readStatus(early);
  } catch (error) {
    if (error instanceof KpodError) return undefined;
    throw error;
  }
}

/** What lies in a directory; nothing where it cannot be read. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function directories({ record }: RecordedContainer, layout: StoreLayout): [string, string] {
  const places = [layout.containerDirectory(record.id), layout.containerRunDirectory(record.id)] as const;
  return [`${places[0]}/userdata`, `${places[1]}/userdata`];
}

function isInfra({ record, metadata }: RecordedContainer): boolean {
  return metadata.pod === true || metadata["pod-id"] === record.id;
}

function createdAt({ record, metadata }: RecordedContainer): number {
  const time = Date.parse(record.created ?? "");
  return Number.isNaN(time) ? metadata["created-at"] * 1000 : time;
}
