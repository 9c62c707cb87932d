import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { readLastWriterId } from "../../src/lib/storage/lock-file";
import type { StorageId } from "../../src/lib/names/ids";
import type { ContainerRecord } from "../../src/lib/storage/records";
import { isMountPoint } from "../../src/lib/system/mount";
import { failureOf } from "../helpers/failure";
import { listing } from "../helpers/listing";
import { layerOf, useStoreWorld } from "../helpers/store-world";

const fixture = useStoreWorld();

describe("a new container", () => {
  test("is laid out as containers/storage does it, and all programs read it", async () => {
    const before = readLastWriterId(fixture.store.layout.layersLock);
    const made = await fixture.create("fresh");
    expect(await fixture.agreedIds()).toContain(made.id);
    expect(readLastWriterId(fixture.store.layout.layersLock)).not.toEqual(before);
    expect(readLastWriterId(fixture.store.layout.containersLock)).toHaveLength(64);

    const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;
    const directory = join(fixture.world.root, "overlay", layerOf(made));
    expect(readdirSync(directory).sort()).toEqual(["diff", "link", "lower", "merged", "work"]);
    expect(["", "diff", "merged", "work"].map((name) => modeOf(join(directory, name)))).toEqual([
      0o700, 0o555, 0o700, 0o700,
    ]);
    expect(["link", "lower"].map((name) => modeOf(join(directory, name)))).toEqual([0o644, 0o644]);
    const userdata = [fixture.store.userdataDirectory(made.id), fixture.store.runUserdataDirectory(made.id)];
    expect(userdata.map(modeOf)).toEqual([0o700, 0o700]);

    const text = readFileSync(fixture.store.layout.containersFiles[0], "utf8");
    expect(text).toContain(
      `{"id":"${made.id}","names":["fresh"],"image":"${fixture.image}","layer":"${layerOf(made)}",` +
        `"metadata":"metadata of fresh","created":"${made.created ?? ""}",` +
        `"flags":{"MountLabel":"","ProcessLabel":""}}`,
    );
    const layers = await fixture.store.layers();
    const [top] = (await fixture.store.images()).filter(({ id }) => id === fixture.image);
    expect(layers.find(({ id }) => id === layerOf(made))).toEqual({
      id: layerOf(made),
      names: ["fresh-layer"],
      parent: top?.layer,
      created: made.created,
    });
  });

  test("that is deleted leaves nothing", async () => {
    await fixture.agreedIds();
    const kept = await fixture.create();
    const before = fixture.paths();
    const made = await fixture.create();
    const mounted = await fixture.store.mount(layerOf(made));
    writeFileSync(join(mounted, "new"), "x");
    await fixture.store.deleteContainer(made.id);
    expect(isMountPoint(mounted)).toBe(false);
    expect(fixture.paths()).toEqual(before);
    expect(await fixture.agreedIds()).toContain(kept.id);
  });

  test.each(["name", "id"])("whose %s is taken is refused, and nothing is made or lost", async (what) => {
    const first = await fixture.create("taken");
    const before = listing(fixture.world.root);
    const second = what === "name" ? fixture.create("taken") : fixture.create("free", first.id);
    const error = await failureOf(second);
    expect(error.code).toBe("CONFLICT");
    expect(error.message).toContain(first.id);
    expect(listing(fixture.world.root)).toEqual(before);
  });

  test("of an image that has gone is refused, and nothing is made", async () => {
    const before = listing(fixture.world.root);
    const gone = "0".repeat(64) as StorageId;
    const wanted = { names: ["x"], image: gone, layerName: "x-layer", metadata: "" };
    expect((await failureOf(fixture.store.createContainer(wanted))).code).toBe("NOT_FOUND");
    expect(listing(fixture.world.root)).toEqual(before);
  });

  test("that cannot be made to the end leaves nothing", async () => {
    await fixture.agreedIds();
    const before = fixture.paths();
    const [top] = (await fixture.store.images()).filter(({ id }) => id === fixture.image);
    const link = join(fixture.world.root, "overlay", top?.layer ?? "", "link");
    renameSync(link, `${link}.away`);
    try {
      await expect(fixture.create()).rejects.toThrow("the link file of layer");
    } finally {
      renameSync(`${link}.away`, link);
    }
    expect(fixture.paths()).toEqual(before);

    // The records cannot be written: the directories must go again.
    const [file] = fixture.store.layout.layersFiles;
    const text = readFileSync(file, "utf8");
    writeFileSync(file, "[{");
    try {
      expect((await failureOf(fixture.create())).code).toBe("CORRUPT");
    } finally {
      writeFileSync(file, text);
    }
    expect(fixture.paths()).toEqual(before);
    await fixture.agreedIds();
  });
});

describe("after a crash", () => {
  const damages: Record<string, (record: ContainerRecord) => void | Promise<void>> = {
    "without the layer's directory": (record) => {
      rmSync(join(fixture.world.root, "overlay", layerOf(record)), { recursive: true });
    },
    "without its directories": (record) => {
      rmSync(fixture.store.layout.containerDirectory(record.id), { recursive: true });
      rmSync(fixture.store.layout.containerRunDirectory(record.id), { recursive: true });
    },
    "without the layer's record": (record) => {
      const [file] = fixture.store.layout.layersFiles;
      const layers = JSON.parse(readFileSync(file, "utf8")) as ContainerRecord[];
      writeFileSync(file, JSON.stringify(layers.filter(({ id }) => id !== record.layer)));
    },
    "without its own record": async (record) => {
      const [file] = fixture.store.layout.containersFiles;
      const records = JSON.parse(readFileSync(file, "utf8")) as ContainerRecord[];
      writeFileSync(file, JSON.stringify(records.filter(({ id }) => id !== record.id)));
      // Nothing leads from the directory to the layer any more: that one is for containers-storage to find.
      (await fixture.store.loadDriver()).remove(layerOf(record));
      const [layersFile] = fixture.store.layout.layersFiles;
      const layers = JSON.parse(readFileSync(layersFile, "utf8")) as ContainerRecord[];
      writeFileSync(layersFile, JSON.stringify(layers.filter(({ id }) => id !== record.layer)));
    },
    "with the layer's directory half deleted": (record) => {
      rmSync(join(fixture.world.root, "overlay", layerOf(record), "link"));
      rmSync(join(fixture.world.root, "overlay", layerOf(record), "work"), { recursive: true });
    },
    "with the runroot gone by a reboot": () => {
      rmSync(join(fixture.world.runRoot, "overlay-layers"), { recursive: true, force: true });
      rmSync(join(fixture.world.runRoot, "overlay-containers"), { recursive: true, force: true });
      mkdirSync(fixture.world.runRoot, { recursive: true });
    },
  };

  test.each(Object.entries(damages))("a container %s can be deleted, twice", async (_, damage) => {
    const kept = await fixture.create();
    const made = await fixture.create();
    await damage(made);
    await fixture.store.deleteContainer(made.id);
    await fixture.store.deleteContainer(made.id);
    expect(await fixture.agreedIds()).toEqual(expect.arrayContaining([kept.id]));
    expect(await fixture.agreedIds()).not.toContain(made.id);
    expect(fixture.paths().filter((path) => path.includes(made.id) || path.includes(layerOf(made)))).toEqual(
      [],
    );
    const links = join(fixture.world.root, "overlay/l");
    expect(readdirSync(links).filter((link) => !existsSync(join(links, link)))).toEqual([]);
  });
});
