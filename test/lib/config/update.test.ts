import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig, type Config } from "../../../src/lib/config";
import { kpodErrorOf, temporaryDirectory, writeFile } from "./temp-files";

const directory = temporaryDirectory();

function updated(toml: string, config: Config = defaultConfig()): Config {
  config.updateFromFile(writeFile(directory, "crio.conf", toml));
  return config;
}

test.each<[string, Partial<Config>]>([
  [`[crio]\nroot = "/r"`, { root: "/r" }],
  [`[crio]\nrunroot = "/rr"`, { runRoot: "/rr" }],
  [`[crio]\nstorage_driver = "vfs"`, { storage: "vfs" }],
  [`[crio]\nstorage_option = ["a=1", "b=2"]`, { storageOptions: ["a=1", "b=2"] }],
  [`[crio]\nlog_dir = "/l"`, { logDir: "/l" }],
  [`[crio]\nfile_locking = false`, { fileLocking: false }],
  [`[crio]\nlock_path = "/k"`, { lockPath: "/k" }],
  [`[crio]\nfile_locking_path = "/k"`, { lockPath: "/k" }],
  [`[crio]\nfile_locking_path = "/a"\nlock_path = "/k"`, { lockPath: "/k" }],
  [`[crio]\nimagestore = "/i"`, { imageStore: "/i" }],
  [`[crio]\nversion_file = "/v"`, { versionFile: "/v" }],
  [`[crio]\nversion_file_persist = "/p"`, { versionFilePersist: "/p" }],
  [`[crio]\nversion_file = ""\ninternal_wipe = false`, { versionFile: "", internalWipe: false }],
  [`[crio.api]\nlisten = "/run/x.sock"`, { listen: "/run/x.sock" }],
  [`[crio.runtime]\nruntime = "runc"`, { runtime: "runc" }],
  [`[crio.runtime]\nruntime_untrusted_workload = "/kata"`, { runtimeUntrustedWorkload: "/kata" }],
  [`[crio.runtime]\ndefault_workload_trust = "untrusted"`, { defaultWorkloadTrust: "untrusted" }],
  [`[crio.runtime]\ndefault_workload_trust = ""`, { defaultWorkloadTrust: "trusted" }],
  [`[crio.runtime]\nno_pivot = true`, { noPivot: true }],
  [`[crio.runtime]\nconmon = "/c"`, { conmon: "/c" }],
  [`[crio.runtime]\nconmon_env = [\n  "A=1", # one\n]`, { conmonEnv: ["A=1"] }],
  [`[crio.runtime]\nconmon_cgroup = "pod"`, { conmonCgroup: "pod" }],
  [`[crio.runtime]\nselinux = true`, { selinux: true }],
  [`[crio.runtime]\nseccomp_profile = ""`, { seccompProfile: "" }],
  [`[crio.runtime]\napparmor_profile = "unconfined"`, { apparmorProfile: "unconfined" }],
  [`[crio.runtime]\ncgroup_manager = "systemd"`, { cgroupManager: "systemd" }],
  [`[crio.runtime]\nhooks_dir_path = "/h"`, { hooksDirPath: "/h" }],
  [`[crio.runtime]\nhooks_dir = ["/h", "/i"]`, { hooksDir: ["/h", "/i"] }],
  [`[crio.runtime]\ndefault_mounts = ["/a:/b"]`, { defaultMounts: ["/a:/b"] }],
  [`[crio.runtime]\npids_limit = -1`, { pidsLimit: -1 }],
  [`[crio.runtime]\nlog_size_max = 16_384`, { logSizeMax: 16384 }],
  [`[crio.runtime]\nlog_size_max = "10MiB"`, { logSizeMax: 10485760 }],
  [`[crio.runtime]\nlog_size_max = "8kB"`, { logSizeMax: 8000 }],
  [`[crio.runtime]\ncontainer_exits_dir = "/e"`, { containerExitsDir: "/e" }],
  [`[crio.runtime]\ncontainer_attach_socket_dir = "/s"`, { containerAttachSocketDir: "/s" }],
  [`[crio.runtime]\nnamespaces_dir = "/n"`, { namespacesDir: "/n" }],
  [`[crio.runtime]\ndrop_infra_ctr = true`, { dropInfraCtr: true }],
  [`[crio.runtime]\ndefault_runtime = "crun"`, { defaultRuntime: "crun" }],
  [`[crio.image]\ndefault_transport = "oci:"`, { defaultTransport: "oci:" }],
  [`[crio.image]\npause_image = "p"`, { pauseImage: "p" }],
  [`[crio.image]\npause_command = "/c"`, { pauseCommand: "/c" }],
  [`[crio.image]\nsignature_policy = "/s"`, { signaturePolicyPath: "/s" }],
  [`[crio.image]\ninsecure_registries = ["i"]`, { insecureRegistries: ["i"] }],
  [`[crio.image]\nimage_volumes = "bind"`, { imageVolumes: "bind" }],
  [`[crio.image]\nregistries = ["docker.io"]`, { registries: ["docker.io"] }],
  [`[crio.image]\npinned_images = ["registry.example/app*"]`, { pinnedImages: ["registry.example/app*"] }],
  [`[crio.network]\nnetwork_dir = "/n"`, { networkDir: "/n" }],
  [`[crio.network]\nplugin_dir = "/p"`, { pluginDir: "/p" }],
  [`[crio.network]\nplugin_dirs = ["/p", "/q"]`, { pluginDirs: ["/p", "/q"] }],
  [`[crio.network]\ncni_default_network = "net"`, { cniDefaultNetwork: "net" }],
  // The spellings of TOML, and of Go's decoder, which does not look at the case of keys.
  [`crio.runtime.pids_limit = 3`, { pidsLimit: 3 }],
  [`crio = { root = "/r", image = { pause_image = "p" } }`, { root: "/r", pauseImage: "p" }],
  [`["crio"]\n'root' = '''/r'''`, { root: "/r" }],
  [`[CRIO]\nRunRoot = "/rr"`, { runRoot: "/rr" }],
  [`[crio]\nRoot = "/other"\nroot = "/exact"`, { root: "/exact" }],
  [`\uFEFF[crio]\r\nroot = "/r"\r\n`, { root: "/r" }],
  // What sets nothing.
  [`[crio]\nroot = ""\nrunroot = ""\nstorage_driver = ""`, {}],
  [`[crio.api]\nfile_locking = false\nroot = "/api"`, {}],
  [`root = "/top"\n[other]\nroot = "/other"\n[crio.unknown]\nroot = 3`, {}],
  [``, {}],
  [`# nothing but a comment`, {}],
])("%j", (toml, fields) => {
  expect(updated(toml)).toEqual(Object.assign(defaultConfig(), fields));
});

