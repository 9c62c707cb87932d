// Fills a store with stopped containers: copies of one that really ran and ended, each with its own ids, names and
// times, with all the files that such a container has on a node: records, userdata, the runtime's state, a layer.
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const newId = () => randomBytes(32).toString("hex");

/** Every text file of a directory, with the words in it exchanged. */
function copyFiles(from, to, exchange) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isFile())
      writeFileSync(join(to, entry.name), exchange(readFileSync(join(from, entry.name), "utf8")));
  }
}

/** A layer's directories as the overlay driver makes them; nothing is mounted. */
function makeLayer(root, parent, id) {
  const link = randomBytes(13).toString("hex").toUpperCase();
  const directory = join(root, "overlay", id);
  for (const name of ["diff", "work", "merged"]) mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, "link"), link);
  writeFileSync(join(directory, "lower"), readFileSync(join(root, "overlay", parent, "lower")));
  symlinkSync(`../${id}/diff`, join(root, "overlay/l", link));
}

/** Adds `count` stopped containers to the store of a layout, copies of the container with this id. */
export function addStopped({ root, runRoot, runtimeRoots }, id, count) {
  const containersFile = join(root, "overlay-containers/containers.json");
  const layersFile = join(root, "overlay-layers/layers.json");
  const containers = JSON.parse(readFileSync(containersFile, "utf8"));
  const layers = JSON.parse(readFileSync(layersFile, "utf8"));
  const record = containers.find((candidate) => candidate.id === id);
  const layer = layers.find((candidate) => candidate.id === record.layer);
  const name = JSON.parse(record.metadata)["metadata-name"];
  for (let number = 0; number < count; number++) {
    const own = newId();
    const ownLayer = newId();
    const created = new Date(Date.parse(record.created) - (number + 1) * 60_000);
    const exchange = (text) =>
      text
        .replaceAll(id, own)
        .replaceAll(record.layer, ownLayer)
        .replaceAll(`k8s_${name}_`, `k8s_${name}-${number}_`);
    const copy = (value) => JSON.parse(exchange(JSON.stringify(value)));
    containers.push({ ...copy(record), created: created.toISOString() });
    layers.push({ ...copy(layer), created: created.toISOString() });
    copyFiles(
      join(root, "overlay-containers", id, "userdata"),
      join(root, "overlay-containers", own, "userdata"),
      exchange,
    );
    copyFiles(
      join(runRoot, "overlay-containers", id, "userdata"),
      join(runRoot, "overlay-containers", own, "userdata"),
      exchange,
    );
    const ended = new Date(created.getTime() + 30_000);
    utimesSync(join(root, "overlay-containers", own, "userdata/exit"), ended, ended);
    if (existsSync(join(runtimeRoots.runc, id)))
      copyFiles(join(runtimeRoots.runc, id), join(runtimeRoots.runc, own), exchange);
    makeLayer(root, record.layer, ownLayer);
  }
  writeFileSync(containersFile, JSON.stringify(containers));
  writeFileSync(layersFile, JSON.stringify(layers));
}
