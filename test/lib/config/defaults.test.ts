import {
  defaultConfig,
  defaultHooksDirPath,
  defaultLogSizeMax,
  defaultPidsLimit,
  overrideHooksDirPath,
} from "../../../src/lib/config";

test("the defaults are those of CRI-O 1.0.0", () => {
  expect(Object.fromEntries(Object.entries(defaultConfig()))).toEqual({
    root: "/var/lib/containers/storage",
    runRoot: "/var/run/containers/storage",
    storage: "",
    storageOptions: [],
    logDir: "/var/log/crio/pods",
    fileLocking: true,
    lockPath: "/run/crio.lock",
    imageStore: "",
    versionFile: "/var/run/crio/version",
    versionFilePersist: "",
    internalWipe: true,
    kpodStateDir: "/var/lib/kpod",
    listen: "/var/run/crio/crio.sock",
    transientStore: false,
    runtime: "/usr/bin/runc",
    runtimeUntrustedWorkload: "",
    defaultWorkloadTrust: "trusted",
    noPivot: false,
    conmon: "/usr/local/libexec/crio/conmon",
    conmonEnv: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    conmonCgroup: "",
    selinux: false,
    seccompProfile: "/etc/crio/seccomp.json",
    apparmorProfile: "crio-default",
    cgroupManager: "cgroupfs",
    hooksDirPath: "/usr/share/containers/oci/hooks.d",
    hooksDir: [],
    defaultMounts: [],
    hooks: {},
    pidsLimit: 1024,
    logSizeMax: -1,
    containerExitsDir: "/var/run/crio/exits",
    containerAttachSocketDir: "/var/run/crio",
    namespacesDir: "/var/run",
    dropInfraCtr: false,
    defaultRuntime: "",
    runtimes: {},
    defaultTransport: "docker://",
    pauseImage: "kubernetes/pause",
    pauseCommand: "/pause",
    signaturePolicyPath: "",
    insecureRegistries: [],
    imageVolumes: "mkdir",
    globalAuthFile: "",
    pauseImageAuthFile: "",
    registries: [],
    pinnedImages: [],
    networkDir: "/etc/cni/net.d/",
    pluginDir: "/opt/cni/bin/",
    pluginDirs: [],
    cniDefaultNetwork: "",
  });
});

test("the constants are those of libkpod", () => {
  expect([defaultPidsLimit, defaultLogSizeMax, defaultHooksDirPath, overrideHooksDirPath]).toEqual([
    1024,
    -1,
    "/usr/share/containers/oci/hooks.d",
    "/etc/containers/oci/hooks.d",
  ]);
});

test("two configurations share nothing", () => {
  const one = defaultConfig();
  one.conmonEnv.push("A=1");
  one.runtimes.runc = {
    runtimePath: "/r",
    runtimeType: "",
    runtimeRoot: "",
    monitorPath: "",
    monitorCgroup: "",
    monitorEnv: [],
    platformRuntimePaths: {},
    privilegedWithoutHostDevices: false,
    inheritDefaultRuntime: false,
  };
  one.set({ root: "/elsewhere" }, "test");
  const other = defaultConfig();
  expect([other.conmonEnv.length, other.runtimes, other.root, other.sources.size]).toEqual([
    1,
    {},
    "/var/lib/containers/storage",
    0,
  ]);
});
