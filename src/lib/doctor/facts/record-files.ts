import { existsSync } from "node:fs";
import { silentLogger } from "../../logger";
import { readRecords } from "../../storage/records";
import type { Facts } from "../facts";
import type { Evidence } from "../finding";

/** Files of records of one kind by the ids that they hold: newer stores have some in a volatile file beside the stable one. */
function filesById(paths: readonly string[]): (id: string) => string {
  const files = new Map<string, string>();
  for (const path of [...paths].reverse())
    for (const { id } of readRecords(path, silentLogger)) files.set(id, path);
  return (id) => files.get(id) ?? paths[0] ?? "";
}

/** The file that has the record of a container; where none has it, the one that all stores have. */
export function containerRecordFiles({ server: { store } }: Facts): (id: string) => string {
  return filesById(store.layout.containersFiles);
}

/** The file that has the record of a layer, likewise. */
export function layerRecordFiles({ server: { store } }: Facts): (id: string) => string {
  const { layersFiles, sharedLayersFiles } = store.layout;
  return filesById([...layersFiles, ...sharedLayersFiles]);
}

/** What none of the files of containers has: each one that is there was looked at. */
export function noContainer({ server: { store } }: Facts, says: string): readonly Evidence[] {
  const there = store.layout.containersFiles.filter((path) => existsSync(path));
  return there.length > 0
    ? there.map((file) => ({ file, says }))
    : [{ file: store.layout.containersFiles[0], says: "is missing" }];
}
