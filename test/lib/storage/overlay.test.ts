import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { newStorageId, type StorageId } from "../../../src/lib/names/ids";
import { overlayDriver } from "../../../src/lib/storage/overlay";
import { isMountPoint, mount, readMounts, unmount } from "../../../src/lib/system/mount";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) {
    const below = readMounts().filter(({ target }) => `${target}/`.startsWith(`${root}/`));
    for (const { target } of below.reverse()) unmount(target);
  }
});

/** An empty store of the overlay driver below a directory of its own; its mounts are taken down after the test. */
function emptyStore(): string {
  const root = testdir({ "overlay/": null });
  roots.push(root);
  return root;
}

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o7777;
}

/** A chain of layers, each with a file of its own; the last one is returned. */
function chain(driver: ReturnType<typeof overlayDriver>, length: number): StorageId {
  let parent: StorageId | undefined;
  for (let number = 0; number < length; number++) {
    const layer = newStorageId();
    driver.create(layer, parent);
    writeFileSync(join(driver.diffPath(layer), `file-${number}`), String(number));
    parent = layer;
  }
  if (parent === undefined) throw new Error("a chain has at least one layer");
  return parent;
}

describe("a layer's directory", () => {
  test("is laid out as containers/storage does it", () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const [base, middle, top] = [newStorageId(), newStorageId(), newStorageId()];
    const before = process.umask(0o077);
    try {
      driver.create(base, undefined);
      driver.create(middle, base);
      driver.create(top, middle);
    } finally {
      process.umask(before);
    }
    const directory = join(root, "overlay", top);
    expect(readdirSync(directory).sort()).toEqual(["diff", "link", "lower", "merged", "work"]);
    expect(["", "diff", "merged", "work"].map((name) => modeOf(join(directory, name)))).toEqual([
      0o700, 0o555, 0o700, 0o700,
    ]);
    const links = [base, middle, top].map((layer) =>
      readFileSync(join(root, "overlay", layer, "link"), "utf8"),
    );
    for (const link of links) expect(link).toMatch(/^[A-Z2-7]{26}$/);
    expect(readlinkSync(join(root, "overlay/l", links[2] ?? ""))).toBe(`../${top}/diff`);
    expect(readFileSync(join(directory, "lower"), "utf8")).toBe(`l/${links[1] ?? ""}:l/${links[0] ?? ""}`);
    const alone = readdirSync(join(root, "overlay", base)).sort();
    expect(alone).toEqual(["diff", "empty", "link", "merged", "work"]);
  });

  test("has the mode and owner of the root of what lies beneath", () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    for (const [mode, uid] of [
      [0o1755, 1234],
      [0o711, 0],
    ] as const) {
      const [base, top] = [newStorageId(), newStorageId()];
      driver.create(base, undefined);
      chownSync(driver.diffPath(base), uid, uid);
      chmodSync(driver.diffPath(base), mode);
      driver.create(top, base);
      expect(modeOf(driver.diffPath(top))).toBe(mode);
      expect(lstatSync(driver.diffPath(top)).uid).toBe(uid);
    }
  });

  test("is not left half made when the layer beneath is incomplete", async () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const [base, top] = [newStorageId(), newStorageId()];
    mkdirSync(join(root, "overlay", base, "diff"), { recursive: true });
    await expect(async () => {
      driver.create(top, base);
      await Promise.resolve();
    }).rejects.toThrow(`the link file of layer ${base} is missing or damaged`);
    expect(readdirSync(join(root, "overlay")).sort()).toEqual([base, "l"].sort());
    expect(readdirSync(join(root, "overlay/l"))).toEqual([]);
  });

  test("is removed with its link; one that is gone already is fine", () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const top = chain(driver, 2);
    driver.remove(top);
    driver.remove(top);
    expect(readdirSync(join(root, "overlay"))).toHaveLength(2);
    expect(readdirSync(join(root, "overlay/l"))).toHaveLength(1);
    expect(driver.has(top)).toBe(false);
  });

  test("that is mounted is not removed", async () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const top = chain(driver, 2);
    driver.mount(top, "");
    expect(
      (
        await failureOf(() => {
          driver.remove(top);
        })
      ).message,
    ).toContain("is still mounted");
    expect(readFileSync(join(driver.mountPath(top), "file-0"), "utf8")).toBe("0");
    driver.unmount(top);
    expect(readdirSync(join(root, "overlay/l"))).toHaveLength(2);
  });

  test("whose link or lower leads elsewhere is not followed", async () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const top = chain(driver, 2);
    writeFileSync(join(root, "precious"), "x");
    writeFileSync(join(root, "overlay", top, "lower"), "l/../../precious");
    expect((await failureOf(() => driver.data(top))).code).toBe("CORRUPT");
    expect(
      (
        await failureOf(() => {
          driver.mount(top, "");
        })
      ).code,
    ).toBe("CORRUPT");
    writeFileSync(join(root, "overlay", top, "link"), "../../precious");
    driver.remove(top);
    expect(readFileSync(join(root, "precious"), "utf8")).toBe("x");
  });
});

