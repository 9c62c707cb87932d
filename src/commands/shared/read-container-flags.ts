import { basename, resolve } from "node:path";
import type { BaseContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import type { FlagValues } from "../../shell/flags";
import { tolerate } from "../../lib/errors";
import type { ContainerOptions } from "../../lib/launch/container-options";
import type { RunOptions } from "../../lib/launch/run";
import type { ResourceChanges } from "../../lib/operations/update";
import { parseJson } from "../../lib/system/files";
import type { containerFlags } from "./container-flags";
import { readEnvironment } from "./environment";
import { absoluteOption, generatedName, readKeyValues, readSignal } from "./flag-values";
import { launchPull } from "./pull-flag";
import { readConfinement } from "./read-confinement-flags";
import { readMounts } from "./read-mount-flags";
import { givenNetworkFlags, readNetworkFlags } from "./read-network-flags";
import { readUserns } from "./read-userns-flag";
import { readLimits, sizeLimit } from "./resource-flags";

type ContainerFlags = FlagValues<typeof containerFlags>;

/** What a command is given that makes a container. */
export interface ContainerContext extends BaseContext {
  readonly flags: ContainerFlags;
  /** The image, and the command with its arguments. */
  readonly args: readonly [string, ...string[]];
}

/** What container to make, and where. @throws UsageError */
export function readContainerFlags(
  context: ContainerContext,
): Pick<RunOptions, "container" | "pod" | "force" | "pull"> {
  const { flags } = context;
  return {
    pod: readPod(flags),
    container: readContainer(context),
    force: flags.force,
    pull: launchPull(context, flags.pull),
  };
}

function readPod(flags: ContainerFlags): RunOptions["pod"] {
  if (flags.pod === undefined) {
    if (flags.force) throw new UsageError("option --force needs --pod");
    if (flags.userns === "pod") throw new UsageError("option --userns: pod needs --pod");
    const userns = readUserns(flags.userns);
    return {
      ...(userns === undefined ? {} : { userns }),
      ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
      ...readNetworkFlags(flags),
      cgroupParent: flags.cgroupParent ?? "",
      runtimeHandler: flags.runtimeHandler ?? "",
      privileged: flags.privileged,
    };
  }
  const given = [
    ...givenNetworkFlags(flags),
    ...(flags.hostname === undefined ? [] : ["hostname"]),
    ...(flags.cgroupParent === undefined ? [] : ["cgroup-parent"]),
    ...(flags.runtimeHandler === undefined ? [] : ["runtime-handler"]),
  ];
  if (given.length > 0)
    throw new UsageError(`option --${given[0] ?? ""} is for a new pod and cannot be given with --pod`);
  if (flags.userns !== undefined && !isOfContainer(flags.userns))
    throw new UsageError(
      `option --userns: a pod that is there has its users already: give pod or host in place of ${JSON.stringify(flags.userns)}`,
    );
  return flags.pod;
}

/** True for what says of which users a container is to be, and not which its pod has. */
function isOfContainer(mode: string): mode is "pod" | "host" {
  return mode === "pod" || mode === "host";
}

function readContainer({ flags, args: [image, ...command] }: ContainerContext): ContainerOptions {
  const { entrypoint, user, workdir, oomScoreAdj, stopSignal, stopTimeout, userns } = flags;
  if (flags.restart !== undefined && flags.restart !== "no") {
    throw new UsageError(
      `option --restart: ${JSON.stringify(flags.restart)} cannot be done, for no daemon is there to restart a container: give no, or leave it out`,
    );
  }
  return {
    name: flags.name ?? generatedName(basename(image).replace(/[:@].*$/, "")),
    image,
    command,
    labels: readKeyValues("label", flags.label),
    annotations: readKeyValues("annotation", flags.annotation),
    env: readEnvironment(flags.env, flags.envFile),
    ...(entrypoint === undefined ? {} : { entrypoint: readEntrypoint(entrypoint) }),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { cwd: absoluteOption("workdir", workdir) }),
    ...readMounts(flags),
    ...readConfinement(flags),
    limits: readNewLimits(flags),
    init: flags.init,
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj: atMost("oom-score-adj", oomScoreAdj, 1000) }),
    ...(stopSignal === undefined ? {} : { stopSignal: signalOption(stopSignal) }),
    ...(stopTimeout === undefined ? {} : { stopTimeout: atMost("stop-timeout", stopTimeout, 999_999_999) }),
    ...readLogOptions(flags.logOpt),
    ...(userns === undefined ? {} : { userns: isOfContainer(userns) ? userns : "pod" }),
    terminal: flags.tty,
    stdin: flags.interactive,
    stdinOnce: flags.stdinOnce,
  };
}

/** A word, or a list of JSON, as podman reads it; an empty one is none at all. */
function readEntrypoint(text: string): string[] {
  if (!text.startsWith("[")) return text === "" ? [] : [text];
  const words = tolerate(undefined, () => parseJson("the option", text));
  if (Array.isArray(words) && words.every((word): word is string => typeof word === "string")) return words;
  throw new UsageError(`option --entrypoint: ${JSON.stringify(text)} is no list of words in JSON`);
}

function atMost(flag: string, value: number, most: number): number {
  if (value <= most) return value;
  throw new UsageError(`option --${flag}: ${value} is more than ${most}`);
}

function signalOption(text: string): string {
  readSignal(text);
  return text;
}

function readNewLimits(flags: ContainerFlags): ResourceChanges {
  const limits = readLimits(flags);
  if (limits.memorySwap !== undefined && limits.memory === undefined)
    throw new UsageError("option --memory-swap is memory and swap together, and needs --memory");
  return limits;
}

/** The least that conmon takes: what it reads at once. */
const leastLogSize = 8192;

function readLogOptions(entries: readonly string[]): Pick<ContainerOptions, "logPath" | "logSizeMax"> {
  const options: { logPath?: string; logSizeMax?: number } = {};
  for (const entry of entries) {
    const [, key = "", value = ""] = /^([a-z-]+)=(.+)$/.exec(entry) ?? [];
    if (key === "path") options.logPath = resolve(value);
    else if (key === "max-size") options.logSizeMax = logSize(value);
    else
      throw new UsageError(
        `option --log-opt: ${JSON.stringify(entry)} is neither max-size=SIZE nor path=FILE`,
      );
  }
  return options;
}

function logSize(text: string): number {
  const bytes = sizeLimit("log-opt max-size", text) ?? -1;
  if (bytes === -1 || bytes >= leastLogSize) return bytes;
  throw new UsageError(`option --log-opt: max-size ${text} is less than ${leastLogSize} bytes`);
}
