import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadConfig, type Config, type ConfigPaths, type LoadConfigOptions } from "../../../src/lib/config";
import { kpodErrorOf, temporaryDirectory, writeFile } from "./temp-files";

const directory = temporaryDirectory();

interface Node {
  readonly paths: ConfigPaths;
  readonly at: (name: string) => string;
}

let nodes = 0;

/** A node's files, by their name below a directory that stands for its root. */
function node(files: Readonly<Record<string, string>>): Node {
  nodes += 1;
  const root = join(directory, `node-${nodes}`);
  mkdirSync(root);
  for (const [name, text] of Object.entries(files)) writeFile(root, name, text);
  const at = (name: string): string => join(root, name);
  return {
    at,
    paths: {
      configFile: at("crio.conf"),
      configDir: at("crio.conf.d"),
      storageConf: [at("etc-storage.conf"), at("usr-storage.conf")],
    },
  };
}

/** Never the environment of the tests, which may hold anything. */
function load(from: Node, options: LoadConfigOptions = {}): Config {
  return loadConfig({ paths: from.paths, environment: {}, ...options });
}

const storageConf = `[storage]
driver = "overlay"
graphroot = "/graph"
runroot = "/run-graph"
[storage.options.overlay]
mountopt = "nodev"
`;

test("nothing there: the built-in defaults", () => {
  const config = load(node({}));
  expect([config.root, config.runRoot, config.storage]).toEqual([
    "/var/lib/containers/storage",
    "/var/run/containers/storage",
    "",
  ]);
  expect([config.files, config.sources.size]).toEqual([[], 0]);
});

describe("where the store is", () => {
  const crioConf = `[crio]\nroot = "/crio"\nrunroot = "/run-crio"\nstorage_driver = "vfs"`;
  const unset = `[crio]\nroot = ""\nrunroot = ""\nstorage_driver = ""`;
  const graph = ["/graph", "/run-graph", "overlay"];
  const crio = ["/crio", "/run-crio", "vfs"];

  test.each<[string, Record<string, string>, string[]]>([
    ["crio.conf leaves it unset: storage.conf", { "usr-storage.conf": storageConf, "crio.conf": "" }, graph],
    ["no crio.conf: storage.conf", { "usr-storage.conf": storageConf }, graph],
    [
      "crio.conf leaves it empty: storage.conf",
      { "etc-storage.conf": storageConf, "crio.conf": unset },
      graph,
    ],
    ["crio.conf says: crio.conf", { "etc-storage.conf": storageConf, "crio.conf": crioConf }, crio],
    [
      "a drop-in leaves it empty: what was before",
      { "etc-storage.conf": storageConf, "crio.conf": crioConf, "crio.conf.d/a": unset },
      crio,
    ],
    [
      "a drop-in says a part: that part",
      { "etc-storage.conf": storageConf, "crio.conf.d/a": `[crio]\nroot = "/drop-in"` },
      ["/drop-in", "/run-graph", "overlay"],
    ],
    [
      "two storage.conf: that of the administrator alone",
      { "etc-storage.conf": `[storage]\ndriver = "vfs"`, "usr-storage.conf": storageConf },
      ["/var/lib/containers/storage", "/var/run/containers/storage", "vfs"],
    ],
  ])("%s", (_what, files, expected) => {
    const config = load(node(files));
    expect([config.root, config.runRoot, config.storage]).toEqual(expected);
  });

  test("$CONTAINERS_STORAGE_CONF goes before both storage.conf and must be there", () => {
    const from = node({ "etc-storage.conf": storageConf, "own.conf": `[storage]\ngraphroot = "/own"` });
    const named = (name: string): Config =>
      load(from, { environment: { CONTAINERS_STORAGE_CONF: name === "" ? "" : from.at(name) } });
    expect([named("own.conf").root, named("own.conf").runRoot]).toEqual([
      "/own",
      "/var/run/containers/storage",
    ]);
    expect(named("").root).toBe("/graph");
    expect(kpodErrorOf(() => named("missing.conf")).message).toBe(
      `cannot read configuration file ${from.at("missing.conf")}: no such file or directory`,
    );
  });

  test("the options of storage.conf, crio.conf and drop-ins add up", () => {
    const config = load(
      node({
        "etc-storage.conf": storageConf,
        "crio.conf": `[crio]\nstorage_option = ["overlay.size=1G"]`,
        "crio.conf.d/a": `[crio]\nstorage_option = ["overlay.mountopt=nodev", "overlay.size=2G"]`,
      }),
    );
    expect(config.storageOptions).toEqual(["overlay.mountopt=nodev", "overlay.size=1G", "overlay.size=2G"]);
  });
});