describe("short links that were lost", () => {
  const linksIn = (root: string): string[] =>
    readdirSync(join(root, "overlay/l"))
      .map((name) => `${name} ${readlinkSync(join(root, "overlay/l", name))}`)
      .sort();
  const linkOf = (root: string, layer: string): string =>
    readFileSync(join(root, "overlay", layer, "link"), "utf8");

  test.each<[string, (links: string) => string[]]>([
    ["with their directory", (links) => [links]],
    ["all of them", (links) => readdirSync(links).map((name) => join(links, name))],
    ["one of those beneath", (links) => [links]],
  ])("%s are made anew before the mount, those of other layers too", (what, lost) => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const top = chain(driver, 3);
    chain(driver, 2);
    const before = linksIn(root);
    const [, beneath = ""] = readFileSync(join(root, "overlay", top, "lower"), "utf8").split(":");
    const paths = what.startsWith("one") ? [join(root, "overlay", beneath)] : lost(join(root, "overlay/l"));
    for (const path of paths) rmSync(path, { recursive: true });
    driver.mount(top, "");
    expect(readdirSync(driver.mountPath(top)).sort()).toEqual(["file-0", "file-1", "file-2"]);
    driver.unmount(top);
    expect(linksIn(root)).toEqual(before);
    expect(modeOf(join(root, "overlay/l"))).toBe(0o755);
  });

  test("to a layer that lost its link file too are told, with the name of that layer", async () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const [base, middle, top] = [newStorageId(), newStorageId(), newStorageId()];
    driver.create(base, undefined);
    driver.create(middle, base);
    driver.create(top, middle);
    const link = linkOf(root, middle);
    rmSync(join(root, "overlay/l"), { recursive: true });
    for (const content of ["", "../../precious", "A".repeat(27), undefined]) {
      if (content === undefined) rmSync(join(root, "overlay", middle, "link"));
      else writeFileSync(join(root, "overlay", middle, "link"), content);
      const error = await failureOf(() => {
        driver.mount(top, "");
      });
      expect([error.code, error.message]).toEqual([
        "CORRUPT",
        `layer ${top} lies over layer ${middle} whose link overlay/l/${link} is lost, and no link file tells where it led`,
      ]);
    }
    expect(linksIn(root)).toEqual([base, top].map((id) => `${linkOf(root, id)} ../${id}/diff`).sort());
  });

  test("that two layers claim go to neither", async () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const [base, top, other] = [newStorageId(), newStorageId(), newStorageId()];
    driver.create(base, undefined);
    driver.create(top, base);
    driver.create(other, undefined);
    writeFileSync(join(root, "overlay", other, "link"), linkOf(root, base));
    rmSync(join(root, "overlay/l"), { recursive: true });
    expect(
      (
        await failureOf(() => {
          driver.mount(top, "");
        })
      ).code,
    ).toBe("CORRUPT");
  });

  test.each<[string, (path: string) => void]>([
    [
      "leads out of the store",
      (path) => {
        symlinkSync("/etc", path);
      },
    ],
    [
      "leads up",
      (path) => {
        symlinkSync(`../../${"a".repeat(64)}/diff`, path);
      },
    ],
    [
      "is a file",
      (path) => {
        writeFileSync(path, "x");
      },
    ],
    [
      "is a directory",
      (path) => {
        mkdirSync(path);
      },
    ],
  ])("are not mended over what %s", async (_, put) => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const [base, top] = [newStorageId(), newStorageId()];
    driver.create(base, undefined);
    driver.create(top, base);
    const path = join(root, "overlay/l", linkOf(root, base));
    rmSync(path);
    put(path);
    const error = await failureOf(() => {
      driver.mount(top, "");
    });
    expect([error.code, error.message]).toEqual(["CORRUPT", expect.stringContaining(path)]);
    expect(isMountPoint(driver.mountPath(top))).toBe(false);
  });

  test("of layers in a split image store come back there", () => {
    const root = emptyStore();
    const images = emptyStore();
    const image = chain(overlayDriver(images, []), 2);
    const before = linksIn(images);
    const driver = overlayDriver(root, [], images);
    const top = newStorageId();
    driver.create(top, image);
    rmSync(join(images, "overlay/l"), { recursive: true });
    driver.mount(top, "");
    expect(readdirSync(driver.mountPath(top)).sort()).toEqual(["file-0", "file-1"]);
    driver.unmount(top);
    expect(linksIn(images)).toEqual(before);
    expect(linksIn(root)).toHaveLength(1);
  });
});

