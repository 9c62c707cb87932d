import type { FlagSpecs, FlagValues } from "../../shell/flags";
import type { ResourceChanges } from "../../lib/operations/update";
import { UsageError } from "../../shell/errors";

/** The flags that limit the cgroup of a container. */
export const limitFlags = {
  memory: {
    short: "m",
    argument: "SIZE",
    minimum: -1,
    help: "Memory: bytes, or with k, m, g; -1 for no limit",
  },
  "memory-swap": { argument: "SIZE", minimum: -1, help: "Memory and swap together, likewise" },
  cpus: {
    argument: "NUMBER",
    type: "number",
    minimum: 0,
    help: "Processors, as 1.5; 0 for no limit",
  },
  "cpu-shares": {
    short: "c",
    argument: "NUMBER",
    type: "integer",
    minimum: 1,
    help: "Weight beside others, 1024 being the usual one",
  },
  "cpuset-cpus": { argument: "LIST", help: "Processors to run on, as 0-3,7" },
  "pids-limit": {
    argument: "NUMBER",
    type: "integer",
    minimum: -1,
    help: "Processes and threads; -1 for no limit",
  },
} as const satisfies FlagSpecs;

/** The limits that they ask for. @throws UsageError */
export function readLimits(flags: FlagValues<typeof limitFlags>): ResourceChanges {
  const { cpus, cpuShares, cpusetCpus, pidsLimit } = flags;
  const memory = sizeLimit("memory", flags.memory);
  const memorySwap = sizeLimit("memory-swap", flags.memorySwap);
  return { memory, memorySwap, cpus, cpuShares, cpusetCpus, pidsLimit };
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/**
 * The bytes that a flag names as docker and podman read them: `512m` and `512M` are 512 MiB, `-1` is no limit.
 * @returns -1 for no limit; undefined where the flag is not given
 * @throws UsageError for what is no size
 */
export function sizeLimit(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "-1") return -1;
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)([bkmgt]?)(?:i?b)?$/.exec(text.toLowerCase()) ?? [];
  const bytes = Math.floor(Number(digits) * (units[unit] ?? Number.NaN));
  if (digits !== "" && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(
    `invalid size ${JSON.stringify(text)} for --${flag}: give bytes, or a number with k, m or g`,
  );
}
