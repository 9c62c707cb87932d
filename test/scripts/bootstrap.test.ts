import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasApt, parseOsRelease } from "../../scripts/lib/apt.mjs";
import { distIsCurrent } from "../../scripts/lib/dist.mjs";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { nodePackagesAreCurrent } from "../../scripts/lib/node-packages.mjs";
import { REQUIREMENTS, isStaticProgram, missingRequirements } from "../../scripts/lib/system-packages.mjs";
import { findBusybox } from "../../scripts/lib/image-rootfs.mjs";
import { testdir, writeTree } from "../helpers/testdir";

describe("system packages", () => {
  test("nothing is missing where the tests run", () => {
    expect(missingRequirements("tests")).toEqual([]);
  });

  test("what is missing is told for the purpose that needs it", () => {
    const absent = REQUIREMENTS.map((requirement) => ({ ...requirement, isThere: () => false }));
    const demo = missingRequirements("demo", absent).map(({ packageName }) => packageName);
    const tests = missingRequirements("tests", absent).map(({ packageName }) => packageName);
    expect(demo).toEqual(expect.arrayContaining(["runc", "conmon", "busybox-static", "skopeo"]));
    expect(demo).not.toContain("podman");
    expect(tests).toEqual(expect.arrayContaining([...demo, "crun", "podman", "containers-storage", "jq"]));
  });

  test("a program is looked for in PATH and in the usual places", () => {
    const directory = testdir({ "kpod-test-program": { content: "#!/bin/sh\n", mode: 0o755 } });
    expect(findProgram("kpod-test-program", `/nowhere:${directory}`)).toBe(
      join(directory, "kpod-test-program"),
    );
    expect(findProgram("kpod-test-program", "/nowhere")).toBeUndefined();
    expect(findProgram("sh", "")).toMatch(/\/bin\/sh$/);
  });

  test("a static busybox is told from a dynamic program and from a text", () => {
    expect(isStaticProgram(findBusybox())).toBe(true);
    expect(isStaticProgram(process.execPath)).toBe(false);
    expect(isStaticProgram(__filename)).toBe(false);
  });
});

describe("apt", () => {
  test("an os-release file is read with and without quotes", () => {
    const text = `# comment\nID=ubuntu\nID_LIKE='debian'\nPRETTY_NAME="A B"\n`;
    expect(parseOsRelease(text)).toEqual({ ID: "ubuntu", ID_LIKE: "debian", PRETTY_NAME: "A B" });
  });

  test.each([
    ["ID=debian\n", true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
    ["ID=fedora\n", false],
    ["ID=rocky\nID_LIKE='rhel centos fedora'\n", false],
  ])("%j has apt: %s", (text, expected) => {
    expect(hasApt(join(testdir({ "os-release": text }), "os-release"))).toBe(
      expected && findProgram("apt-get") !== undefined,
    );
  });

  test("a system without os-release has none", () => {
    expect(hasApt("/no/such/file")).toBe(false);
  });
});

describe("node packages", () => {
  const lock = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages });
  const one = { version: "1.0.0", integrity: "sha512-a" };
  const project = (installed: object | undefined): string =>
    testdir({
      "package-lock.json": lock({
        "": { name: "p" },
        "node_modules/one": one,
        "node_modules/two": { version: "2.0.0", integrity: "sha512-b", optional: true },
      }),
      ...(installed === undefined ? {} : { "node_modules/.package-lock.json": lock(installed) }),
    });

  test.each<[string, object | undefined, boolean]>([
    ["nothing was installed", undefined, false],
    ["an install was interrupted or is of another project", {}, false],
    ["all is there but a binary for other systems", { "node_modules/one": one }, true],
    ["a version differs", { "node_modules/one": { ...one, version: "1.0.1" } }, false],
    ["the content differs", { "node_modules/one": { ...one, integrity: "sha512-c" } }, false],
    [
      "something is there that is no longer wanted",
      { "node_modules/one": one, "node_modules/old": one },
      false,
    ],
  ])("%s", (_, installed, expected) => {
    expect(nodePackagesAreCurrent(project(installed))).toBe(expected);
  });

  test.each<[string, object, boolean]>([
    ["is led to", { "node_modules/own": { resolved: "own", link: true }, own: { version: "1.0.0" } }, true],
    ["was copied, as older npms do", { "node_modules/own": { version: "1.0.0" } }, true],
    ["is missing", {}, false],
  ])("a directory of the repository that %s", (_, installed, expected) => {
    const wanted = { "node_modules/own": { resolved: "own", link: true }, own: { version: "1.0.0" } };
    const directory = testdir({
      "package-lock.json": lock({ "": { name: "p" }, ...wanted }),
      "node_modules/.package-lock.json": lock(installed),
    });
    expect(nodePackagesAreCurrent(directory)).toBe(expected);
  });
});

describe("dist", () => {
  const HOUR = 3600;
  const age = (path: string, hours: number): void => {
    const seconds = Date.now() / 1000 - hours * HOUR;
    utimesSync(path, seconds, seconds);
  };

  function project(): string {
    const directory = testdir({
      "src/lib/index.ts": "",
      "src/main.ts": "",
      "scripts/build.mjs": "",
      "scripts/lib/bundle.mjs": "",
      "package.json": "",
      "package-lock.json": "",
    });
    const paths = [
      "src/lib/index.ts",
      "src/main.ts",
      "src/lib",
      "src",
      "scripts/build.mjs",
      "scripts/lib/bundle.mjs",
      "package.json",
    ];
    for (const path of [...paths, "package-lock.json"]) age(join(directory, path), 2);
    return directory;
  }

  function built(hours: number): string {
    const directory = project();
    for (const path of ["dist/kpod.cjs", "dist/reader.cjs", "dist/index.cjs"]) {
      writeTree(directory, { [path]: "" });
      age(join(directory, path), hours);
    }
    return directory;
  }

  test("without it there is something to build", () => {
    expect(distIsCurrent(project())).toBe(false);
  });

  test("newer than its sources it is current, older it is not", () => {
    expect(distIsCurrent(built(1))).toBe(true);
    expect(distIsCurrent(built(3))).toBe(false);
  });

  test("a changed, a new and a deleted source make it old", () => {
    for (const name of ["src/main.ts", "src/lib/new.ts", "scripts/lib/bundle.mjs", "package.json"]) {
      const directory = built(1);
      writeFileSync(join(directory, name), "changed");
      expect(distIsCurrent(directory)).toBe(false);
    }
    const directory = built(1);
    age(join(directory, "src/lib"), 0);
    expect(distIsCurrent(directory)).toBe(false);
  });
});

test.each(["demo", "test"])("npm run %s begins without any node package", (name) => {
  const seen = new Set<string>();
  const packages: string[] = [];
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, from = ""] of readFileSync(path, "utf8").matchAll(/^import\b[^;]*?"([^"]+)";/gm)) {
      if (from.startsWith(".")) follow(join(dirname(path), from));
      else if (!from.startsWith("node:")) packages.push(`${from} in ${path}`);
    }
  };
  follow(join(__dirname, `../../scripts/${name}.mjs`));
  expect(packages).toEqual([]);
  expect(seen.size).toBeGreaterThan(5);
});
