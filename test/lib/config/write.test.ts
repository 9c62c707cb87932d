import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import parseString from "@iarna/toml/parse-string";
import { defaultConfig, type Config } from "../../../src/lib/config";
import { configKeys } from "../../../src/lib/config/fields";
import { fieldsOf } from "../../../src/lib/config/keys";
import { kpodErrorOf, temporaryDirectory, writeFile } from "./temp-files";

const directory = temporaryDirectory();

function read(...texts: string[]): Config {
  const config = defaultConfig();
  texts.forEach((text, index) => {
    config.updateFromFile(writeFile(directory, `read-${index}.conf`, text));
  });
  return config;
}

test("the defaults are written as every key of CRI-O 1.0.0 and no other", () => {
  expect(defaultConfig().toToml()).toBe(`[crio]
root = "/var/lib/containers/storage"
runroot = "/var/run/containers/storage"
storage_driver = ""
storage_option = []
log_dir = "/var/log/crio/pods"
file_locking = true

[crio.runtime]
runtime = "/usr/bin/runc"
runtime_untrusted_workload = ""
default_workload_trust = "trusted"
no_pivot = false
conmon = "/usr/local/libexec/crio/conmon"
conmon_env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
selinux = false
seccomp_profile = "/etc/crio/seccomp.json"
apparmor_profile = "crio-default"
cgroup_manager = "cgroupfs"
hooks_dir_path = "/usr/share/containers/oci/hooks.d"
default_mounts = []
pids_limit = 1024
log_size_max = -1
container_exits_dir = "/var/run/crio/exits"

[crio.image]
default_transport = "docker://"
pause_image = "kubernetes/pause"
pause_command = "/pause"
signature_policy = ""
insecure_registries = []
image_volumes = "mkdir"
registries = []

[crio.network]
network_dir = "/etc/cni/net.d/"
plugin_dir = "/opt/cni/bin/"
`);
});

const everything = `
top = 1
[crio]
root = "/r"
runroot = "/rr"
storage_driver = "overlay"
storage_option = ["overlay.mountopt=nodev"]
log_dir = "/l"
file_locking = false
file_locking_path = "/run/old.lock"
imagestore = ""
version_file = "/v"
internal_wipe = true
[crio.api]
listen = "/var/run/crio.sock"
file_locking = true
[crio.runtime]
default_runtime = "crun"
pids_limit = 7
log_size_max = "10MiB"
ctr_stop_timeout = 30
hooks_dir = []
drop_infra_ctr = false
default_ulimits = [
  "nofile=1024:2048", # a comment with ]
]
[crio.runtime.runtimes.crun]
runtime_path = "/usr/bin/crun"
monitor_env = ["A=1"]
platform_runtime_paths = { "linux/arm64" = "/arm", 'a"b' = '' }
allowed_annotations = ["x"]
default_annotations = {}
[crio.runtime.runtimes."my runc"]
privileged_without_host_devices = true
inherit_default_runtime = true
[crio.runtime.workloads.throttled]
activation_annotation = "a"
[crio.runtime.workloads.throttled.resources]
cpushares = 0
[crio.image]
pause_image = "back\\\\slash \\"quote\\" \\u0007 \\u007f \\u009b é 😀 '''"
big_files_temporary_dir = ""
[crio.network]
plugin_dirs = ["/a", "/b"]
[crio.metrics]
float = 1.0
exponent = 1e21
small = 5e-7
big = 9007199254740993
hex = 0xff
date = 1979-05-27T07:32:00-07:00
day = 1979-05-27
mixed = [ 1, "two", [ 3.0 ], { four = 4 } ]
text = """
two
lines"""
"odd key" = '\\n'
[crio.empty]
[[crio.list]]
name = "one"
[[crio.list.inner]]
x = 1
[[crio.list]]
[other]
x = true
`;

describe("nothing is lost between reading and writing", () => {
  const before = read(everything);
  const written = before.toToml();
  const after = read(written);

  test("no value", () => {
    expect(after).toEqual(before);
    expect(before.storageOptions).toEqual(["overlay.mountopt=nodev"]);
    expect(before.pauseImage).toBe(`back\\slash "quote" \u0007 \x7f \u009b é 😀 '''`);
  });

  test("no key, known or not, and nothing is added but the defaults of 1.0.0", () => {
    const defaults = parseString(
      defaultConfig()
        .toToml()
        .replace(/^(hooks_dir_path|plugin_dir) = .*$/gm, ""),
    );
    const added = { crio: { lock_path: "/run/old.lock", runtime: { log_size_max: 10485760 } } };
    const handler = { crio: { runtime: { runtimes: { "my runc": { runtime_path: "" } } } } };
    expect(parseString(written)).toEqual(merged(defaults, parseString(everything), added, handler));
  });

  test("no digit of a number and no comment within a list that is not known", () => {
    expect(written.split("\n")).toEqual(
      expect.arrayContaining([
        "float = 1.0",
        "exponent = 1e21",
        "small = 5e-7",
        "big = 9007199254740993",
        "hex = 0xff",
        `  "nofile=1024:2048", # a comment with ]`,
      ]),
    );
  });

  test("once more gives the same text", () => {
    expect(after.toToml()).toBe(written);
  });
});

