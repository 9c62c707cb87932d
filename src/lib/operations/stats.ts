import type { ProcessCgroups } from "../cgroups/process-cgroups";
import type { StatsController } from "../cgroups/counters";
import { idleBlkioCounters } from "../cgroups/counters-v1";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import type { Container } from "../oci/container";
import type { NetworkInterface } from "../system/net-dev";
import {
  isSampled,
  readContainerStats,
  readProcessorMark,
  statsHost,
  type StatsHost,
  type StatsOptions,
} from "./stats-source";
import { containerStats, stoppedStats, unknownStats, type ContainerStats } from "./stats-values";

/**
 * The stats of a running container (libkpod: GetContainerStats). No runtime is asked: `container.state` must be
 * up to date.
 * @param previous an earlier answer, since which the use of processors is counted; without it, since the start
 * @throws KpodError BAD_STATE when it does not run or has ended meanwhile; NOT_PERMITTED, IO
 */
export function getContainerStats(
  container: Container,
  previous?: ContainerStats,
  options: StatsOptions = {},
): ContainerStats {
  const host = options.host ?? statsHost();
  return containerStats(container.id, readContainerStats(container, { ...options, host }), host, previous);
}

/** The stats of many containers, taken together, by their ids in the order of the containers. */
export type StatsSample = ReadonlyMap<string, ContainerStats>;

/** How containers are sampled. */
export interface SampleOptions {
  readonly host: StatsHost;
  readonly logger: Logger;
  /** The sample before, since which the use of processors is counted. */
  readonly previous?: StatsSample;
  /** What is wanted; everything when left out. */
  readonly controllers?: readonly StatsController[];
  readonly network?: boolean;
  /** The directories with the counters of processes: kept from one sample to the next. */
  readonly knownCgroups?: Map<string, ProcessCgroups>;
}

/**
 * Notes what the processors of running containers did so far, for a sample that counts from there; nothing else is
 * known of them then. Those that do not run are left out.
 */
export function markContainers(
  containers: readonly Container[],
  options: Pick<SampleOptions, "host" | "logger" | "knownCgroups">,
): StatsSample {
  return sample(containers.filter(isSampled), options, (container) => ({
    ...unknownStats(container.id),
    mark: readProcessorMark(container, options),
  }));
}

/**
 * Takes the stats of containers whose states are up to date. The counters of a pod's network are read once.
 * Those that do not run have zeros, those whose runtime could not be asked have nothing that is known; one that
 * ended since its state was looked up is left out, and so is one that cannot be read, with a warning.
 */
export function sampleContainers(containers: readonly Container[], options: SampleOptions): StatsSample {
  const { previous, host, controllers } = options;
  const idleBlkio =
    controllers?.includes("blkio") === false ? new Set<string>() : idleBlkioCounters(host.cgroupMounts);
  const podNetworks = new Map<string, readonly NetworkInterface[] | undefined>();
  return sample(containers, options, (container) => {
    if (isSampled(container))
      return getContainerStats(container, previous?.get(container.id), {
        ...options,
        podNetworks,
        idleBlkio,
      });
    const unknown = container.state === undefined || container.state.status === "unknown";
    return unknown ? unknownStats(container.id) : stoppedStats(container.id);
  });
}

function sample(
  containers: readonly Container[],
  { logger }: Pick<SampleOptions, "logger">,
  look: (container: Container) => ContainerStats,
): StatsSample {
  const taken = new Map<string, ContainerStats>();
  for (const container of containers) {
    try {
      taken.set(container.id, look(container));
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      if (error.code !== "BAD_STATE") logger.warn(error.message);
    }
  }
  return taken;
}
