import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../../src/lib/system/process";
import { succeeded } from "./process";
import { until } from "./until";
import type { World } from "./world";

/** A record of the store, as unknown as it is. */
export type RawRecord = Record<string, unknown> & { id: string };

/** A field that no version of kpod knows. */
export const unknownField = { "of-later-versions": { keep: [1, { me: true }] } };

/** The records in a file of the store; none where there is no file. */
export function rawRecords(world: World, file: string): RawRecord[] {
  const path = join(world.root, file);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as RawRecord[]) : [];
}

/** The directory of a container below root or runroot. */
export function userdata(world: World, root: "root" | "runRoot", id: string, file = ""): string {
  return join(world[root], "overlay-containers", id, "userdata", file);
}

/** The pid in a file of a container's bundle. */
export function pidOf(world: World, id: string, file: "pidfile" | "conmon-pidfile"): number {
  return Number(readFileSync(userdata(world, "runRoot", id, file), "utf8"));
}

/**
 * Moves the records of a world's containers, and of their read-write layers, to the files in which CRI-O keeps them
 * since 1.25.3, each with a field that nobody knows.
 */
export function makeRecordsVolatile(world: World): void {
  const containers = rawRecords(world, "overlay-containers/containers.json");
  const own = new Set(containers.map(({ layer }) => layer));
  const layers = rawRecords(world, "overlay-layers/layers.json");
  const write = (file: string, records: readonly object[]): void => {
    writeFileSync(join(world.root, file), JSON.stringify(records), { mode: 0o600 });
  };
  write(
    "overlay-containers/volatile-containers.json",
    containers.map((record) => ({ ...record, flags: { Volatile: true }, ...unknownField })),
  );
  write("overlay-containers/containers.json", []);
  write(
    "overlay-layers/volatile-layers.json",
    layers.filter(({ id }) => own.has(id)).map((record) => ({ ...record, ...unknownField })),
  );
  write(
    "overlay-layers/layers.json",
    layers.filter(({ id }) => !own.has(id)),
  );
}

/** Removes a pod's process and leaves its files as those of a pod that never had one. */
export async function removeInfraProcess(world: World, id: string): Promise<void> {
  const conmon = pidOf(world, id, "conmon-pidfile");
  succeeded(await world.runtime(["delete", "--force", id]), "deleting the infra container");
  await until("its conmon has ended", () => !isAlive({ pid: conmon }));
  for (const root of ["root", "runRoot"] as const) {
    const path = userdata(world, root, id, "config.json");
    const spec = JSON.parse(readFileSync(path, "utf8")) as { annotations: Record<string, string> };
    spec.annotations["spoofed.crio.io"] = "true";
    writeFileSync(path, JSON.stringify(spec));
    for (const name of ["exit", "pidfile", "conmon-pidfile", "attach", "ctl", "winsz"]) {
      rmSync(userdata(world, root, id, name), { recursive: true, force: true });
    }
  }
  rmSync(join(world.exitsDir, id), { force: true });
  rmSync(join(world.attachDir, id), { recursive: true, force: true });
  const state = userdata(world, "runRoot", id, "state.json");
  renameSync(userdata(world, "root", id, "state.json"), state);
  writeFileSync(state, '{"ociVersion":"","id":"","status":"","bundle":""}\n');
}

/** What is at odds between the records of layers and the directories: a CRI-O that finds any wipes the store. */
export function layersAtOdds(world: World): string[] {
  const records = ["layers.json", "volatile-layers.json"].flatMap((file) =>
    rawRecords(world, `overlay-layers/${file}`),
  );
  const ids = new Set(records.map(({ id }) => id));
  const containers = ["containers.json", "volatile-containers.json"].flatMap((file) =>
    rawRecords(world, `overlay-containers/${file}`),
  );
  return [
    ...[...ids].filter((id) => !existsSync(join(world.root, "overlay", id, "diff"))),
    ...containers.filter(({ layer }) => !ids.has(String(layer))).map(({ id }) => id),
  ];
}
