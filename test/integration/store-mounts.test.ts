import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMountPoint, unmount } from "../../src/lib/system/mount";
import { failureOf } from "../helpers/failure";
import { succeeded } from "../helpers/process";
import { layerOf, useStoreWorld } from "../helpers/store-world";

const fixture = useStoreWorld();

describe("mounting", () => {
  test("counts its users, and what is written goes to the container's own layer", async () => {
    const made = await fixture.create();
    const layer = layerOf(made);
    const count = (): number | undefined => {
      if (!existsSync(fixture.store.layout.mountsFile)) return undefined;
      const entries = JSON.parse(readFileSync(fixture.store.layout.mountsFile, "utf8")) as {
        id: string;
        count: number;
      }[];
      return entries.find(({ id }) => id === layer)?.count;
    };
    const path = await fixture.store.mount(layer);
    expect(path).toBe(join(fixture.world.root, "overlay", layer, "merged"));
    expect(readFileSync(join(path, "etc/passwd"), "utf8")).toContain("root:x:0:0");
    expect(existsSync(join(path, "pause"))).toBe(true);
    writeFileSync(join(path, "etc/new"), "x");
    rmSync(join(path, "etc/passwd"));
    expect(readdirSync(join(fixture.store.driver.diffPath(layer), "etc")).sort()).toEqual(["new", "passwd"]);
    expect(count()).toBe(1);
    expect(await fixture.store.mount(layer)).toBe(path);
    expect(count()).toBe(2);
    const mounted = succeeded(
      await fixture.world.containersStorage(["mounted", made.id]),
      "containers-storage",
    );
    expect(mounted.stdout).toContain(`${made.id} mounted`);
    expect(await fixture.store.unmount(layer)).toBe(true);
    expect(isMountPoint(path)).toBe(true);
    expect(await fixture.store.unmount(layer)).toBe(false);
    expect(isMountPoint(path)).toBe(false);
    expect(count()).toBeUndefined();
    expect(await fixture.store.unmount(layer)).toBe(false);
  });

  test("shares its count with containers-storage, and with force ends for all", async () => {
    const made = await fixture.create();
    const path = await fixture.store.mount(layerOf(made));
    const theirs = succeeded(await fixture.world.containersStorage(["mount", made.id]), "containers-storage");
    expect(theirs.stdout.trim()).toBe(path);
    expect(await fixture.store.unmount(layerOf(made))).toBe(true);
    succeeded(await fixture.world.containersStorage(["unmount", made.id]), "containers-storage");
    expect(isMountPoint(path)).toBe(false);

    succeeded(await fixture.world.containersStorage(["mount", made.id]), "containers-storage");
    await fixture.store.mount(layerOf(made));
    expect(await fixture.store.unmount(layerOf(made), true)).toBe(false);
    expect(isMountPoint(path)).toBe(false);
  });

  test("works where a mount is persisted that a reboot took away", async () => {
    const made = await fixture.create();
    const path = await fixture.store.mount(layerOf(made));
    await fixture.store.mount(layerOf(made));
    unmount(path);
    await fixture.store.mount(layerOf(made));
    expect(isMountPoint(path)).toBe(true);
    expect(await fixture.store.unmount(layerOf(made))).toBe(false);
    expect(isMountPoint(path)).toBe(false);
  });

  test("of a layer whose directory is gone says so and notes nothing", async () => {
    const made = await fixture.create();
    rmSync(join(fixture.world.root, "overlay", layerOf(made)), { recursive: true });
    const error = await failureOf(fixture.store.mount(layerOf(made)));
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toContain(layerOf(made));
    expect(existsSync(fixture.store.layout.mountsFile)).toBe(false);
  });

  test("is rolled back by shutdown as far as the driver goes, but not under a mounted layer", async () => {
    const home = join(fixture.world.root, "overlay");
    const made = await fixture.create();
    await fixture.store.mount(layerOf(made));
    expect(isMountPoint(home)).toBe(true);
    await fixture.store.shutdown();
    expect(isMountPoint(home)).toBe(true);
    await fixture.store.unmount(layerOf(made));
    await fixture.store.shutdown();
    expect(isMountPoint(home)).toBe(false);
  });
});
