import { existsSync } from "node:fs";
import {
  crioDefaults,
  newestOf,
  parseCrioVersion,
  versionsOfKeys,
  type Config,
  type CrioAnswer,
  type CrioVersion,
} from "../config";
import { findExecutable } from "../system/executable";
import { askDaemon } from "./daemon";

/** Milliseconds that the program may take to say its version, and the daemon to answer. */
const timeLimit = 1000;

/** Bytes of an answer of the daemon that are read. */
const longestAnswer = 1024 * 1024;

/**
 * Finds the version of the node's CRI-O for whoever needs it, and puts its defaults in force: what its version files
 * tell, which whoever reads the configuration has looked at, else what the program `crio` says, else what the running
 * daemon says of its configuration. It takes no longer than two seconds.
 * @returns the answer in force; undefined for a configuration of libkpod's own defaults
 */
export async function findCrioVersion(config: Config): Promise<CrioAnswer | undefined> {
  if (config.crio === undefined || config.crio.known) return config.crio;
  const found = (await askProgram()) ?? (await askForConfig(config));
  if (found !== undefined) config.adoptVersion(found);
  return config.crio;
}

/** Where the program of CRI-O is; undefined when it is not installed. */
export function crioProgram(): string | undefined {
  return findExecutable("", "/usr/bin/crio");
}

async function askProgram(): Promise<CrioAnswer | undefined> {
  const path = crioProgram();
  if (path === undefined) return undefined;
  const { execa } = await import("execa");
  const { stdout } = await execa(path, ["--version"], {
    reject: false,
    stdin: "ignore",
    timeout: timeLimit,
    killSignal: "SIGKILL",
    maxBuffer: longestAnswer,
  });
  const version = parseCrioVersion(stdout);
  return version === undefined ? undefined : { known: true, version, source: `${path} --version` };
}

/**
 * Asks the daemon for its configuration: the values in force, and by the keys that it knows its version, as far as the
 * defaults need it.
 */
async function askForConfig(config: Config): Promise<CrioAnswer | undefined> {
  if (!existsSync(config.listen)) return undefined;
  const answer = await askDaemon(config.listen, "/config", timeLimit);
  const isConfig = typeof answer === "object" && answer.status === 200;
  const said = isConfig ? readDaemonConfig(answer.text) : undefined;
  if (said === undefined) return undefined;
  const source = `/config of ${config.listen}`;
  for (const field of ["defaultRuntime", "cgroupManager"] as const) {
    const value = said.values[field];
    if (value !== undefined && config.isDefault(field)) config.set({ [field]: value }, source);
  }
  return { known: said.known, version: said.version, source };
}

/** What the configuration of a daemon, as it prints it, tells. */
export interface DaemonConfig {
  /** The newest version that has these keys. */
  version: CrioVersion;
  /** False where versions with different defaults have the same keys. */
  known: boolean;
  values: Partial<Pick<Config, "defaultRuntime" | "cgroupManager">>;
}

/** Keys that every daemon prints since a version, the oldest first. */
const printedSince: readonly (readonly [string, CrioVersion])[] = [
  ["default_runtime", [1, 12, 0]],
  ["namespaces_dir", [1, 18, 0]],
  ["drop_infra_ctr", [1, 20, 0]],
  ["clean_shutdown_file", [1, 21, 0]],
  ["internal_repair", [1, 28, 0]],
  ["imagestore", [1, 29, 0]],
  ["oci_artifact_mount_support", [1, 33, 0]],
];

/** Reads the configuration that a daemon prints; undefined for what is none. */
export function readDaemonConfig(text: string): DaemonConfig | undefined {
  const values = new Map<string, string>();
  for (const [, key = "", value = ""] of text.matchAll(/^[ \t]*(?:#[ \t]*)?([a-z_]+)[ \t]*=[ \t]*(.*)$/gm)) {
    values.set(key, values.get(key) ?? value.trim());
  }
  if (!values.has("root") || !values.has("listen")) return undefined;
  const { since, before } = versionsOfKeys(values.keys());
  const next = printedSince.find(([key]) => !values.has(key))?.[1] ?? before;
  const version = newestOf({ since, before: next });
  const runtime = wordIn(values.get("default_runtime"));
  const manager = wordIn(values.get("cgroup_manager"));
  return {
    version,
    // What of them a launch needs.
    known: crioDefaults(since).runtimeRoot === crioDefaults(version).runtimeRoot,
    values: {
      ...(runtime === undefined ? {} : { defaultRuntime: runtime }),
      ...(manager === "systemd" || manager === "cgroupfs" ? { cgroupManager: manager } : {}),
    },
  };
}

function wordIn(value: string | undefined): string | undefined {
  return /^"([A-Za-z0-9._-]+)"/.exec(value ?? "")?.[1];
}