test("every known key survives with a value of its own", () => {
  const config = defaultConfig();
  for (const field of fieldsOf(configKeys)) {
    const value: unknown = config[field];
    const other = typeof value === "number" ? 77 : typeof value === "boolean" ? !value : `/other/${field}`;
    Object.assign(config, { [field]: Array.isArray(value) ? [`/other/${field}`, "b"] : other });
  }
  Object.assign(config, {
    imageVolumes: "bind",
    cgroupManager: "systemd",
    defaultWorkloadTrust: "untrusted",
  });
  const reread = read(config.toToml());
  expect(reread).toEqual(config);
  expect(reread.sources.size).toBe(fieldsOf(configKeys).length);
});

test("a key whose successor is set is written only when it was set itself", () => {
  const successors = `[crio.runtime]\nhooks_dir = []\n[crio.network]\nplugin_dirs = ["/a"]\n`;
  expect(read(successors).toToml()).not.toMatch(/^(hooks_dir_path|plugin_dir) = /m);
  const both = read(successors, `[crio.network]\nplugin_dir = "/opt/cni/bin/"`).toToml();
  expect(both).toMatch(/^plugin_dir = "\/opt\/cni\/bin\/"$/m);
});

test("a long list takes a line for each item", () => {
  const config = defaultConfig();
  config.registries = ["a".repeat(60), "b".repeat(60)];
  expect(config.toToml()).toContain(`registries = [\n  "${"a".repeat(60)}",\n  "${"b".repeat(60)}",\n]\n`);
  expect(read(config.toToml()).registries).toEqual(config.registries);
});

describe("of several files that were read", () => {
  test("a later unknown key takes the place of an earlier one, lists as a whole", () => {
    const written = read(
      `[crio.api]\nlisten = "/a"\nstream_port = "1"\n[[crio.list]]\nx = 1\n[[crio.list]]`,
      `[crio.api]\nlisten = "/b"\n[[crio.list]]\nx = 2`,
    ).toToml();
    expect(parseString(written)).toMatchObject({
      crio: { api: { listen: "/b", stream_port: "1" }, list: [{ x: 2 }] },
    });
  });

  test("a handler takes the place of the whole handler, with what is unknown of it", () => {
    const config = read(
      `[crio.runtime.runtimes.a]\nruntime_path = "/a"\nruntime_root = "/ra"\nextra = 1\n[crio.runtime.runtimes.b]\nextra = 2`,
      `[crio.runtime.runtimes.a]\nruntime_path = "/c"`,
    );
    expect(config.runtimes).toMatchObject({
      a: { runtimePath: "/c", runtimeRoot: "" },
      b: { runtimePath: "" },
    });
    expect(parseString(config.toToml())).toMatchObject({
      crio: { runtime: { runtimes: { a: { runtime_path: "/c" }, b: { runtime_path: "", extra: 2 } } } },
    });
    expect(config.toToml()).not.toContain("extra = 1");
  });
});

test("a handler that was taken out is not written, nor what is unknown of it", () => {
  const config = read(`[crio.runtime.runtimes.a]\nextra = 1\n[crio.runtime.runtimes.b]\nextra = 2`);
  config.runtimes = Object.fromEntries(Object.entries(config.runtimes).filter(([name]) => name === "b"));
  expect(config.toToml()).not.toContain("extra = 1");
  expect(config.toToml()).toContain("extra = 2");
});

test("a known key in another case is written once", () => {
  const written = read(`[Crio]\nROOT = "/r"\nUnknown = 1\n[Crio.Image]\nPause_Image = "p"`).toToml();
  expect(written).toContain(`root = "/r"`);
  expect(written).toContain("Unknown = 1");
  expect(written).not.toMatch(/ROOT|Pause|\[Crio/);
});

describe("toFile", () => {
  test("writes a file that updateFromFile reads, and leaves nothing beside it", () => {
    const target = join(directory, "written", "crio.conf");
    mkdirSync(join(directory, "written"));
    const config = read(everything);
    config.toFile(target);
    const reread = defaultConfig();
    reread.updateFromFile(target);
    expect(reread).toEqual(config);
    expect(readdirSync(join(directory, "written"))).toEqual(["crio.conf"]);
  });

  test("keeps the mode of a file that is there and follows a link", () => {
    const target = writeFile(directory, "linked/real.conf", "old");
    const link = join(directory, "linked", "link.conf");
    chmodSync(target, 0o600);
    symlinkSync("real.conf", link);
    defaultConfig().toFile(link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe(defaultConfig().toToml());
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  test("says what cannot be written", () => {
    const missing = join(directory, "nowhere", "crio.conf");
    const error = kpodErrorOf(() => {
      defaultConfig().toFile(missing);
    });
    expect([error.code, error.message]).toEqual(["IO", `cannot write ${missing}: no such file or directory`]);
  });

  test("does not put a file in the place of a directory", () => {
    const occupied = join(directory, "occupied");
    mkdirSync(occupied);
    const error = kpodErrorOf(() => {
      defaultConfig().toFile(occupied);
    });
    expect([error.code, error.message]).toEqual(["IO", `cannot write ${occupied}: is a directory`]);
    expect(readdirSync(directory).filter((name) => name.startsWith("occupied"))).toEqual(["occupied"]);
  });
});

type Table = Record<string, unknown>;

/** Tables joined into one, later values over earlier ones. */
function merged(...tables: Table[]): Table {
  const result: Table = {};
  for (const table of tables) {
    for (const [key, value] of Object.entries(table)) {
      const there = result[key];
      result[key] = isTable(there) && isTable(value) ? merged(there, value) : value;
    }
  }
  return result;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("toISOString" in value);
}
