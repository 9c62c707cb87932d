import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, KpodError } from "../errors";
import { monotonicNow } from "../system/clock";
import { findProgram, isExecutable, usualPath } from "../system/executable";
import { isRecord } from "../system/files";
import { giveUpProgram } from "../system/process-identity";
import { programMessage } from "../system/program-message";
import { isCniVersion, type CniVersion } from "./cni-version";
import type { NetworkList, NetworkPlugin } from "./network-list";

/** What a plugin can be asked for. */
export type PluginCommand = "ADD" | "DEL" | "CHECK" | "STATUS" | "VERSION";

/** A call of a plugin. */
export interface PluginCall {
  readonly command: PluginCommand;
  readonly plugin: NetworkPlugin;
  /** The network that it is of, for messages. */
  readonly network: Pick<NetworkList, "name" | "file">;
  readonly pluginDirs: readonly string[];
  /** The variables of the call beside the command and the path. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What it gets on its standard input. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Milliseconds that it may take. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** More than any plugin has to say. */
const longestOutput = 4 * 1024 * 1024;

/** Code 11 of the specification: the plugin asks to be called again. */
const tryAgainLater = 11;

/** Milliseconds for which a plugin that asks for it is tried again, and between two tries. */
const patience = 10_000;
const pause = 1_000;

/** Milliseconds that a plugin may take to say which versions it speaks. */
const versionTimeLimit = 5_000;

/** What a plugin said when it failed. */
export class PluginError extends KpodError {
  override readonly name = "PluginError";

