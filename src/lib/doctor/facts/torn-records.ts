import { readFileSync } from "node:fs";
import { ifThere, KpodError, tolerate } from "../../errors";
import { parseJson } from "../../system/files";
import type { Facts } from "../facts";
import { emptiedFiles } from "./emptied-records";
import { wholeRecordsIn } from "./rebuilt-containers";
import { storeContents } from "./store";

/** A file of records that does not hold what it must. */
export interface TornFile {
  readonly path: string;
  readonly kind: "containers" | "layers" | "images" | "mounts";
  readonly says: string;
  /** The records in it that are whole. */
  readonly whole: readonly unknown[];
  /** True for one without a byte, which all programs read as one without records. */
  readonly isEmptied?: true;
}

/** The files of the store that do not hold a list, or none that is whole. */
export async function tornFiles(facts: Facts): Promise<readonly TornFile[]> {
  const { store } = facts.server;
  const { containersFiles, layersFiles, sharedLayersFiles, imagesFile, mountsFile } = store.layout;
  const ofRecords: readonly (readonly [TornFile["kind"], string])[] = [
    ...containersFiles.map((path) => ["containers", path] as const),
    ...[...layersFiles, ...sharedLayersFiles].map((path) => ["layers", path] as const),
    ["images", imagesFile],
  ];
  const isRead = await areRead(facts);
  const files = [...(isRead ? [] : ofRecords), ["mounts", mountsFile] as const];
  const emptied = (isRead ? [] : emptiedFiles(facts.server.store)).map(({ path, kind, says }): TornFile => ({
    path,
    kind,
    says,
    whole: [],
    isEmptied: true,
  }));
  const torn = files.flatMap(([kind, path]): TornFile[] => {
    const text = ifThere(() => readFileSync(path, "utf8"));
    // What is empty, or null, holds no records, and that is how all programs read it.
    if (text === undefined || text.trim() === "") return [];
    const value = tolerate(undefined, () => parseJson(path, text));
    if (value === null || Array.isArray(value)) return [];
    const says =
      value === undefined
        ? `has ${text.length} bytes that are not JSON, or only a part of it`
        : "holds something else than a list of records";
    return [{ path, kind, says, whole: wholeRecordsIn(text) }];
  });
  return [...emptied, ...torn];
}

/** Whether this look has read all records: then all their files are lists. */
async function areRead(facts: Facts): Promise<boolean> {
  try {
    await facts.get(storeContents);
    return true;
  } catch (error) {
    if (error instanceof KpodError) return false;
    throw error;
  }
}
