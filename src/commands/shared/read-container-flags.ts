import { basename } from "node:path";
import type { BaseContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import type { FlagValues } from "../../shell/flags";
import type { ContainerOptions, VolumeOption } from "../../lib/launch/container-options";
import type { RunOptions } from "../../lib/launch/run";
import type { containerFlags } from "./container-flags";
import { readEnvironment } from "./environment";
import { generatedName, readKeyValues } from "./flag-values";
import { launchPull } from "./pull-flag";
import { givenNetworkFlags, readNetworkFlags } from "./read-network-flags";

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
    return {
      ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
      ...readNetworkFlags(flags),
      cgroupParent: flags.cgroupParent ?? "",
    };
  }
  const given = [
    ...givenNetworkFlags(flags),
    ...(flags.hostname === undefined ? [] : ["hostname"]),
    ...(flags.cgroupParent === undefined ? [] : ["cgroup-parent"]),
  ];
  if (given.length > 0)
    throw new UsageError(`option --${given[0] ?? ""} is for a new pod and cannot be given with --pod`);
  return flags.pod;
}

function readContainer({ flags, args: [image, ...command] }: ContainerContext): ContainerOptions {
  return {
    name: flags.name ?? generatedName(basename(image).replace(/[:@].*$/, "")),
    image,
    command,
    labels: readKeyValues("label", flags.label),
    env: readEnvironment(flags.env, flags.envFile),
    volumes: flags.volume.map(readVolume),
  };
}

function readVolume(text: string): VolumeOption {
  const [hostPath = "", containerPath = "", access = "rw", ...rest] = text.split(":");
  if (hostPath === "" || containerPath === "" || rest.length > 0 || (access !== "ro" && access !== "rw")) {
    throw new UsageError(`option --volume: ${JSON.stringify(text)} is not HOST:CTR or HOST:CTR:ro`);
  }
  return { hostPath, containerPath, readonly: access === "ro" };
}
