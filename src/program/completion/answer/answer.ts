import type { FlagSpec, FlagSpecs } from "../../../shell/flags";
import { globalFlags } from "../../../shell/global-flags";
import { findCommand, type Command } from "../../command";
import type { Completes, NodeObject } from "../../../shell/completes";
import type { Config } from "../../../lib/config/index";
import { commands } from "../../command-list";
import { systemTerminal } from "../../../shell/terminal";
import { candidates, type Candidate } from "./candidates";
import { readStoreRecords } from "./store-records";
import { readCompletionRequest, type CompletionRequest } from "./request";
import { isOfNetworks, nodeObjects } from "./node-objects";

/**
 * Answers a shell that completes a command line: a line a name, with its description after a tab. It is
 * asked at every press of a key, so that it reads the records alone: it waits for no lock and no runtime. What
 * cannot be read is not offered; a shell has no place for errors.
 *
 * @param argv the words after `kpod`
 * @returns false when they ask for something else
 */
export async function answerShell(argv: readonly string[]): Promise<boolean> {
  const request = readCompletionRequest(argv);
  if (request === undefined) return false;
  try {
    systemTerminal.out(await answer(request));
  } catch {
    // See above: nothing to offer is the answer, and so is a shell that has gone away.
  }
  return true;
}

async function answer(request: CompletionRequest): Promise<string> {
  const completes = completesAt(commands, request.place);
  if (completes !== "container-path" && !isNodeObject(completes)) return "";
  const { globals, word } = request;
  // A press of a key calls no other node, and the names of this one mean nothing there.
  if (globals.has("host")) return "";
  const { loadConfig } = await import("../../../lib/config/index");
  const hostRoot = globals.get("host-root");
  if (hostRoot !== undefined) {
    const { enterHostRoot } = await import("../../../lib/system/host-root");
    enterHostRoot(hostRoot);
  }
  const config = loadConfig({
    configFile: globals.get("config"),
    overrides: {
      root: globals.get("root"),
      runRoot: globals.get("runroot"),
      storage: globals.get("storage-driver"),
    },
  });
  return (await offered(config, completes, word))
    .map(({ value, description }) => `${value}\t${description}\n`)
    .join("");
}

async function offered(
  config: Config,
  completes: NodeObject | "container-path",
  word: string,
): Promise<readonly Candidate[]> {
  if (isOfNetworks(completes)) {
    const { networkCandidates, networkListCandidates } = await import("./network-names");
    if (completes === "networks") return networkListCandidates(config, word);
    const networks = networkCandidates(config, word);
    if (completes === "network") return networks;
    return [...networks, ...candidates(nodeObjects(readStoreRecords(config), "pod", word), word)];
  }
  const records = readStoreRecords(config);
  if (completes !== "container-path") return candidates(nodeObjects(records, completes, word), word);
  const { containerPaths, isContainerPath } = await import("./container-paths");
  if (isContainerPath(word)) return containerPaths(config, records, word);
  const containers = candidates(nodeObjects(records, "container", word), word);
  return containers.map(({ value, description }) => ({ value: `${value}:`, description }));
}

const others: readonly Completes[] = ["nothing", "file", "directory", "container-path", "signal", "command"];

function isNodeObject(completes: Completes): completes is NodeObject {
  return typeof completes === "string" && !others.includes(completes);
}

/**
 * What completes a place of the command line, by the list of commands.
 *
 * @param place as in CompletionRequest
 * @returns "nothing" for a place that there is not
 */
export function completesAt(commands: readonly Command[], place: readonly string[]): Completes {
  const flagAt = place.findIndex((word) => word.startsWith("-"));
  const path = flagAt < 0 ? place : place.slice(0, flagAt);
  const command = findCommand(commands, path);
  if (command === undefined) return "nothing";
  if (flagAt < 0) return command.arguments.completes?.[0] ?? "nothing";
  const [flag = "", key] = place.slice(flagAt);
  const completes = flagNamed({ ...globalFlags, ...command.flags }, flag)?.completes ?? "nothing";
  if (typeof completes !== "object" || !("filters" in completes)) return completes;
  return (key === undefined ? undefined : ownValue(completes.filters, key)) ?? "nothing";
}

function flagNamed(specs: FlagSpecs, flag: string): FlagSpec | undefined {
  return ownValue(specs, flag.replace(/^--/, ""));
}

function ownValue<V>(values: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
