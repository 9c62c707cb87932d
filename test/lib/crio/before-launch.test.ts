import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { comingWipe, wipeWarning } from "../../../src/lib/crio/before-launch";
import { defaultConfig, type Config } from "../../../src/lib/config";
import { testServer } from "../../helpers/server";
import { storeTree, testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

/** A configuration as a crio.conf sets it, and where its version files lie. */
function configured(
  files: readonly string[],
  lines: readonly string[] = [],
  api: readonly string[] = [],
): Config {
  const directory = testdir(Object.fromEntries(files.map((name) => [name, '"1.36.3"'])));
  const config = defaultConfig();
  config.versionFile = join(directory, "version");
  config.versionFilePersist = join(directory, "persist");
  const path = join(directory, "crio.conf");
  writeFileSync(path, ["[crio]", ...lines, "[crio.api]", ...api, ""].join("\n"));
  config.updateFromFile(path);
  return config;
}

test("with both version files nothing is removed", () => {
  expect(comingWipe(configured(["version", "persist"]))).toBeUndefined();
});

test("after a reboot the containers are, after an upgrade the images too", () => {
  const rebooted = configured(["persist"]);
  expect(comingWipe(rebooted)).toEqual({ what: "containers", missing: rebooted.versionFile });
  for (const upgraded of [configured([]), configured(["version"])]) {
    expect(comingWipe(upgraded)).toEqual({
      what: "containers and images",
      missing: upgraded.versionFilePersist,
    });
  }
});

test.each<[string, readonly string[], readonly string[]]>([
  ["that is told not to", ["internal_wipe = false"], []],
  ["without version files", ['version_file = ""', 'version_file_persist = ""'], []],
  ["of before 1.16, by its lock file", ["file_locking = true"], []],
  ["of before 1.9, by its socket", [], ['listen = "/var/run/crio.sock"']],
])("a CRI-O %s removes nothing", (_, lines, api) => {
  expect(comingWipe(configured([], lines, api))).toBeUndefined();
});

describe("the warning", () => {
  const pod = { id: testId("web"), name: "web", namespace: "shop", uid: "u1" };
  const missing = "/nowhere/version";
  const line = `CRI-O will kill and remove all containers at its next start, those of kpod too: ${missing} is missing`;

  test("is given where the store has pods of CRI-O, though it has no crio.conf", async () => {
    const { server } = testServer(testdir(storeTree([pod], [])), { versionFile: missing });
    expect(await wipeWarning(server)).toBe(line);
  });

  test("is not given where all pods are kpod's, or none is there, or no store", async () => {
    const own = { ...pod, annotations: { "kpod/created-by": "kpod" } };
    for (const tree of [storeTree([own], []), storeTree([], []), {}]) {
      const { server, logger } = testServer(testdir(tree), { versionFile: missing });
      expect(await wipeWarning(server)).toBeUndefined();
      expect(logger.warnings).toEqual([]);
    }
  });
});