  constructor(
    message: string,
    /** The code of the specification; undefined where it gave none. */
    readonly cniCode: number | undefined,
    hint?: string,
  ) {
    super("NETWORK_FAILED", message, { hint });
  }
}

/** The program of a plugin; undefined where none of the directories has it. */
export function findPlugin(type: string, pluginDirs: readonly string[]): string | undefined {
  return findProgram(type, pluginDirs);
}

/** Where distributions put the plugins. */
const otherPluginDirs = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni", "/var/lib/cni/bin"];

/** Says that a plugin is missing, and where one is. */
export function missingPlugin(type: string, pluginDirs: readonly string[]): { why: string; hint: string } {
  const places = pluginDirs.length === 0 ? "any directory: plugin_dirs is empty" : pluginDirs.join(", ");
  const unfit = pluginDirs.map((directory) => `${directory}/${type}`).find((path) => existsSync(path));
  if (unfit !== undefined)
    return {
      why: `its plugin ${unfit} cannot be executed`,
      hint: `chmod +x ${unfit}, if it is what it seems`,
    };
  const place = otherPluginDirs.find((directory) => isExecutable(`${directory}/${type}`));
  return {
    why: `its plugin ${type} is not in ${places}`,
    hint:
      place === undefined
        ? `install it there (Debian: containernetworking-plugins), or name its directory in plugin_dirs of [crio.network]`
        : `it is in ${place}: name that directory in plugin_dirs of [crio.network]`,
  };
}

/**
 * Calls a plugin, again for 10 s where it asks to be tried later.
 * @returns what it printed
 * @throws PluginError with its own message, also when it does not end in time; KpodError INTERRUPTED
 */
export async function callPlugin(call: PluginCall): Promise<string> {
  const since = monotonicNow();
  for (;;) {
    try {
      return await callOnce(call);
    } catch (error) {
      const later = error instanceof PluginError && error.cniCode === tryAgainLater;
      if (!later || monotonicNow() - since > patience - pause) throw error;
      await sleep(pause, undefined, call.signal === undefined ? {} : { signal: call.signal }).catch(() => {});
    }
  }
}

async function callOnce(call: PluginCall): Promise<string> {
  const { command, plugin, pluginDirs, signal } = call;
  const path = findPlugin(plugin.type, pluginDirs);
  if (path === undefined) {
    const { why, hint } = missingPlugin(plugin.type, pluginDirs);
    throw new PluginError(`network ${nameOf(call)} cannot be used: ${why}`, undefined, hint);
  }
  refuseInterrupted(call);
  const { execa } = await import("execa");
  // In a session of its own: Ctrl-C is for kpod, which takes down what the plugin had begun to set up.
  const child = execa(path, [], {
    reject: false,
    input: JSON.stringify(call.input),
    detached: true,
    cwd: "/",
    maxBuffer: longestOutput,
    env: {
      PATH: `${process.env.PATH ?? ""}:${usualPath}`.replace(/^:/, ""),
      ...call.variables,
      CNI_COMMAND: command,
      CNI_PATH: pluginDirs.join(":"),
    },
  });
  const timer = new AbortController();
  const wake = (): void => {
    timer.abort();
  };
  signal?.addEventListener("abort", wake);
  const limit = Math.max(call.timeoutMs, 0);
  const waited = sleep(limit, undefined, { signal: timer.signal }).catch(() => {});
  const result = await Promise.race([child, waited]).finally(() => {
    signal?.removeEventListener("abort", wake);
    wake();
  });
  if (result === undefined) {
    giveUpProgram(child);
    refuseInterrupted(call);
    throw new PluginError(`${who(call)} did not end within ${Math.round(limit / 1000)} s`, undefined);
  }
  if (!result.failed) return result.stdout;
  const { code, said } = failureOf(result.stdout, result.stderr);
  throw new PluginError(
    `${who(call)} failed: ${said === "" ? errorMessage(result.originalMessage ?? `exit code ${result.exitCode ?? "?"}`) : said}`,
    code,
  );
}

function refuseInterrupted(call: PluginCall): void {
  if (call.signal?.aborted === true)
    throw new KpodError("INTERRUPTED", `interrupted while ${who(call)} was at work`);
}

function nameOf({ network }: Pick<PluginCall, "network">): string {
  return network.file === "" ? network.name : `${network.name} (${network.file})`;
}

/** How messages name a plugin at work. */
export function who(call: Pick<PluginCall, "plugin" | "command" | "network">): string {
  return `CNI plugin ${call.plugin.type}, ${call.command} for network ${nameOf(call)},`;
}

/** What a plugin that failed said: on stdout by the specification, on stderr when it broke down. */
function failureOf(stdout: string, stderr: string): { code: number | undefined; said: string } {
  const value = jsonOf(stdout);
  if (!isRecord(value)) {
    const text = programMessage(stderr);
    return { code: undefined, said: text === "" ? excerpt(stdout) : text };
  }
  const { code, msg, details } = value;
  const words = [msg, details].filter((text) => typeof text === "string" && text !== "");
  return {
    code: typeof code === "number" ? code : undefined,
    said: words.join("; ").replace(/\s*\n\s*/g, " "),
  };
}

/** The JSON of what was printed; undefined where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The beginning of what was printed, in one line. */
export function excerpt(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length <= 80 ? line : `${line.slice(0, 80)}…`;
}

/** The versions that a plugin says it speaks. @throws PluginError, KpodError INTERRUPTED */
export async function pluginVersions(
  call: Pick<PluginCall, "plugin" | "network" | "pluginDirs" | "signal"> & { cniVersion: CniVersion },
): Promise<CniVersion[]> {
  const { cniVersion, ...rest } = call;
  // A plugin that knows no other variable asks for these all the same.
  const variables = { CNI_CONTAINERID: "dummy", CNI_NETNS: "dummy", CNI_IFNAME: "dummy" };
  const input = { cniVersion };
  const all = { ...rest, command: "VERSION" as const, variables, input, timeoutMs: versionTimeLimit };
  const answer = jsonOf(await callPlugin(all));
  const { supportedVersions } = isRecord(answer) ? answer : {};
  return Array.isArray(supportedVersions) ? supportedVersions.filter(isCniVersion) : [];
}

/** True when all plugins of a network say that they speak its version. */
export async function speaksVersion(network: NetworkList, pluginDirs: readonly string[]): Promise<boolean> {
  const { cniVersion } = network;
  const types = new Map(network.plugins.map((plugin) => [plugin.type, plugin]));
  const answers = await Promise.all(
    [...types.values()].map(async (plugin) => {
      try {
        return (await pluginVersions({ plugin, network, pluginDirs, cniVersion })).includes(cniVersion);
      } catch (error) {
        if (!(error instanceof PluginError)) throw error;
        return false;
      }
    }),
  );
  return answers.every(Boolean);
}