describe("mounting", () => {
  test("shows all layers, writes to the top one, and keeps the mount from spreading", () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const top = chain(driver, 3);
    driver.mount(top, "");
    const path = driver.mountPath(top);
    expect(readdirSync(path).sort()).toEqual(["file-0", "file-1", "file-2"]);
    writeFileSync(join(path, "new"), "x");
    expect(readdirSync(driver.diffPath(top)).sort()).toEqual(["file-2", "new"]);
    const home = readMounts().filter(({ target }) => target === join(root, "overlay"));
    expect(home.map(({ propagation }) => propagation)).toEqual([[]]);
    driver.unmount(top);
    driver.unmount(top);
    expect(isMountPoint(path)).toBe(false);
  });

  test("does not spread to where the mounts of the store's file system go", () => {
    const shared = 1 << 20;
    const root = emptyStore();
    mount({ source: "kpod-test", target: root, type: "tmpfs" });
    mount({ source: "none", target: root, flags: shared });
    mkdirSync(join(root, "overlay"));
    const driver = overlayDriver(root, []);
    const top = chain(driver, 2);
    driver.mount(top, "");
    const below = readMounts().filter(({ target }) => target.startsWith(root));
    expect(below.map(({ target, propagation }) => [target, propagation.length])).toEqual([
      [root, 1],
      [join(root, "overlay"), 0],
      [driver.mountPath(top), 0],
    ]);
    driver.unmount(top);
    driver.shutdown();
    unmount(root);
  });

  test("makes a directory anew that newer containers/storage removed with the last mount", () => {
    const driver = overlayDriver(emptyStore(), []);
    const top = chain(driver, 2);
    rmdirSync(driver.mountPath(top));
    driver.mount(top, "");
    expect(readFileSync(join(driver.mountPath(top), "file-0"), "utf8")).toBe("0");
    driver.unmount(top);
  });

  test("with more layers than fit into the mount's options by their full paths", () => {
    const driver = overlayDriver(emptyStore(), []);
    const top = chain(driver, 120);
    const before = process.cwd();
    driver.mount(top, "");
    expect(process.cwd()).toBe(before);
    expect(readdirSync(driver.mountPath(top))).toHaveLength(120);
    writeFileSync(join(driver.mountPath(top), "new"), "x");
    expect(readdirSync(driver.diffPath(top)).sort()).toEqual(["file-119", "new"]);
    driver.unmount(top);
  });

  test("with more layers than fit at all is refused instead of cut", async () => {
    const driver = overlayDriver(emptyStore(), []);
    const top = chain(driver, 150);
    const error = await failureOf(() => {
      driver.mount(top, "");
    });
    expect(error.code).toBe("UNSUPPORTED");
    expect(isMountPoint(driver.mountPath(top))).toBe(false);
  });

  test("of a layer over nothing", () => {
    const driver = overlayDriver(emptyStore(), []);
    const only = chain(driver, 1);
    driver.mount(only, "");
    writeFileSync(join(driver.mountPath(only), "new"), "x");
    expect(readdirSync(driver.diffPath(only)).sort()).toEqual(["file-0", "new"]);
    driver.unmount(only);
  });

  test("of a layer whose lower one is gone fails with its name", async () => {
    const root = emptyStore();
    const driver = overlayDriver(root, []);
    const top = chain(driver, 2);
    writeFileSync(join(root, "overlay", top, "lower"), `l/${"A".repeat(26)}`);
    const error = await failureOf(() => {
      driver.mount(top, "");
    });
    expect([error.code, error.message]).toEqual([
      "CORRUPT",
      `layer ${top} lies over a layer whose link overlay/l/${"A".repeat(26)} is lost, and no link file tells where it led`,
    ]);
    expect(isMountPoint(driver.mountPath(top))).toBe(false);
  });

  test("through a symbolic link to the root is the same mount", () => {
    const root = emptyStore();
    const link = join(testdir(), "storage");
    symlinkSync(root, link);
    const [driver, direct] = [overlayDriver(link, []), overlayDriver(root, [])];
    const top = chain(driver, 2);
    driver.mount(top, "");
    expect(isMountPoint(driver.mountPath(top))).toBe(true);
    expect(isMountPoint(direct.mountPath(top))).toBe(true);
    const second = chain(driver, 1);
    driver.mount(second, "");
    expect(readMounts().filter(({ target }) => target === join(root, "overlay"))).toHaveLength(1);
    driver.unmount(second);
    driver.shutdown();
    expect(isMountPoint(join(root, "overlay"))).toBe(true);
    driver.unmount(top);
    driver.shutdown();
    expect(isMountPoint(join(root, "overlay"))).toBe(false);
  });

  test.each([
    ["overlay.mountopt=nodev,metacopy=on", ["nodev"], ["metacopy=on"]],
    [".mountopt=nosuid", ["nosuid"], []],
    ["mountopt=noexec,volatile", ["noexec"], []],
    ["overlay.size=10G", [], []],
  ])("with the option %s", (option, flags, data) => {
    const driver = overlayDriver(emptyStore(), ["overlay.mountopt=noatime", option]);
    const top = chain(driver, 2);
    driver.mount(top, "");
    const line = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .find((text) => text.includes(driver.mountPath(top)));
    driver.unmount(top);
    const [before = "", after = ""] = (line ?? "").split(" - ");
    const set = (before.split(" ")[5] ?? "").split(",");
    expect(set.filter((word) => ["nodev", "nosuid", "noexec"].includes(word))).toEqual(flags);
    for (const word of data) expect(after).toContain(word);
    expect(after).not.toContain("volatile");
  });

  test("by another program is not what kpod does", async () => {
    const error = await failureOf(() =>
      overlayDriver("/", ["overlay.mount_program=/usr/bin/fuse-overlayfs"]),
    );
    expect(error.code).toBe("UNSUPPORTED");
    expect(error.message).toContain("/usr/bin/fuse-overlayfs");
  });
});
