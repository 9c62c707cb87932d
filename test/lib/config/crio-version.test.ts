import { join } from "node:path";
import {
  crioDefaults,
  crioVersionText,
  defaultConfig,
  isSince,
  loadConfig,
  newestCrio,
  newestOf,
  parseCrioVersion,
  versionsOfKeys,
  type Config,
  type CrioVersion,
} from "../../../src/lib/config";
import { captured, data } from "../../helpers/captured-stores";
import { testdir, writeTree, type Tree } from "../../helpers/testdir";

/** A node's configuration, with the files that are there; DIR in a text stands for its directory. */
function load(tree: Tree, environment: Record<string, string> = {}): { config: Config; directory: string } {
  const directory = testdir();
  const place = (entry: Tree[string]): Tree[string] =>
    typeof entry === "string" ? entry.replaceAll("DIR", directory) : entry;
  const files = Object.fromEntries(Object.entries(tree).map(([name, entry]) => [name, place(entry)]));
  writeTree(directory, files);
  const at = (name: string): string => join(directory, name);
  const paths = { configFile: at("crio.conf"), configDir: at("crio.conf.d"), storageConf: [] };
  return { config: loadConfig({ paths, environment }), directory };
}

const versionFiles = '[crio]\nversion_file = "DIR/run"\nversion_file_persist = "DIR/persist"\n';

test.each<[string, CrioVersion | undefined]>([
  ['"1.36.3+b24632ab44955fa84685640d4177f3c554e9f69c"', [1, 36, 3]],
  ["1.0.0\n", [1, 0, 0]],
  ["crio version 1.11.9-dev\ncommit: x", [1, 11, 9]],
  ["crio version 1.26.4\nVersion:        1.26.4\nGoVersion:      go1.19.5", [1, 26, 4]],
  ["Version: v1.22.0~rc1", [1, 22, 0]],
  ["", undefined],
  ["crio version unknown", undefined],
  ["10.0.0.1", undefined],
  ["\0\0\0", undefined],
])("a version in %j", (text, version) => {
  expect(parseCrioVersion(text)).toEqual(version);
});

test.each<[CrioVersion, CrioVersion, boolean]>([
  [[1, 31, 0], [1, 31, 0], true],
  [[1, 30, 9], [1, 31, 0], false],
  [[2, 0, 0], [1, 31, 0], true],
  [[1, 25, 2], [1, 25, 3], false],
  [[1, 9, 0], [1, 10, 0], false],
])("%j is since %j: %s", (version, other, expected) => {
  expect(isSince(version, other)).toBe(expected);
});

describe("the defaults of a version", () => {
  const of = (text: string): ReturnType<typeof crioDefaults> => {
    const version = parseCrioVersion(text);
    if (version === undefined) throw new Error(text);
    return crioDefaults(version);
  };

  test.each([
    [
      "1.0.0",
      { defaultRuntime: "", runtimeRoot: "", cgroupManager: "cgroupfs", pidsLimit: 1024, hooksDir: [] },
    ],
    [
      "1.17.5",
      { defaultRuntime: "runc", runtimeRoot: "/run/runc", cgroupManager: "cgroupfs", conmonCgroup: "" },
    ],
    ["1.18.0", { cgroupManager: "systemd", conmonCgroup: "system.slice", dropInfraCtr: false }],
    ["1.21.9", { dropInfraCtr: false, records: "stable" }],
    ["1.22.0", { dropInfraCtr: true, records: "flagged" }],
    ["1.25.2", { records: "flagged" }],
    ["1.25.3", { records: "volatile" }],
    ["1.26.0", { records: "flagged", pauseImage: "registry.k8s.io/pause:3.6" }],
    ["1.26.1", { records: "volatile" }],
    ["1.27.0", { records: "volatile" }],
    ["1.30.12", { defaultRuntime: "runc", runtimeRoot: "/run/runc", movesConmon: true, pidsLimit: -1 }],
    ["1.31.0", { defaultRuntime: "crun", runtimeRoot: "/run/crun", movesConmon: true }],
    ["1.33.9", { movesConmon: true }],
    ["1.34.0", { movesConmon: false }],
    ["1.99.0", { defaultRuntime: "crun", records: "volatile", dropInfraCtr: true, movesConmon: false }],
    ["0.9.0", { defaultRuntime: "", records: "stable" }],
  ])("%s", (version, expected) => {
    expect(of(version)).toMatchObject(expected);
  });

  (data === "" ? test.skip : test).each(["v1.26.4", "v1.36.3"])("%s: as it prints them itself", (name) => {
    const text = captured(name, "crio.conf.defaults");
    const value = (key: string): unknown =>
      JSON.parse(new RegExp(`^${key} = (.*)$`, "m").exec(text)?.[1] ?? "null");
    const { defaultRuntime, cgroupManager, dropInfraCtr, conmonCgroup, pidsLimit, pauseImage, runtimeRoot } =
      of(name);
    expect([defaultRuntime, cgroupManager, dropInfraCtr, conmonCgroup, pidsLimit, pauseImage]).toEqual(
      [
        "default_runtime",
        "cgroup_manager",
        "drop_infra_ctr",
        "conmon_cgroup",
        "pids_limit",
        "pause_image",
      ].map(value),
    );
    expect(text).toContain(`runtime_root = "${runtimeRoot}"`);
  });

  test("are nobody's to change for others", () => {
    of("1.36.3").hooksDir.push("/x");
    expect(of("1.36.3").hooksDir).toEqual(["/usr/share/containers/oci/hooks.d"]);
  });
});

