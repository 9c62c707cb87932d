import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examine } from "../../../src/lib/doctor/examine";
import { data, layOut, layOutByName, serverOf } from "../../helpers/captured-stores";

// Files captured on nodes that CRI-O ran are no part of the repository: skipped where the variable
// KPOD_CRIO_DATA does not name the directory that holds them.
const maybe = data === "" ? describe.skip : describe;

interface LaidRecord {
  readonly id: string;
  readonly parent?: string;
  readonly layer?: string;
  readonly "big-data-names"?: readonly string[];
  readonly "big-data-sizes"?: Readonly<Record<string, number>>;
}

function recordsIn(path: string): LaidRecord[] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as LaidRecord[]) : [];
}

/** The name of the short link of a layer, as one of 26 characters. */
function linkOf(id: string): string {
  return id.toUpperCase().replace(/[019]/g, "Z").slice(0, 26);
}

/** Lays out what was not captured of a store: the directories of its layers, the data of its images, the other files. */
function complete(directory: string, version: string): void {
  const root = join(directory, "root");
  for (const [file, place] of [
    ["layers.json", "overlay-layers"],
    ["volatile-layers.json", "overlay-layers"],
    ["images.json", "overlay-images"],
  ] as const) {
    mkdirSync(join(root, place), { recursive: true });
    if (existsSync(join(data, version, file))) cpSync(join(data, version, file), join(root, place, file));
  }
  const written = join(root, "overlay-layers/volatile-layers.json");
  // Of 1.26.4 the records of the layers were not captured: its containers name them.
  if (!existsSync(join(data, version, "layers.json"))) {
    const containers = recordsIn(join(root, "overlay-containers/volatile-containers.json"));
    writeFileSync(written, JSON.stringify(containers.map(({ layer }) => ({ id: layer }))));
  }
  const layers = ["layers.json", "volatile-layers.json"].flatMap((file) =>
    recordsIn(join(root, "overlay-layers", file)),
  );
  const parents = new Map(layers.map(({ id, parent }) => [id, parent]));
  mkdirSync(join(root, "overlay/l"), { recursive: true });
  for (const { id, parent } of layers) {
    mkdirSync(join(root, "overlay", id, "diff"), { recursive: true });
    writeFileSync(join(root, "overlay", id, "link"), linkOf(id));
    symlinkSync(`../${id}/diff`, join(root, "overlay/l", linkOf(id)));
    const lower: string[] = [];
    for (let at = parent; at !== undefined; at = parents.get(at)) lower.push(`l/${linkOf(at)}`);
    if (lower.length > 0) writeFileSync(join(root, "overlay", id, "lower"), lower.join(":"));
  }
  for (const image of recordsIn(join(root, "overlay-images/images.json"))) {
    mkdirSync(join(root, "overlay-images", image.id));
    for (const name of image["big-data-names"] ?? []) {
      const file = /^[0-9a-z]+$/.test(name) ? name : `=${Buffer.from(name).toString("base64")}`;
      const size = image["big-data-sizes"]?.[name] ?? 0;
      writeFileSync(join(root, "overlay-images", image.id, file), "x".repeat(size));
    }
  }
}

maybe("a captured store is sound on a disk of another node", () => {
  test.each([
    ["v1.0.0", ["containers.json"], "id"],
    ["v1.26.4", [], ""],
    ["v1.36.3", ["containers.json", "volatile-containers.json"], "ID"],
  ])("%s", async (version, files, idFile) => {
    const directory = idFile === "" ? layOutByName(version) : layOut(version, files, idFile);
    complete(directory, version);
    const { server } = serverOf(directory, "unreachable");
    for (const quick of [true, false]) {
      const { findings, unknown, checks, forecast } = await examine(server, {
        live: false,
        quick,
        secondLookMs: 1,
      });
      // Of most of the containers no spec was captured.
      const told = findings.filter(
        ({ evidence }) => !evidence.some(({ file }) => /(config|state)\.json$/.test(file)),
      );
      expect({ told, unknown }).toEqual({ told: [], unknown: [] });
      expect(checks).toContain("storage.layer-unknown");
      expect(checks).not.toContain("storage.mount-leaked");
      expect(forecast.action).toBe("none");
    }
  });
});
