import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { defaultConfigPaths, runtimeHandler, type Config, type RecordsFile } from "../config";
import type { LaunchParts } from "../server-parts";
import { KpodError, tolerate } from "../errors";
import { hasKpodMark } from "../crio/kpod-mark";
import { readAnnotationQuickly, readSpec } from "../oci/spec-file";
import { crioProgram, findCrioVersion } from "../crio/find-version";
import { hasNameOfCrio } from "../storage/damaged-metadata";
import type { ContainerRecord } from "../storage/records";

/**
 * Makes sure that what is launched lies where the node's CRI-O looks for it: its version is found, and its defaults
 * are in force. Where it cannot be told, what its versions differ in must be configured, unless no CRI-O uses the
 * store.
 * @throws KpodError BAD_CONFIG with what to put into crio.conf
 */
export async function requireKnownDefaults(server: Pick<LaunchParts, "config" | "store">): Promise<void> {
  const { config } = server;
  const answer = await findCrioVersion(config);
  if (answer === undefined || answer.known) return;
  const records = await server.store.containers();
  config.setRecordsFile(placeOfOthers(records, existsSync(server.store.layout.containersFiles[1])));
  const missing = unsaid(config);
  if (missing.length === 0) return;
  const user = userOf(server, records);
  if (user === undefined) return;
  throw new KpodError(
    "BAD_CONFIG",
    `the version of the CRI-O that uses the store is not known (${user}), and so not where it looks for containers`,
    { hint: `put what it uses into crio.conf: ${missing.join("; ")}` },
  );
}

/** Where CRI-O has put the records that are there, as far as they tell. */
function placeOfOthers(records: readonly ContainerRecord[], hasVolatile: boolean): RecordsFile {
  const isFlagged = records.some(({ flags }) => flags?.Volatile === true);
  if (!isFlagged) return "stable";
  return hasVolatile ? "volatile" : "flagged";
}

/** The lines of crio.conf that would say what only the version tells, with what the newest one has. */
function unsaid(config: Config): string[] {
  const { defaultRuntime, cgroupManager, crioDefaults } = config;
  const handler = defaultRuntime === "" ? "runc" : defaultRuntime;
  const namesRuntime = !config.isDefault("defaultRuntime") || config.sources.has("runtime");
  // A crio.conf that names a runtime by its path is of before there were roots.
  const hasRoot =
    (runtimeHandler(config, "")?.runtimeRoot ?? "") !== "" ||
    (defaultRuntime === "" && config.sources.has("runtime"));
  return [
    ...(namesRuntime ? [] : [`default_runtime = ${JSON.stringify(handler)} in [crio.runtime]`]),
    ...(config.isDefault("cgroupManager")
      ? [`cgroup_manager = ${JSON.stringify(cgroupManager)} in [crio.runtime]`]
      : []),
    ...(hasRoot
      ? []
      : [`runtime_root = ${JSON.stringify(crioDefaults.runtimeRoot)} in [crio.runtime.runtimes.${handler}]`]),
  ];
}

/** What shows that a CRI-O uses the store; undefined where nothing does. */
function userOf(
  server: Pick<LaunchParts, "config" | "store">,
  records: readonly ContainerRecord[],
): string | undefined {
  const { config, store } = server;
  const other = records.find((record) => hasNameOfCrio(record) && !isOfKpod(server, record));
  if (other !== undefined) return `it has made ${other.names?.[0] ?? other.id}`;
  // What the node has says nothing of a store that is somewhere else.
  if (config.sources.get("root")?.startsWith("--") === true) return undefined;
  const isNodes = config.files.every(isNodesFile);
  if (!isNodes || !existsSync(store.layout.root)) return undefined;
  const signs = [config.listen, crioProgram(), dirname(defaultConfigPaths.configFile)];
  const sign = signs.find((path) => path !== undefined && existsSync(path));
  return sign === undefined ? undefined : `${sign} is there`;
}

function isNodesFile(file: string): boolean {
  const { configFile, configDir, storageConf } = defaultConfigPaths;
  return file === configFile || file.startsWith(`${configDir}/`) || storageConf.includes(file);
}

function isOfKpod({ store }: Pick<LaunchParts, "store">, { id }: ContainerRecord): boolean {
  const path = `${store.userdataDirectory(id)}/config.json`;
  const annotation = (key: string): string =>
    readAnnotationQuickly(path, key) ?? readSpec([path]).annotations?.[key] ?? "";
  return tolerate(false, () => hasKpodMark({ annotation }));
}
