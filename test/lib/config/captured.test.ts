import { readFileSync } from "node:fs";
import { join } from "node:path";
import parseString from "@iarna/toml/parse-string";
import { defaultConfig, type Config } from "../../../src/lib/config";
import { imageKeys } from "../../../src/lib/config/image-config";
import { fieldsOf, type ConfigKeys } from "../../../src/lib/config/keys";
import { networkKeys } from "../../../src/lib/config/network-config";
import { rootKeys } from "../../../src/lib/config/root-config";
import { runtimeKeys } from "../../../src/lib/config/runtime-config";
import { temporaryDirectory, writeFile } from "./temp-files";

const data = process.env.KPOD_CRIO_DATA ?? "";
// Files captured on nodes that CRI-O ran are no part of the repository: skipped where the variable
// KPOD_CRIO_DATA does not name the directory that holds them.
const maybe = data === "" ? test.skip : test;
// jest does not tidy up after a file whose tests are all skipped.
const directory = data === "" ? "" : temporaryDirectory();

function read(version: string): Config {
  const config = defaultConfig();
  config.updateFromFile(join(data, version, "crio.conf"));
  return config;
}

maybe("the file of a CRI-O 1.0.0 is read", () => {
  expect(read("v1.0.0")).toEqual(
    Object.assign(defaultConfig(), {
      listen: "/var/run/crio.sock",
      runtime: "/usr/sbin/runc",
      signaturePolicyPath: "/etc/containers/policy.json",
      registries: ["docker.io"],
      networkDir: "/etc/cni/net.d",
      pluginDir: "/usr/lib/cni",
    }),
  );
});

maybe("the file of a CRI-O 1.36.3 is read", () => {
  const config = read("v1.36.3");
  expect(config).toMatchObject({
    root: "/var/lib/containers/storage",
    runRoot: "/run/containers/storage",
    storage: "overlay",
    logDir: "/var/log/pods",
    defaultRuntime: "runc",
    dropInfraCtr: true,
    conmonCgroup: "pod",
    cgroupManager: "cgroupfs",
    pauseImage: "localhost/pause:ref",
    cniDefaultNetwork: "bnet",
    pluginDirs: ["/usr/lib/cni"],
  });
  expect(Object.keys(config.runtimes)).toEqual(["runc", "crun"]);
  expect(config.runtimes.crun?.runtimeRoot).toBe("/run/crun");
});

for (const version of ["v1.0.0", "v1.36.3"]) {
  maybe(`written again, the file of ${version} has lost nothing`, () => {
    const before = read(version);
    const after = defaultConfig();
    after.updateFromFile(writeFile(directory, `${version}.conf`, before.toToml()));
    expect(after).toEqual(before);
    const original = parseString(readFileSync(join(data, version, "crio.conf"), "utf8"));
    expect(parseString(after.toToml())).toMatchObject(original);
  });
}

maybe("every key of CRI-O 1.0.0 is known", () => {
  const known: Record<string, readonly string[]> = {
    RootConfig: namesOf(rootKeys),
    RuntimeConfig: namesOf(runtimeKeys),
    ImageConfig: namesOf(imageKeys),
    NetworkConfig: namesOf(networkKeys),
  };
  const lines = readFileSync(join(data, "toml-keys-v1.0.0.txt"), "utf8").trim().split("\n");
  const tables = lines.map((line) => line.split(": ")).filter(([name]) => known[name ?? ""] !== undefined);
  expect(tables).toHaveLength(4);
  for (const [name = "", keys = ""] of tables) {
    expect(known[name]).toEqual(keys.split(" "));
  }
});

/** The names of the keys that CRI-O 1.0.0 has. */
function namesOf<T>(keys: ConfigKeys<T>): string[] {
  return fieldsOf(keys)
    .filter((field) => keys[field].later !== true)
    .map((field) => keys[field].name);
}
