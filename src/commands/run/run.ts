import { basename } from "node:path";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import type { ContainerOptions, VolumeOption } from "../../lib/launch/container-options";
import { runContainer, type Foreground, type RunOptions } from "../../lib/launch/run";
import { readEnvironment } from "../shared/environment";
import { generatedName, readKeyValues } from "../shared/flag-values";
import { launchPull } from "../shared/pull-flag";
import { givenNetworkFlags, readNetworkFlags } from "../shared/read-network-flags";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/**
 * `kpod run`: runs a command in a new container, in the background or until it has ended. In the foreground Ctrl-C, TERM
 * and HUP go to the container.
 */
export async function run(context: Context): Promise<number> {
  const { flags, terminal } = context;
  if (flags.rm && flags.detach) throw new UsageError("option --rm cannot be given with --detach");
  const pod = readPod(context);
  const container = readContainer(context);
  const server = await context.openServer();
  const { container: ran, exitCode } = await runContainer(server, {
    ...{ container, pod, force: flags.force, pull: launchPull(context, flags.pull) },
    ...(flags.detach ? {} : { foreground: foregroundOf(context) }),
  });
  if (exitCode === undefined) terminal.out(`${ran.id}\n`);
  return exitCode ?? 0;
}

function readPod({ flags }: Context): RunOptions["pod"] {
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

function readContainer({ flags, args: [image, ...command] }: Context): ContainerOptions {
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

function foregroundOf({ flags, terminal, interceptSignals }: Context): Foreground {
  return {
    interceptSignals,
    remove: flags.rm,
    onLine({ stream, partial, text }) {
      const bytes = partial ? text : Buffer.concat([text, Buffer.from("\n")]);
      if (stream === "stderr") terminal.error(bytes);
      else terminal.out(bytes);
    },
  };
}
