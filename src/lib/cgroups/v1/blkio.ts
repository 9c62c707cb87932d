import { parseNumber, readRareCgroupFile } from "../files";
import type { ProcessCgroups } from "../process-cgroups";
import type { BlkioDevice, BlkioStats } from "../stats";

/**
 * Who counts, by the names of files without their first part. The throttling layer sees every request, whatever
 * the scheduler of the device; since Linux 6.9 it begins only when somebody sets a limit, and then the scheduler
 * (bfq, before Linux 5.0 cfq) may know more.
 */
const counters = ["blkio.throttle.", "blkio.bfq.", "blkio."];

/** Block devices by version 1 (blkio-controller.txt of the kernel). */
export function readBlkioV1(directories: ProcessCgroups["v1"], detail: boolean): BlkioStats | undefined {
  const directory = directories.get("blkio");
  let counted: BlkioStats | undefined;
  for (const counter of counters) {
    const bytes = readSums(directory, `${counter}io_service_bytes`);
    if (bytes === undefined) continue;
    counted = { devices: [...bytes.values()].map(deviceOf) };
    if (counted.devices.length === 0) continue;
    if (detail) addCounts(counted.devices, readSums(directory, `${counter}io_serviced`));
    break;
  }
  return counted;
}

/** Reads the sums over the cgroup and those below it; old kernels count the cgroup alone. */
function readSums(directory: string | undefined, name: string): ReadonlyMap<string, Operations> | undefined {
  return readOperations(directory, `${name}_recursive`) ?? readOperations(directory, name);
}

interface Operations {
  major: number;
  minor: number;
  read: number;
  write: number;
}

/** Reads lines like `8:0 Read 4096`; the other operations are parts of these, or move no data. */
function readOperations(
  directory: string | undefined,
  name: string,
): ReadonlyMap<string, Operations> | undefined {
  const text = readRareCgroupFile(directory, name);
  if (text === undefined) return undefined;
  const devices = new Map<string, Operations>();
  for (const line of text.split("\n")) {
    const match = /^(\d+):(\d+) (Read|Write) (\d+)$/.exec(line.trim());
    if (match === null) continue;
    const [, major = "", minor = "", operation, value = ""] = match;
    const key = `${major}:${minor}`;
    const device = devices.get(key) ?? { major: Number(major), minor: Number(minor), read: 0, write: 0 };
    device[operation === "Read" ? "read" : "write"] = parseNumber(value) ?? 0;
    devices.set(key, device);
  }
  return devices;
}

function deviceOf({ major, minor, read, write }: Operations): BlkioDevice {
  return { major, minor, readBytes: read, writeBytes: write };
}

function addCounts(devices: BlkioDevice[], counts: ReadonlyMap<string, Operations> | undefined): void {
  for (const device of devices) {
    const found = counts?.get(`${device.major}:${device.minor}`);
    device.reads = found?.read;
    device.writes = found?.write;
  }
}