test("a second file changes only what it sets", () => {
  const config = updated(`[crio]\nroot = "/one"\nrunroot = "/one"\n[crio.image]\nregistries = ["a", "b"]`);
  updated(`[crio]\nroot = ""\nrunroot = "/two"\n[crio.image]\nregistries = ["c"]`, config);
  expect([config.root, config.runRoot, config.registries]).toEqual(["/one", "/two", ["c"]]);
});

test("the options of the store add up, each once", () => {
  const config = updated(`[crio]\nstorage_option = ["a=1", "b=2"]`);
  updated(`[crio]\nstorage_option = ["c=3", "a=1"]`, config);
  expect(config.storageOptions).toEqual(["a=1", "b=2", "c=3"]);
});

test("where a value comes from is told for those that were set", () => {
  const config = defaultConfig();
  const one = writeFile(directory, "one.conf", `[crio]\nroot = "/one"\nrunroot = ""\nlog_dir = "/l"`);
  const two = writeFile(directory, "two.conf", `[crio]\nlog_dir = "/l"\n[crio.runtime.runtimes.a]`);
  config.updateFromFile(one);
  config.updateFromFile(two);
  expect([...config.sources]).toEqual([
    ["root", one],
    ["logDir", two],
    ["runtimes", two],
  ]);
  expect(config.files).toEqual([one, two]);
});