describe("what tells the version of a node", () => {
  test.each<[string, Tree, string, string]>([
    ["the file of the running one", { run: '"1.36.3+abc"', persist: '"1.30.0"' }, "1.36.3", "run"],
    ["after a reboot the one that is left", { persist: '"1.30.0"' }, "1.30.0", "persist"],
    ["a damaged file tells nothing", { run: "\0\0\0", persist: '"1.30.0"' }, "1.30.0", "persist"],
    ["nor does a directory in its place", { "run/": null, persist: '"1.30.0"' }, "1.30.0", "persist"],
  ])("%s", (_, files, version, source) => {
    const { config, directory } = load({ "crio.conf": versionFiles, ...files });
    expect(config.crio).toEqual({
      known: true,
      version: parseCrioVersion(version),
      source: join(directory, source),
    });
  });

  test.each([
    ["nothing at all: the newest", "", newestCrio],
    ["keys of 1.0", '[crio]\nfile_locking = true\n[crio.runtime]\nruntime = "/r"', [1, 15, 0]],
    ["keys of later ones", "[crio.runtime]\ndrop_infra_ctr = true", newestCrio],
    [
      "keys of two times, one of which nobody reads",
      "[crio]\nfile_locking = true\ninternal_repair = true",
      newestCrio,
    ],
  ])("a guess by the keys of crio.conf: %s", (_, text, version) => {
    const { config } = load({ "crio.conf": text + "\n" });
    expect(config.crio).toMatchObject({ known: false, version });
  });

  test("the range of keys", () => {
    expect(versionsOfKeys(["root", "hooks_dir", "conmon_cgroup"])).toEqual({
      since: [1, 15, 0],
      before: undefined,
    });
    expect(newestOf(versionsOfKeys(["file_locking", "conmon_cgroup"]))).toEqual([1, 15, 0]);
  });
});

describe("the defaults in force", () => {
  const shown = ({
    defaultRuntime,
    cgroupManager,
    pidsLimit,
    dropInfraCtr,
    crioDefaults: { runtimeRoot, records },
  }: Config) => ({
    defaultRuntime,
    cgroupManager,
    pidsLimit,
    dropInfraCtr,
    runtimeRoot,
    records,
  });

  test("of the version, and what is set stays", () => {
    const crioConf = `${versionFiles}[crio.runtime]\npids_limit = 7\n`;
    const { config } = load(
      { "crio.conf": crioConf, run: '"1.30.1"' },
      { CONTAINER_CGROUP_MANAGER: "cgroupfs" },
    );
    expect(shown(config)).toEqual({
      defaultRuntime: "runc",
      cgroupManager: "cgroupfs",
      pidsLimit: 7,
      dropInfraCtr: true,
      runtimeRoot: "/run/runc",
      records: "volatile",
    });
    expect([...config.sources.keys()]).not.toContain("defaultRuntime");
  });

  test("of 1.0, the configuration of which names its runtime and its hooks", () => {
    const text = '[crio.runtime]\nruntime = "/opt/runc"\nhooks_dir_path = "/h"\n';
    const { config } = load({ "crio.conf": text });
    expect([config.defaultRuntime, config.hooksDir]).toEqual(["", []]);
  });

  test("where no version is known, records go where all programs find them", () => {
    expect(shown(load({}).config)).toMatchObject({
      defaultRuntime: "crun",
      runtimeRoot: "/run/crun",
      records: "stable",
    });
  });

  test("a better answer takes the place of a guess, not of what somebody has set since", () => {
    const { config } = load({});
    config.pidsLimit = 9;
    config.adoptVersion({ known: true, version: [1, 17, 0], source: "test" });
    expect(shown(config)).toEqual({
      defaultRuntime: "runc",
      cgroupManager: "cgroupfs",
      pidsLimit: 9,
      dropInfraCtr: false,
      runtimeRoot: "/run/runc",
      records: "stable",
    });
  });

  test("the library's own are those of 1.0, whatever the node has", () => {
    const config = defaultConfig();
    expect(config.crio).toBeUndefined();
    expect(shown(config)).toMatchObject({ defaultRuntime: "", runtimeRoot: "", records: "stable" });
  });
});

test("the newest version is that of the newest changes", () => {
  expect(crioVersionText(newestCrio)).toBe("1.36.3");
});
