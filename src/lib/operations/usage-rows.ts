import { lstatSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { tolerate } from "../errors";
import { logPathOf } from "../logs/log-path";
import type { StorageId } from "../names/ids";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import { parseContainerMetadata } from "../storage/container-metadata";
import { ownLayerOf, type LayerUsers } from "../storage/layer-users";
import type { ContainerRecord } from "../storage/records";
import type { StoreContents } from "../storage/removal";
import type { Unowned } from "../storage/unowned";
import type { DiskSpace } from "../system/disk-space";
import { unusedImages } from "./prune-images";
import { containerLayerSpace, type LayerSpace, type Measure } from "./usage-layers";
import { countActive, plainRow, type UsageRow, type UsedSpace } from "./usage-values";
import { namesInDirectory } from "../system/files";

/** What the rows are made of: the records of a store, and what measures. */
export interface UsageSource {
  readonly server: ServerView;
  readonly contents: StoreContents;
  readonly users: LayerUsers;
  readonly layers: LayerSpace;
  readonly measure: Measure;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const nothing: DiskSpace = { used: 0, freed: 0 };

/** The images: what all of them take, and what is got back when those go that nothing uses or pins. */
export async function imagesRow({
  server,
  contents,
  users,
  layers,
  measure,
}: UsageSource): Promise<UsageRow> {
  const { store, config } = server;
  const { images, containers } = contents;
  const used = new Set(containers.map(({ image }) => image));
  const imagesWith = new Map<StorageId, number>();
  for (const layer of images.flatMap((image) => users.layersOf(image)))
    imagesWith.set(layer, (imagesWith.get(layer) ?? 0) + 1);
  const dataSizes = new Map<string, number>();
  const items: UsedSpace[] = [];
  for (const image of images) {
    const path = store.layout.imageDirectory(image.id);
    const data = ((await measure(path)) ?? nothing).freed;
    dataSizes.set(image.id, data);
    const own = users.layersOf(image);
    const active = used.has(image.id);
    items.push({
      kind: "image",
      id: image.id,
      name: image.names?.[0] ?? "<none>",
      path,
      size: (await layers.sum(own)) + data,
      shared: await layers.sum(own.filter((layer) => (imagesWith.get(layer) ?? 0) > 1)),
      frees: active ? 0 : (await layers.sum(users.onlyOf([image]))) + data,
      active,
    });
  }
  const prunable = unusedImages(contents, config);
  const dataOf = (list: typeof images): number =>
    list.reduce((sum, { id }) => sum + (dataSizes.get(id) ?? 0), 0);
  const { imagesFile, layersFiles } = store.layout;
  return {
    type: "Images",
    total: items.length,
    active: countActive(items),
    size:
      (await layers.sum([...imagesWith.keys()])) + dataOf(images) + fileSpace([imagesFile, ...layersFiles]),
    reclaimable: (await layers.sum(users.onlyOf(prunable))) + dataOf(prunable),
    items,
  };
}

/** The containers and pods of CRI-O: their own layers and directories, and layers of images that are gone. */
export async function containersRow(source: UsageSource): Promise<UsageRow> {
  const { server, contents, users, layers } = source;
  const items: UsedSpace[] = [];
  for (const record of contents.containers) {
    const container = containerOf(server, record.id);
    if (container === undefined) continue;
    const { used, freed } = await containerSpace(source, record);
    const { id, infra } = container;
    const name = infra ? (server.lists.getSandbox(id)?.name ?? container.name) : container.name;
    const kind = infra ? "pod" : "container";
    const active = isActive(server, container);
    const path = server.store.layout.containerDirectory(record.id);
    items.push({ kind, id, name, path, ...alone({ used, freed: active ? 0 : freed }), active });
  }
  const ofImages = new Set(contents.images.flatMap((image) => users.layersOf(image)));
  const ofContainers = new Set(contents.containers.map(ownLayerOf));
  const below = new Set(contents.containers.flatMap((record) => users.layersOf(record)));
  for (const layer of below) {
    if (ofImages.has(layer) || ofContainers.has(layer)) continue;
    const path = server.store.driver.directory(layer);
    const space = alone({ used: await layers.of(layer), freed: 0 });
    items.push({ kind: "layer", id: layer, name: "of an image that is gone", path, ...space, active: true });
  }
  return plainRow("Containers", items, fileSpace(server.store.layout.containersFiles));
}

/** The logs of CRI-O's containers, with those of earlier attempts beside them and rotated ones. */
export async function logsRow({ server, measure }: UsageSource): Promise<UsageRow> {
  const items: UsedSpace[] = [];
  const directories = new Map<string, Set<string>>();
  const owners = server.lists.all().flatMap((container) => {
    const path = logPath(server, container);
    if (path === undefined) return [];
    const directory = dirname(path);
    if (!directories.has(directory)) directories.set(directory, new Set(namesInDirectory(directory)));
    return [{ container, path, directory }];
  });
  const take = async (directory: string, wanted: (name: string) => boolean): Promise<DiskSpace[]> => {
    const names = directories.get(directory) ?? new Set();
    const taken = [...names].filter(wanted);
    const spaces: DiskSpace[] = [];
    for (const name of taken) {
      names.delete(name);
      spaces.push((await measure(join(directory, name))) ?? nothing);
    }
    return spaces;
  };
  const add = (
    name: string,
    id: string,
    path: string,
    spaces: readonly DiskSpace[],
    active: boolean,
  ): void => {
    if (spaces.length === 0) return;
    const size = spaces.reduce((sum, { used }) => sum + used, 0);
    const frees = active ? 0 : spaces.reduce((sum, { freed }) => sum + freed, 0);
    items.push({ kind: "log", id, name, path, size, shared: 0, frees, active });
  };
  for (const { container, path, directory } of owners) {
    const name = basename(path);
    const spaces = await take(directory, (other) => other === name || other.startsWith(`${name}.`));
    add(container.name, container.id, path, spaces, isActive(server, container));
  }
  // The kubelet has a directory for each of a pod's containers, and in it a log for each attempt: 0.log, 1.log.
  const ofAttempts = owners.filter(({ path }) => /^\d+\.log$/.test(basename(path)));
  for (const directory of new Set(ofAttempts.map((owner) => owner.directory))) {
    const spaces = await take(directory, (name) => /^\d+\.log(?:\.|$)/.test(name));
    add("of earlier attempts", "", directory, spaces, false);
  }
  return plainRow("Logs", items);
}

/** The directories beside the bundles of containers that stand for the volumes of their images. */
export async function volumesRow({ server, measure }: UsageSource): Promise<UsageRow> {
  const items: UsedSpace[] = [];
  for (const container of server.lists.all()) {
    const { id, name, bundlePath } = container;
    // As kpod and CRI-O call them.
    for (const path of ["volumes", "mounts"].map((entry) => join(bundlePath, entry))) {
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
      const { used, freed } = (await measure(path)) ?? nothing;
      const active = isActive(server, container);
      items.push({ kind: "volume", id, name, path, ...alone({ used, freed: active ? 0 : freed }), active });
    }
  }
  return plainRow("Volumes", items);
}

/** Milliseconds within which a layer may be just being made, whose image or container is to follow. */
const youth = 5 * 60_000;

/** What no record has, and layers whose records nobody names. */
export async function unownedRow(source: UsageSource, found: readonly Unowned[]): Promise<UsageRow> {
  const { server, users, layers, measure, now } = source;
  const items: UsedSpace[] = [];
  for (const { kind, path, busy } of found) {
    const space = alone((await measure(path, { except: "merged" })) ?? nothing);
    items.push({ kind, id: "", name: basename(path), path, ...space, active: busy });
  }
  const counted = new Set<StorageId>();
  for (const layer of users.unused) {
    // Those beneath it that nothing else needs go with it.
    const own = users.onlyOf([layer]).filter((id) => !counted.has(id));
    own.forEach((id) => counted.add(id));
    const size = await layers.sum(own);
    const path = server.store.driver.directory(layer.id);
    const active = now - new Date(layer.created ?? 0).getTime() < youth;
    const name = layer.names?.[0] ?? "";
    items.push({ kind: "layer", id: layer.id, name, path, ...alone({ used: size, freed: size }), active });
  }
  return plainRow("Unowned", items);
}

/** What podman, buildah and whoever else keep in the same root. None of it is to be had back by kpod. */
export async function othersRow(source: UsageSource): Promise<UsageRow> {
  const { server, contents, measure } = source;
  const { layout } = server.store;
  const items: UsedSpace[] = [];
  for (const record of contents.containers) {
    if (containerOf(server, record.id) !== undefined) continue;
    // One that CRI-O or kpod has just removed, or just made.
    if (parseContainerMetadata(record.metadata) !== undefined) continue;
    const space = alone(await containerSpace(source, record));
    const path = layout.containerDirectory(record.id);
    const name = record.names?.[0] ?? "";
    items.push({ kind: "container", id: record.id, name, path, ...space, active: true });
  }
  const known = new Set([
    ...["", "-layers", "-images", "-containers"].map((suffix) => `${layout.driver}${suffix}`),
    ...["mounts", "storage.lock", "userns.lock", "kpod", "defaultNetworkBackend"],
  ]);
  for (const name of namesInDirectory(layout.root).filter((entry) => !known.has(entry))) {
    const path = join(layout.root, name);
    const space = alone((await measure(path)) ?? nothing);
    items.push({ kind: "file", id: "", name, path, ...space, active: true });
  }
  return plainRow("Others", items);
}

/** The room of what shares nothing with others. */
function alone({ used, freed }: DiskSpace): Pick<UsedSpace, "size" | "shared" | "frees"> {
  return { size: used, shared: 0, frees: freed };
}

/** What a container alone has: its read-write layer, unless somebody else needs it, and its directory. */
async function containerSpace(
  { server, users, measure }: UsageSource,
  record: ContainerRecord,
): Promise<DiskSpace> {
  const { driver, layout } = server.store;
  const layer = ownLayerOf(record);
  const directory = (await measure(layout.containerDirectory(record.id))) ?? nothing;
  if (layer === undefined) return directory;
  const { used, freed } = await containerLayerSpace(driver, layer, measure);
  const isOwn = users.countOf(layer) === 1;
  return { used: directory.used + used, freed: directory.freed + (isOwn ? freed : 0) };
}

function containerOf({ lists }: Pick<ServerView, "lists">, id: string): Container | undefined {
  return lists.getContainer(id) ?? lists.getInfraContainer(id);
}

/** Whether a container, or the pod of an infra container, has not ended as far as anybody knows. */
function isActive({ lists }: Pick<ServerView, "lists">, { id, infra, state }: Container): boolean {
  if (state?.status !== "stopped") return true;
  return infra && lists.getSandbox(id)?.state === "Ready";
}

/** Where the log of a container is; undefined where nobody knows. */
function logPath({ config }: Pick<ServerView, "config">, container: Container): string | undefined {
  // One without a spec is told of by who is to show it.
  return tolerate(undefined, () => {
    const { id, name, sandboxId } = container;
    return logPathOf({ id, name, sandboxId, logPath: container.logPath }, config.logDir);
  });
}

function fileSpace(paths: readonly string[]): number {
  return paths.reduce(
    (sum, path) => sum + 512 * (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0),
    0,
  );
}