describe("a value that will not do is named with file, line and key", () => {
  test.each([
    [
      `[crio.runtime]\n# many\npids_limit = "many"`,
      `3: crio.runtime.pids_limit must be an integer, not "many"`,
    ],
    [`[crio.runtime]\npids_limit = 1.5`, `2: crio.runtime.pids_limit must be an integer, not 1.5`],
    [
      `[crio.runtime]\npids_limit = 9223372036854775807`,
      `2: crio.runtime.pids_limit must be an integer, not 9223372036854775807`,
    ],
    [`[crio.runtime]\nno_pivot = "true"`, `2: crio.runtime.no_pivot must be true or false, not "true"`],
    [`[crio]\nroot = 5`, `2: crio.root must be an absolute path or "", not 5`],
    [`[crio]\nroot = "store"`, `2: crio.root must be an absolute path or "", not "store"`],
    [`[crio]\nlog_dir = ""`, `2: crio.log_dir must be an absolute path, not ""`],
    [
      `[crio.runtime]\n\nconmon_env = "PATH=/bin"`,
      `3: crio.runtime.conmon_env must be a list of strings, not "PATH=/bin"`,
    ],
    [
      `[crio.runtime]\nconmon_env = [\n  "A=1",\n  5,\n]`,
      `2: crio.runtime.conmon_env must be a list of strings, not ["A=1", 5]`,
    ],
    [
      `[crio.runtime]\nconmon_env = ["${"x".repeat(80)}", 5]`,
      `2: crio.runtime.conmon_env must be a list of strings, not ["${"x".repeat(55)}...`,
    ],
    [
      `[crio.image]\nimage_volumes = "none"`,
      `2: crio.image.image_volumes must be one of "mkdir", "ignore", "bind", not "none"`,
    ],
    [
      `[crio.image]\nimage_volumes = ""`,
      `2: crio.image.image_volumes must be one of "mkdir", "ignore", "bind", not ""`,
    ],
    [
      `[crio.runtime]\ncgroup_manager = "cgroup"`,
      `2: crio.runtime.cgroup_manager must be one of "cgroupfs", "systemd", not "cgroup"`,
    ],
    [
      `[crio.runtime]\ndefault_workload_trust = true`,
      `2: crio.runtime.default_workload_trust must be "trusted" or "untrusted", not true`,
    ],
    [
      `[crio.runtime]\nlog_size_max = "big"`,
      `2: crio.runtime.log_size_max must be a number of bytes or a size such as "10MiB", not "big"`,
    ],
    [`[crio.runtime]\nconmon = 1979-05-27`, `2: crio.runtime.conmon must be a string, not a date`],
    [`[crio.runtime.conmon]\nx = 1`, `1: crio.runtime.conmon must be a string, not a table`],
    [`crio = 5`, `1: crio must be a table, not 5`],
    [`[crio]\nruntime = "/usr/bin/runc"`, `2: crio.runtime must be a table, not "/usr/bin/runc"`],
    [`[[crio.image]]\npause_image = "p"`, `1: crio.image must be a table, not [a table]`],
    [`[crio.runtime]\nruntimes = ["runc"]`, `2: crio.runtime.runtimes must be a table, not ["runc"]`],
    [
      `[crio.runtime.runtimes]\n"my runc" = "/usr/bin/runc"`,
      `2: crio.runtime.runtimes."my runc" must be a table, not "/usr/bin/runc"`,
    ],
    [
      `[crio.runtime.runtimes.runc]\nruntime_path = [""]`,
      `2: crio.runtime.runtimes.runc.runtime_path must be a string, not [""]`,
    ],
    [
      `[crio.runtime.runtimes.runc]\nplatform_runtime_paths = { "linux/arm64" = 5 }`,
      `2: crio.runtime.runtimes.runc.platform_runtime_paths must be a table of strings, not a table`,
    ],
    [`[CRIO]\nRunRoot = 5`, `2: CRIO.RunRoot must be an absolute path or "", not 5`],
    [`crio.image = {\tpause_image = 5 }`, `1: crio.image.pause_image must be a string, not 5`],
  ])("%j", (toml, message) => {
    const error = kpodErrorOf(() => updated(toml));
    expect([error.code, error.message]).toEqual(["BAD_CONFIG", `${join(directory, "crio.conf")}:${message}`]);
  });
});

describe("bad TOML is named with file, line and key", () => {
  test.each([
    [`[crio]\nroot = "/r\nrunroot = "/rr"`, /:2: crio\.root: not valid TOML: \S/],
    [`[crio]\nroot = = "/r"`, /:2: crio\.root: not valid TOML: \S/],
    [`[crio]\nroot = /r\n`, /:2: crio\.root: not valid TOML: \S/],
    [`[crio]\nroot =`, /:2: crio\.root: not valid TOML: \S/],
    [
      `# c\n[crio]\n# c\nstorage_option = [\n  "a"\n  "b"\n]\n`,
      /:6: crio\.storage_option: not valid TOML: \S/,
    ],
    [`[crio]\nstorage_option = [\n  "a",\n\n\n`, /:3: crio\.storage_option: not valid TOML: \S/],
    [`[crio.image]\npause_image = """open\n\n`, /:2: crio\.image\.pause_image: not valid TOML: \S/],
    [`[crio]\nroot = "/a"\nroot = "/b"\n`, /:3: crio\.root: not valid TOML: Can't redefine existing key$/],
    [`[crio]\n[crio.image]\n[crio]\n`, /:3: not valid TOML: Can't redefine existing key$/],
    [`[crio\nroot = "/r"`, /:1: not valid TOML: \S/],
    [`\n\nroot`, /:3: not valid TOML: \S/],
    [`{"crio": {}}`, /:1: not valid TOML: \S/],
  ])("%j", (toml, message) => {
    const error = kpodErrorOf(() => updated(toml));
    expect([error.code, error.message]).toEqual(["BAD_CONFIG", expect.stringMatching(message)]);
    expect(error.message).toMatch(/^\/[^\n]+$/);
  });
});

test("a file that will not do changes nothing", () => {
  const config = updated(`[crio]\nroot = "/r"`);
  kpodErrorOf(() => updated(`[crio]\nroot = "/s"\n[crio.network]\nplugin_dir = 1`, config));
  expect(config.root).toBe("/r");
  expect(config.files).toHaveLength(1);
  expect(config.toToml()).toContain(`root = "/r"`);
});

describe("what cannot be read is one clear error", () => {
  mkdirSync(join(directory, "directory.conf"));
  writeFile(directory, "latin1.conf", Buffer.from(`[crio]\nroot = "/\xe9"`, "latin1"));

  test.each([
    ["missing.conf", "no such file or directory"],
    ["missing/crio.conf", "no such file or directory"],
    ["directory.conf", "it is a directory, not a regular file"],
    ["latin1.conf", "it is not UTF-8 text"],
  ])("%s: %s", (name, reason) => {
    const path = join(directory, name);
    const error = kpodErrorOf(() => {
      defaultConfig().updateFromFile(path);
    });
    expect([error.code, error.message]).toEqual([
      "BAD_CONFIG",
      `cannot read configuration file ${path}: ${reason}`,
    ]);
  });
});