describe("drop-ins", () => {
  const files = {
    "crio.conf": `[crio.runtime]\nconmon = "/main"\nconmon_env = ["A=1", "B=2"]\nhooks_dir = ["/main"]
[crio.runtime.runtimes.runc]\nruntime_path = "/main/runc"\nruntime_root = "/run/main"
[crio.runtime.runtimes.crun]\nruntime_path = "/main/crun"`,
    "crio.conf.d/10-a.conf": `[crio.runtime]\nconmon = "/a"\nconmon_env = ["C=3"]`,
    "crio.conf.d/20.d/inner": `[crio.runtime]\nconmon = "/inner"\n[crio.image]\npause_image = "inner"`,
    "crio.conf.d/30.bak": `[crio.runtime]\nconmon = "/bak"\n[crio.runtime.runtimes.runc]\nruntime_path = "/bak/runc"`,
  };

  test("come after crio.conf in lexical order; lists and handlers are replaced as a whole", () => {
    const from = node(files);
    const config = load(from);
    expect([config.conmon, config.conmonEnv, config.hooksDir, config.pauseImage]).toEqual([
      "/bak",
      ["C=3"],
      ["/main"],
      "inner",
    ]);
    expect(config.runtimes).toMatchObject({
      runc: { runtimePath: "/bak/runc", runtimeRoot: "" },
      crun: { runtimePath: "/main/crun" },
    });
    expect(config.files).toEqual(Object.keys(files).map(from.at));
    expect([
      config.sources.get("conmon"),
      config.sources.get("pauseImage"),
      config.sources.get("hooksDir"),
    ]).toEqual(["crio.conf.d/30.bak", "crio.conf.d/20.d/inner", "crio.conf"].map(from.at));
  });

  test("are read without a crio.conf too", () => {
    expect(load(node({ "crio.conf.d/a": `[crio.runtime]\nconmon = "/a"` })).conmon).toBe("/a");
  });

  test("an error in one names it", () => {
    const from = node({ "crio.conf.d/a": `[crio.runtime]\n\npids_limit = "x"` });
    expect(kpodErrorOf(() => load(from)).message).toBe(
      `${from.at("crio.conf.d/a")}:3: crio.runtime.pids_limit must be an integer, not "x"`,
    );
  });
});

