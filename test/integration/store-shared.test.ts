import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StorageId } from "../../src/lib/names/ids";
import type { ContainerRecord } from "../../src/lib/storage/records";
import { failureOf } from "../helpers/failure";
import { finish, startProcess, succeeded } from "../helpers/process";
import { layerOf, useStoreWorld } from "../helpers/store-world";

const fixture = useStoreWorld();

describe("together with containers-storage", () => {
  test("it deletes, names and notes what kpod made", async () => {
    const made = await fixture.create("ours");
    succeeded(await fixture.world.containersStorage(["add-names", "--name", "second", made.id]), "add-names");
    succeeded(
      await fixture.world.containersStorage(["set-metadata", "--metadata", "theirs", made.id]),
      "set-metadata",
    );
    const [record] = (await fixture.store.containers()).filter(({ id }) => id === made.id);
    expect([...(record?.names ?? [])].sort()).toEqual(["ours", "second"]);
    expect(record?.metadata).toBe("theirs");
    succeeded(await fixture.world.containersStorage(["delete-container", made.id]), "delete-container");
    expect(await fixture.agreedIds()).not.toContain(made.id);
    expect(existsSync(fixture.store.layout.containerDirectory(made.id))).toBe(false);
  });

  test("kpod deletes, names and notes what it made", async () => {
    await fixture.agreedIds();
    const before = fixture.paths();
    const created = await fixture.world.containersStorage([
      "create-container",
      "--name",
      "theirs",
      "--json",
      fixture.image,
    ]);
    const { id, layer } = JSON.parse(succeeded(created, "create-container").stdout) as ContainerRecord;
    await fixture.store.setNames(id, ["theirs", "renamed"]);
    await fixture.store.setMetadata(id, "ours");
    const metadata = succeeded(
      await fixture.world.containersStorage(["metadata", "--quiet", id]),
      "metadata",
    );
    expect(metadata.stdout.trim()).toBe("ours");
    await fixture.agreedIds();
    const path = await fixture.store.mount(layer as StorageId);
    expect(existsSync(join(path, "bin/busybox"))).toBe(true);
    await fixture.store.deleteContainer(id);
    expect(await fixture.agreedIds()).not.toContain(id);
    expect(fixture.paths()).toEqual(before);
  });

  test("a volatile container of newer CRI-O is changed and deleted where it stands", async () => {
    const made = await fixture.create("volatile");
    const moveToVolatile = (files: readonly [string, string], id: string): void => {
      const [stable, volatile] = files;
      const records = JSON.parse(readFileSync(stable, "utf8")) as ContainerRecord[];
      const moved = records.filter((record) => record.id === id);
      writeFileSync(stable, JSON.stringify(records.filter((record) => record.id !== id)), { mode: 0o600 });
      writeFileSync(volatile, JSON.stringify(moved), { mode: 0o600 });
    };
    const { containersFiles, layersFiles } = fixture.store.layout;
    moveToVolatile(containersFiles, made.id);
    moveToVolatile(layersFiles, layerOf(made));
    const stable = [readFileSync(containersFiles[0], "utf8"), readFileSync(layersFiles[0], "utf8")];
    expect((await fixture.store.containers()).at(-1)?.id).toBe(made.id);
    expect((await failureOf(fixture.create("volatile"))).code).toBe("CONFLICT");
    await fixture.store.setMetadata(made.id, "new");
    const [changed] = JSON.parse(readFileSync(containersFiles[1], "utf8")) as ContainerRecord[];
    expect(changed).toEqual({ ...made, metadata: "new" });
    expect(readFileSync(containersFiles[0], "utf8")).toBe(stable[0]);
    await fixture.store.mount(layerOf(made));
    await fixture.store.deleteContainer(made.id);
    expect([containersFiles[1], layersFiles[1]].map((file) => readFileSync(file, "utf8"))).toEqual([
      "[]",
      "[]",
    ]);
    expect(readFileSync(containersFiles[0], "utf8")).toBe(stable[0]);
    expect(readFileSync(layersFiles[0], "utf8")).toBe(stable[1]);
    expect(existsSync(join(fixture.world.root, "overlay", layerOf(made)))).toBe(false);
    await fixture.agreedIds();
  });

  test("programs that make and delete containers at the same time lose nothing", async () => {
    const before = new Set(await fixture.agreedIds());
    const run = (prefix: string): Promise<string[]> => {
      const script = ["require-typescript.cjs", "store-process.ts"].map((name) =>
        join(__dirname, "../helpers", name),
      );
      const args = [
        "--require",
        ...script,
        fixture.world.root,
        fixture.world.runRoot,
        fixture.image,
        prefix,
        "20",
      ];
      return finish(startProcess(process.execPath, args), prefix).then(
        (result) => JSON.parse(succeeded(result, prefix).stdout) as string[],
      );
    };
    const theirs: string[] = [];
    const busy = async (): Promise<void> => {
      for (let turn = 0; turn < 10; turn++) {
        const created = await fixture.world.containersStorage([
          "create-container",
          "--name",
          `cs-${turn}`,
          "--json",
          fixture.image,
        ]);
        const { id } = JSON.parse(succeeded(created, "create-container").stdout) as ContainerRecord;
        if (turn % 2 === 0) theirs.push(id);
        else succeeded(await fixture.world.containersStorage(["delete-container", id]), "delete-container");
      }
    };
    const [first, second] = await Promise.all([run("first"), run("second"), busy()]);
    const expected = [...before, ...first, ...second, ...theirs];
    expect([first.length, second.length, theirs.length]).toEqual([10, 10, 5]);
    expect((await fixture.agreedIds()).sort()).toEqual(expected.sort());
    for (const id of [...first, ...second, ...theirs] as StorageId[]) await fixture.store.deleteContainer(id);
    expect((await fixture.agreedIds()).sort()).toEqual([...before].sort());
  });
});
