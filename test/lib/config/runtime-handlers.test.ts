import {
  cniPluginDirs,
  defaultConfig,
  hookDirectories,
  runtimeHandler,
  type Config,
} from "../../../src/lib/config";
import { temporaryDirectory, writeFile } from "./temp-files";

const directory = temporaryDirectory();

function read(toml: string): Config {
  const config = defaultConfig();
  config.updateFromFile(writeFile(directory, "crio.conf", toml));
  return config;
}

const runc = {
  runtimePath: "/usr/bin/runc",
  runtimeType: "oci",
  runtimeRoot: "/run/runc",
  monitorPath: "/usr/bin/conmon",
  monitorCgroup: "pod",
  monitorEnv: ["A=1"],
  platformRuntimePaths: { "linux/arm64": "/arm/runc" },
  privilegedWithoutHostDevices: true,
  inheritDefaultRuntime: false,
};

const config = read(`
[crio.runtime]
default_runtime = "runc"
[crio.runtime.runtimes.runc]
runtime_path = "/usr/bin/runc"
runtime_type = "oci"
runtime_root = "/run/runc"
monitor_path = "/usr/bin/conmon"
monitor_cgroup = "pod"
monitor_env = ["A=1"]
platform_runtime_paths = { "linux/arm64" = "/arm/runc" }
privileged_without_host_devices = true
[crio.runtime.runtimes.heir]
runtime_path = "/ignored"
monitor_path = "/own/conmon"
inherit_default_runtime = true
[crio.runtime.runtimes]
bare = {}
`);

const bare = {
  runtimePath: "",
  runtimeType: "",
  runtimeRoot: "",
  monitorPath: "",
  monitorCgroup: "",
  monitorEnv: [],
  platformRuntimePaths: {},
  privilegedWithoutHostDevices: false,
  inheritDefaultRuntime: false,
};

test.each([
  ["runc", runc],
  ["", runc],
  ["bare", bare],
  [
    "heir",
    {
      ...bare,
      runtimePath: "/usr/bin/runc",
      runtimeType: "oci",
      runtimeRoot: "/run/runc",
      monitorPath: "/own/conmon",
      inheritDefaultRuntime: true,
    },
  ],
  ["RUNC", undefined],
  ["crun", undefined],
  ["constructor", undefined],
])("the handler %j", (name, handler) => {
  expect(runtimeHandler(config, name)).toEqual(handler);
});

test("without a default handler there is none", () => {
  expect(runtimeHandler(defaultConfig(), "")).toBeUndefined();
  expect(runtimeHandler(read(`[crio.runtime]\ndefault_runtime = "crun"`), "")).toBeUndefined();
});

test("an heir of a default handler that is not there is taken as it is", () => {
  const orphan = read(`[crio.runtime.runtimes.heir]\nruntime_path = "/own"\ninherit_default_runtime = true`);
  expect(runtimeHandler(orphan, "heir")?.runtimePath).toBe("/own");
});

test.each([
  [``, ["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"]],
  [`hooks_dir_path = "/h"`, ["/h"]],
  [`hooks_dir_path = ""`, []],
  [`hooks_dir = ["/a", "/b"]`, ["/a", "/b"]],
  [`hooks_dir = []`, []],
  [`hooks_dir = ["/a"]\nhooks_dir_path = "/h"`, ["/a"]],
])("directories of hooks: %j", (keys, directories) => {
  expect(hookDirectories(read(`[crio.runtime]\n${keys}`))).toEqual(directories);
});

test.each([
  [``, ["/opt/cni/bin/"]],
  [`plugin_dir = "/p"`, ["/p"]],
  [`plugin_dir = ""`, []],
  [`plugin_dirs = ["/a", "/b"]`, ["/a", "/b"]],
  [`plugin_dirs = ["/a"]\nplugin_dir = "/p"`, ["/a", "/p"]],
  [`plugin_dirs = []`, ["/opt/cni/bin/"]],
])("directories of CNI plugins: %j", (keys, directories) => {
  expect(cniPluginDirs(read(`[crio.network]\n${keys}`))).toEqual(directories);
});
