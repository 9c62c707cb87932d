import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig, type Config } from "../../../src/lib/config";
import { runtimeKeys } from "../../../src/lib/config/runtime-config";
import { handlerKeys } from "../../../src/lib/config/runtime-handlers";
import { planConfinement, type Confinement } from "../../../src/lib/launch/confinement";
import { launchKeys, refuseWorkload } from "../../../src/lib/launch/launch-keys";
import { unlimited } from "../../../src/lib/oci/spec";
import { collectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

function configOf(...texts: readonly string[]): Config {
  const config = defaultConfig();
  for (const text of texts) config.updateFromFile(join(testdir({ "crio.conf": text }), "crio.conf"));
  config.seccompProfile = "unconfined";
  config.apparmorProfile = "unconfined";
  return config;
}

const runtime = (...lines: readonly string[]): string => ["[crio.runtime]", ...lines, ""].join("\n");
const handler = (...lines: readonly string[]): string =>
  ["[crio.runtime]", 'default_runtime = "runc"', "[crio.runtime.runtimes.runc]", ...lines, ""].join("\n");

function plan(...texts: readonly string[]): { confinement: Confinement; warnings: string[] } {
  const logger = collectingLogger();
  return { confinement: planConfinement(configOf(...texts), "", logger), warnings: logger.warnings };
}

const data = process.env.KPOD_CRIO_DATA ?? "";
// The lists of keys were taken from CRI-O itself and are no part of the repository.
const maybe = data !== "" && existsSync(join(data, "toml-keys-v1.36.3.txt")) ? test : test.skip;

maybe.each(["v1.0.0", "v1.36.3"])(
  "every key of %s that shapes containers is a field or in the table",
  (version) => {
    const text = readFileSync(join(data, `toml-keys-${version}.txt`), "utf8");
    const keysOf = (table: string): string[] =>
      (new RegExp(`^${table}: (.*)$`, "m").exec(text)?.[1] ?? "")
        .split(" ")
        .map((key) => key.replace(/,omitempty$/, ""))
        .filter((key) => key !== "" && key !== "runtimes");
    const names = (keys: object): string[] => Object.values(keys).map(({ name }: { name: string }) => name);
    const tabled = (table: "runtime" | "handler"): string[] =>
      launchKeys.filter((key) => key.table === table).map(({ name }) => name);
    const known = {
      RuntimeConfig: [...names(runtimeKeys), ...tabled("runtime")],
      RuntimeHandler: [...names(handlerKeys), ...tabled("handler")],
    };
    for (const table of ["RuntimeConfig", "RuntimeHandler"] as const) {
      expect(keysOf(table).filter((key) => !known[table].includes(key))).toEqual([]);
    }
    expect(keysOf("RuntimeConfig")).toContain("seccomp_profile");
  },
);

test("no key stands in the table twice, or beside a field", () => {
  const all = launchKeys.map(({ table, name }) => `${table} ${name}`);
  expect(new Set(all).size).toBe(all.length);
  const fields = Object.values(runtimeKeys).map(({ name }) => name);
  expect(launchKeys.filter(({ table, name }) => table === "runtime" && fields.includes(name))).toEqual([]);
});

test.each([
  ["bind_mount_prefix", runtime('bind_mount_prefix = "/host"')],
  ["default_mounts_file", runtime('default_mounts_file = "/etc/mounts.conf"')],
  ["uid_mappings", runtime('uid_mappings = "0:100000:65536"')],
  ["gid_mappings", runtime('gid_mappings = "0:100000:65536"')],
  ["default_mounts", runtime('default_mounts = ["/a:/b"]')],
  ["default_annotations", handler('default_annotations = { "cpu-quota.crio.io" = "disable" }')],
  ["runtime_pull_image", handler("runtime_pull_image = true")],
])("%s that asks for something refuses the launch, and names key, file and remedy", async (key, text) => {
  const error = await failureOf(() => plan(text));
  expect(error.code).toBe("UNSUPPORTED");
  expect(error.message).toMatch(
    new RegExp(`^kpod cannot follow ${key} in \\[crio\\.runtime.*crio\\.conf: \\S`),
  );
  expect(error.message).not.toContain("\n");
  expect(error.hint).toContain("--config");
});

test("the same keys as CRI-O prints them by default refuse nothing", () => {
  const empty = ["bind_mount_prefix", "default_mounts_file", "uid_mappings", "gid_mappings", "timezone"];
  const text = runtime(
    ...empty.map((key) => `${key} = ""`),
    "default_mounts = []",
    "log_to_journald = false",
  );
  expect(plan(text).warnings).toEqual([]);
  expect(plan(handler("default_annotations = {}", "runtime_pull_image = false")).warnings).toEqual([]);
});

test("a later file takes back what an earlier one asks for, and the table of a handler as a whole", () => {
  expect(plan(runtime('uid_mappings = "0:1:2"'), runtime('uid_mappings = ""')).warnings).toEqual([]);
  expect(plan(handler("runtime_pull_image = true"), handler('runtime_path = "/x"')).warnings).toEqual([]);
});

test("what changes nothing in a container is followed by a warning, once", () => {
  const logger = collectingLogger();
  const config = configOf(runtime("log_to_journald = true", "min_injected_gomaxprocs = 2"));
  planConfinement(config, "", logger);
  planConfinement(config, "", logger);
  expect(logger.warnings).toEqual([
    expect.stringMatching(/^log_to_journald in \[crio\.runtime\] of .*crio\.conf is not followed: /),
    expect.stringMatching(/^min_injected_gomaxprocs in /),
  ]);
});

test("plugins of NRI that CRI-O would ask refuse the launch; a directory without any does not", async () => {
  const nri = (directory: string, enabled = true): string =>
    `[crio.nri]\nenable_nri = ${String(enabled)}\nnri_plugin_dir = "${directory}"\n`;
  const full = testdir({ "10-topology": "" });
  const error = await failureOf(() => plan(nri(full)));
  expect([error.code, error.message]).toEqual(["UNSUPPORTED", expect.stringContaining(full)]);
  plan(nri(full, false));
  plan(nri(testdir()));
  plan(nri("/nowhere"));
});

test("a pod that asks for a workload by its annotation is refused", async () => {
  const config = configOf('[crio.runtime.workloads.pinned]\nactivation_annotation = "io.crio/pinned"\n');
  refuseWorkload(config, { "io.crio/other": "" });
  const error = await failureOf(() => {
    refuseWorkload(config, { "io.crio/pinned": "" });
  });
  expect([error.code, error.message]).toEqual([
    "UNSUPPORTED",
    expect.stringContaining("the workload pinned"),
  ]);
});

test("what is followed is read", () => {
  const { confinement, warnings } = plan(
    runtime(
      'default_capabilities = ["CHOWN", "cap_net_raw"]',
      "add_inheritable_capabilities = true",
      'additional_devices = ["/dev/null", "/dev/zero:/dev/nothing:r", "/dev/full:rw"]',
      'default_env = ["A=b=c", "EMPTY="]',
      'default_ulimits = ["nofile=1024:2048", "memlock=-1", "core=0:-1"]',
      'default_sysctls = ["net.ipv4.ip_forward=1", "kernel.shm_rmid_forced=1"]',
      "read_only = true",
      'timezone = "Europe/Berlin"',
      'infra_ctr_cpuset = "0-1,3"',
      "hostnetwork_disable_selinux = true",
    ),
  );
  expect(warnings).toEqual([]);
  expect(confinement).toMatchObject({
    capabilities: ["CAP_CHOWN", "CAP_NET_RAW"],
    inheritableCapabilities: true,
    devices: [
      { path: "/dev/null", type: "c", major: 1, minor: 3, access: "rwm" },
      { path: "/dev/nothing", type: "c", major: 1, minor: 5, access: "r" },
      { path: "/dev/full", type: "c", major: 1, minor: 7, access: "rw" },
    ],
    env: ["A=b=c", "EMPTY="],
    rlimits: [
      { type: "RLIMIT_NOFILE", soft: 1024, hard: 2048 },
      { type: "RLIMIT_MEMLOCK", soft: unlimited, hard: unlimited },
      { type: "RLIMIT_CORE", soft: 0, hard: unlimited },
    ],
    sysctls: { "net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1" },
    readOnly: true,
    timezone: "Europe/Berlin",
    infraCpuset: "0-1,3",
    hostNetworkWithoutLabel: true,
  });
});

test.each([
  ["default_capabilities", '["ALL"]'],
  ["default_capabilities", '["CHOWN", "FLY"]'],
  ["default_capabilities", '"CHOWN"'],
  ["additional_devices", '["fuse"]'],
  ["additional_devices", '["/dev/null:/x:/y:rwm"]'],
  ["additional_devices", '["/dev/null:/dev/null:rwx"]'],
  ["default_env", '["NAME"]'],
  ["default_ulimits", '["nofile"]'],
  ["default_ulimits", '["nofile=2:1"]'],
  ["default_ulimits", '["files=1"]'],
  ["default_ulimits", "[1]"],
  ["default_sysctls", '["kernel.panic=1"]'],
  ["default_sysctls", '["net.ipv4.ip_forward"]'],
  ["default_sysctls", '["net.x=1", "vm.swappiness=1"]'],
  ["read_only", '"yes"'],
  ["timezone", '"../../etc/shadow"'],
  ["infra_ctr_cpuset", '"0-"'],
])("%s = %s is an error that names file, line and key", async (key, value) => {
  const error = await failureOf(() => plan(runtime(`${key} = ${value}`)));
  expect([error.code, error.message]).toEqual([
    "BAD_CONFIG",
    expect.stringMatching(new RegExp(`crio\\.conf:2: crio\\.runtime\\.${key} must be `)),
  ]);
});

test.each(["/dev/nowhere", "/dev/pts"])("the device %s, which is none, is told", async (path) => {
  const error = await failureOf(() => plan(runtime(`additional_devices = ["${path}"]`)));
  expect([error.code, error.message]).toEqual(["BAD_CONFIG", expect.stringContaining(path)]);
});

test("the seccomp profile of a handler goes before that of the configuration", () => {
  const config = configOf(handler('seccomp_profile = "/a.json"'));
  config.seccompProfile = "/b.json";
  expect(() => planConfinement(config, "runc", collectingLogger())).toThrow("/a.json is missing");
  expect(() => planConfinement(config, "crun", collectingLogger())).toThrow("/b.json is missing");
});