describe("files that are named", () => {
  const files = {
    "crio.conf": `[crio]\nroot = "/main"\nrunroot = "/main"`,
    "crio.conf.d/a": `[crio.runtime]\nconmon = "/drop-in"`,
    "own.conf": `[crio]\nroot = "/own"`,
    "own.d/a": `[crio.runtime]\nconmon = "/own"`,
  };
  const from = node(files);
  const usual = "/usr/local/libexec/crio/conmon";

  test.each<[string, LoadConfigOptions, string[]]>([
    ["none", {}, ["/main", "/drop-in"]],
    ["a file, which does without the drop-ins", { configFile: from.at("own.conf") }, ["/own", usual]],
    [
      "a file and a directory",
      { configFile: from.at("own.conf"), configDir: from.at("own.d") },
      ["/own", "/own"],
    ],
    [
      "a directory, which takes the place of the drop-ins",
      { configDir: from.at("own.d") },
      ["/main", "/own"],
    ],
    [
      "by the environment",
      { environment: { CONTAINER_CONFIG: from.at("own.conf"), CONTAINER_CONFIG_DIR: from.at("own.d") } },
      ["/own", "/own"],
    ],
    [
      "by the environment and otherwise, which goes before",
      { configFile: from.at("own.conf"), environment: { CONTAINER_CONFIG: from.at("crio.conf") } },
      ["/own", usual],
    ],
    [
      "by an empty variable, which names none",
      { environment: { CONTAINER_CONFIG: "" } },
      ["/main", "/drop-in"],
    ],
  ])("%s", (_what, options, expected) => {
    const config = load(from, options);
    expect([config.root, config.conmon]).toEqual(expected);
  });

  test.each<[string, LoadConfigOptions, string]>([
    ["file", { configFile: "/nowhere/crio.conf" }, "cannot read configuration file /nowhere/crio.conf: "],
    [
      "directory",
      { configDir: "/nowhere/crio.conf.d" },
      "cannot read the drop-ins in /nowhere/crio.conf.d: ",
    ],
  ])("a %s that is not there is an error", (_what, options, message) => {
    const error = kpodErrorOf(() => load(from, options));
    expect([error.code, error.message]).toEqual(["BAD_CONFIG", `${message}no such file or directory`]);
  });

  test("a usual file that cannot be read is an error, not a file that is missing", () => {
    const odd = node({});
    mkdirSync(odd.at("crio.conf"));
    expect(kpodErrorOf(() => load(odd)).message).toBe(
      `cannot read configuration file ${odd.at("crio.conf")}: it is a directory, not a regular file`,
    );
  });
});

describe("the environment", () => {
  test("goes over the files, and an override over the environment", () => {
    const from = node({ "crio.conf": `[crio]\nroot = "/file"\nrunroot = "/file"\nstorage_option = ["a=1"]` });
    const environment = {
      CONTAINER_ROOT: "/env",
      CONTAINER_RUNROOT: "/env",
      CONTAINER_STORAGE_OPT: "b=2,c=3",
      CONTAINER_LOG_DIR: "",
      CONTAINER_HOST: "unix:///not/ours",
    };
    const config = load(from, { environment, overrides: { root: "/flag" } });
    expect([config.root, config.runRoot, config.storageOptions]).toEqual(["/flag", "/env", ["b=2", "c=3"]]);
    expect(Object.fromEntries(config.sources)).toEqual({
      root: "--root",
      runRoot: "environment variable CONTAINER_RUNROOT",
      storageOptions: "environment variable CONTAINER_STORAGE_OPT",
    });
  });

  test.each<[string, string, Partial<Config>]>([
    ["CONTAINER_STORAGE_DRIVER", "vfs", { storage: "vfs" }],
    ["CONTAINER_PIDS_LIMIT", "-1", { pidsLimit: -1 }],
    ["CONTAINER_LOG_SIZE_MAX", "10MiB", { logSizeMax: 10485760 }],
    ["CONTAINER_SELINUX", "1", { selinux: true }],
    ["CONTAINER_DROP_INFRA_CTR", "true", { dropInfraCtr: true }],
    ["CONTAINER_NO_PIVOT", "F", { noPivot: false }],
    ["CONTAINER_CGROUP_MANAGER", "systemd", { cgroupManager: "systemd" }],
    ["CONTAINER_HOOKS_DIR", "/a,/b", { hooksDir: ["/a", "/b"] }],
    ["CONTAINER_CNI_PLUGIN_DIR", "/p", { pluginDirs: ["/p"] }],
    ["CONTAINER_DEFAULT_RUNTIME", "crun", { defaultRuntime: "crun" }],
  ])("%s=%s", (variable, value, fields) => {
    expect(load(node({}), { environment: { [variable]: value } })).toMatchObject(fields);
  });

  test.each([
    ["CONTAINER_ROOT", "store", 'must be an absolute path or "", not "store"'],
    ["CONTAINER_PIDS_LIMIT", "many", 'must be an integer, not "many"'],
    ["CONTAINER_SELINUX", "yes", 'must be true or false, not "yes"'],
    ["CONTAINER_IMAGE_VOLUMES", "no", 'must be one of "mkdir", "ignore", "bind", not "no"'],
  ])("%s=%s is an error", (variable, value, message) => {
    const error = kpodErrorOf(() => load(node({}), { environment: { [variable]: value } }));
    expect([error.code, error.message]).toEqual([
      "BAD_CONFIG",
      `environment variable ${variable} ${message}`,
    ]);
  });
});

