import type { Pressure, PressureAverages, PressureStats } from "./counters";
import { readCgroupFile } from "./files";

/**
 * What tasks of a cgroup of version 2 waited for, by its files cpu.pressure, memory.pressure and io.pressure (psi.rst of
 * the kernel). Undefined where the kernel does not count it: before Linux 4.20, and where psi=0 turned it off.
 */
export function readPressure(directory: string): PressureStats | undefined {
  const cpu = pressureOf(directory, "cpu");
  if (cpu === undefined) return undefined;
  const memory = pressureOf(directory, "memory");
  const io = pressureOf(directory, "io");
  return memory === undefined || io === undefined ? undefined : { cpu, memory, io };
}

function pressureOf(directory: string, resource: keyof PressureStats): Pressure | undefined {
  const text = readCgroupFile(directory, `${resource}.pressure`);
  return text === undefined ? undefined : parsePressure(text);
}

/** Lines like `some avg10=0.12 avg60=0.00 avg300=0.00 total=1234`; older kernels have no `full` of processors. */
export function parsePressure(text: string): Pressure | undefined {
  const some = averagesOf(text, "some");
  return some === undefined ? undefined : { some, full: averagesOf(text, "full") };
}

function averagesOf(text: string, kind: keyof Pressure): PressureAverages | undefined {
  const line = new RegExp(
    `^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`,
    "m",
  ).exec(text);
  if (line === null) return undefined;
  const [avg10 = 0, avg60 = 0, avg300 = 0, total = 0] = line.slice(1).map(Number);
  return { avg10, avg60, avg300, total };
}
