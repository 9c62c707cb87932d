import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newStorageId } from "../../../src/lib/names/ids";
import { addLayer, readLayers } from "../../../src/lib/storage/layers";
import { storeLayout } from "../../../src/lib/storage/layout";
import { silentLogger } from "../../../src/lib/logger";
import { testdir } from "../../helpers/testdir";

test("a layer takes its name from what is left of a half-made one, in whichever file that is", () => {
  const [stable, volatile, other, made] = [newStorageId(), newStorageId(), newStorageId(), newStorageId()];
  const directory = testdir({
    "root/overlay-layers/layers.json": JSON.stringify([
      { id: stable, names: ["x-layer", "y"], serial: 1 },
      { id: other },
    ]),
    "root/overlay-layers/volatile-layers.json": JSON.stringify([{ id: volatile, names: ["x-layer"] }]),
  });
  const layout = storeLayout(join(directory, "root"), join(directory, "run"), "overlay");
  // What a name is like is nothing to the directories.
  mkdirSync(join(directory, "root/overlay/x-layer"), { recursive: true });
  addLayer(layout, () => {}, { id: made, names: ["x-layer"] }, "stable");
  expect(readLayers(layout, silentLogger).map(({ id, names }) => [id, names])).toEqual([
    [stable, ["y"]],
    [other, undefined],
    [made, ["x-layer"]],
    [volatile, []],
  ]);
  expect(readFileSync(layout.layersFiles[0], "utf8")).toContain('"serial":1');
});