describe("the overrides of the global flags", () => {
  const from = node({
    "crio.conf": `[crio]\nroot = "/main"\nrunroot = "/run-main"\nstorage_driver = "vfs"\nstorage_option = ["a=1"]`,
  });
  const main = {
    root: "/main",
    runRoot: "/run-main",
    storage: "vfs",
    storageOptions: ["a=1"],
    runtime: "/usr/bin/runc",
  };

  test.each<[LoadConfigOptions["overrides"], Partial<Config>, string[]]>([
    [{}, {}, []],
    [{ root: undefined, storageOptions: undefined }, {}, []],
    [{ root: "/mnt/dead-node/var/lib" }, { root: "/mnt/dead-node/var/lib" }, ["--root"]],
    [{ root: "store/" }, { root: join(process.cwd(), "store") }, ["--root"]],
    [{ runRoot: "/rr" }, { runRoot: "/rr" }, ["--runroot"]],
    [{ storage: "overlay" }, { storage: "overlay" }, ["--storage-driver"]],
    [{ storage: "" }, { storage: "" }, ["--storage-driver"]],
    [{ storageOptions: ["b=2", "b=2"] }, { storageOptions: ["b=2", "b=2"] }, ["--storage-opt"]],
    [{ storageOptions: [] }, { storageOptions: [] }, ["--storage-opt"]],
    [{ runtime: "/usr/bin/crun" }, { runtime: "/usr/bin/crun" }, ["--runtime"]],
  ])("%j changes that alone", (overrides, fields, flags) => {
    const config = load(from, overrides === undefined ? {} : { overrides });
    expect(config).toMatchObject({ ...main, ...fields });
    expect([...config.sources.values()].filter((source) => source.startsWith("--"))).toEqual(flags);
  });

  test("an empty path is refused", () => {
    for (const [flag, overrides] of [
      ["--root", { root: "" }],
      ["--runroot", { runRoot: "" }],
      ["--runtime", { runtime: "" }],
    ] as const) {
      const error = kpodErrorOf(() => load(from, { overrides }));
      expect([error.code, error.message]).toEqual(["BAD_ARGUMENT", `option ${flag} must not be empty`]);
    }
  });

  test("a runtime takes the place of the default handler's, with the root that its containers have", () => {
    const config = load(
      node({
        "crio.conf": `[crio.runtime]\ndefault_runtime = "crun"
[crio.runtime.runtimes.crun]\nruntime_path = "/usr/bin/crun"\nruntime_root = "/run/crun"
[crio.runtime.runtimes.runc]\nruntime_path = "/usr/bin/runc"`,
      }),
      { overrides: { runtime: "/opt/crun" } },
    );
    expect([config.runtime, config.runtimes]).toMatchObject([
      "/opt/crun",
      {
        crun: { runtimePath: "/opt/crun", runtimeRoot: "/run/crun" },
        runc: { runtimePath: "/usr/bin/runc" },
      },
    ]);
  });

  test("a runtime takes the place of a default handler that has no table", () => {
    const config = load(node({ "crio.conf": `[crio.runtime]\ndefault_runtime = "crun"` }), {
      overrides: { runtime: "/opt/crun" },
    });
    expect(config.runtimes).toMatchObject({ crun: { runtimePath: "/opt/crun" } });
  });
});
