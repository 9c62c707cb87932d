import type { CgroupStats, StatsController } from "./counters";
import { readBlkioV1, readCpuV1, readMemoryV1, readOomV1, readPidsV1 } from "./counters-v1";
import { readCpuV2, readIoV2, readMemoryV2, readOomV2, readPidsV2, readPressure } from "./counters-v2";
import type { ProcessCgroups } from "./process-cgroups";

/** All of them. */
export const statsControllers: readonly StatsController[] = [
  "cpu",
  "memory",
  "pids",
  "blkio",
  "oom",
  "pressure",
];

/** The optional fields are read with `detail` only, where they stand in files of their own. */
type Reader<From, Stats> = (
  from: From,
  detail: boolean,
  idleBlkio?: ReadonlySet<string>,
) => Stats | undefined;

interface Versions<Stats> {
  /** The controller of version 1 that counts it; undefined where none does. */
  readonly controller: string | undefined;
  readonly v1: Reader<ProcessCgroups["v1"], Stats>;
  readonly v2: Reader<string, Stats>;
}

const readers: { readonly [Name in StatsController]: Versions<NonNullable<CgroupStats[Name]>> } = {
  cpu: { controller: "cpuacct", v1: readCpuV1, v2: readCpuV2 },
  memory: { controller: "memory", v1: readMemoryV1, v2: readMemoryV2 },
  pids: { controller: "pids", v1: readPidsV1, v2: readPidsV2 },
  blkio: { controller: "blkio", v1: readBlkioV1, v2: readIoV2 },
  oom: { controller: "memory", v1: readOomV1, v2: readOomV2 },
  // Every cgroup of version 2 has it, also where version 1 counts the rest.
  pressure: { controller: undefined, v1: () => undefined, v2: readPressure },
};

/**
 * Reads what the kernel counts for a cgroup, each controller in the version that holds it.
 * @param options.controllers what to read; all when left out
 * @param options.detail true fills the optional fields, too, which costs a few more files
 * @param options.idleBlkio what `idleBlkioCounters()` found a moment ago, where many cgroups are read
 * @throws KpodError NOT_PERMITTED, IO; a missing file is no error
 */
export function readCgroupStats(
  cgroups: ProcessCgroups,
  options: {
    controllers?: readonly StatsController[];
    detail?: boolean;
    idleBlkio?: ReadonlySet<string>;
  } = {},
): CgroupStats {
  const { controllers = statsControllers, detail = false, idleBlkio } = options;
  const read = <Stats>(name: StatsController, versions: Versions<Stats>): Stats | undefined => {
    if (!controllers.includes(name)) return undefined;
    const { controller } = versions;
    if (controller !== undefined && cgroups.v1.has(controller))
      return versions.v1(cgroups.v1, detail, idleBlkio);
    return cgroups.v2 === undefined ? undefined : versions.v2(cgroups.v2, detail);
  };
  return {
    cpu: read("cpu", readers.cpu),
    memory: read("memory", readers.memory),
    pids: read("pids", readers.pids),
    blkio: read("blkio", readers.blkio),
    oom: read("oom", readers.oom),
    pressure: read("pressure", readers.pressure),
  };
}
