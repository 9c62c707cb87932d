import { existsSync } from "node:fs";
import { join } from "node:path";
import type { StorageId } from "../../src/lib/names/ids";
import type { ContainerRecord } from "../../src/lib/storage/records";
import { Store } from "../../src/lib/storage/store";
import { pathsBelow } from "./listing";
import { madeBefore } from "./made-before";
import { succeeded } from "./process";
import { createWorld, type World } from "./world";

/** A container as every program of containers/storage lists it. */
interface Listed {
  readonly id: string;
  readonly names: readonly string[];
}

/** A store with an image in it, and the other programs that read it. */
export interface StoreWorld {
  readonly world: World;
  readonly store: Store;
  /** Id of an image of two layers. */
  readonly image: StorageId;
  /** Makes a container with a name of its own, or this one. */
  create(name?: string, id?: StorageId): Promise<ContainerRecord>;
  /** Paths of all but locks, files in the layers, and what may be empty or missing: the list of mounts, and where removed directories wait. */
  paths(): string[];
  /**
   * Has kpod, containers-storage and podman list the containers, which must agree.
   * @returns the ids
   */
  agreedIds(): Promise<string[]>;
}

/** The layer of a record, which a test knows to be there. */
export function layerOf({ layer = "" }: ContainerRecord): StorageId {
  return layer as StorageId;
}

const byId = (a: Listed, b: Listed): number => (a.id < b.id ? -1 : 1);

async function listedByContainersStorage(world: World): Promise<Listed[]> {
  const answer = succeeded(
    await world.apart.containersStorage(["containers", "--json"]),
    "containers-storage",
  );
  const list = JSON.parse(answer.stdout) as { id: string; names?: string[] }[] | null;
  return (list ?? []).map(({ id, names = [] }) => ({ id, names })).sort(byId);
}

async function listedByPodman(world: World): Promise<Listed[]> {
  const args = ["ps", "--all", "--storage", "--no-trunc", "--format", "json"];
  const list = JSON.parse(succeeded(await world.apart.podman(args), "podman").stdout) as {
    Id: string;
    Names: string[] | null;
  }[];
  return list.map(({ Id, Names }) => ({ id: Id, names: Names ?? [] })).sort(byId);
}

/**
 * Has kpod, containers-storage and podman list the containers, which must agree.
 * @returns the ids
 */
export async function agreedIds(world: World, store: Store): Promise<string[]> {
  const ours = (await store.containers()).map(({ id, names = [] }) => ({ id, names })).sort(byId);
  expect(await listedByContainersStorage(world)).toEqual(ours);
  // podman shows the first name only.
  const firstNames = ours.map(({ id, names }) => ({ id, names: names.slice(0, 1) }));
  expect(await listedByPodman(world)).toEqual(firstNames);
  // A layer's record without its directory makes a CRI-O wipe the store.
  for (const { id } of await store.layers()) {
    expect([id, existsSync(join(world.root, "overlay", id, "diff"))]).toEqual([id, true]);
  }
  return ours.map(({ id }) => id);
}

/** Makes a {@link StoreWorld}. `world.destroy()` takes it down. */
export async function createStoreWorld(): Promise<StoreWorld> {
  const world = await createWorld();
  const image = (await world.loadImages()).pause.id as StorageId;
  const { root, runRoot } = world;
  const store = new Store({ root, runRoot, storage: "overlay", storageOptions: [] });
  let number = 0;
  return {
    world,
    store,
    image,
    create: (name = `ctr-${number++}`, id) =>
      store.createContainer({
        ...(id === undefined ? {} : { id }),
        names: [name],
        image,
        layerName: `${name}-layer`,
        metadata: `metadata of ${name}`,
      }),
    paths: () =>
      [root, runRoot]
        .flatMap(pathsBelow)
        .filter(
          (path) =>
            !/\.lock$|\/(diff|merged)\/|mountpoints\.json$|\/tempdirs$|overlay-layers\/tmp$|^kpod-events\.jsonl$/.test(
              path,
            ),
        )
        .sort(),
    agreedIds: () => agreedIds(world, store),
  };
}

/**
 * The {@link StoreWorld} of a test file: made before its first test, without containers after each of them, and taken
 * down after its last.
 */
export function useStoreWorld(): StoreWorld {
  const made = madeBefore(createStoreWorld);
  afterEach(async () => {
    for (const { id } of await made.store.containers()) await made.store.deleteContainer(id);
  });
  afterAll(() => made.world.destroy(), 60_000);
  return made;
}
