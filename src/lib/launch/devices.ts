import { lstatSync, readdirSync, statSync, type BigIntStats } from "node:fs";
import { join } from "node:path";
import type { TomlSection } from "../config/toml-file";
import { describeErrno, ifThere, KpodError, type ErrorCode } from "../errors";
import type { SpecDevice } from "../oci/spec";

/** A device of the node that every container gets. */
export interface ContainerDevice extends SpecDevice {
  /** What a container may do with it: of `r`, `w` and `m` (make nodes of it). */
  readonly access: string;
}

/**
 * Reads a device of the configuration, `HOST[:CONTAINER][:ACCESS]`, and looks at the node's own.
 * @returns undefined for what is no such text
 * @throws KpodError BAD_CONFIG when the node has no such device
 */
export function readDevice(text: string, { file }: Pick<TomlSection, "file">): ContainerDevice | undefined {
  return deviceOf(text, {
    code: "BAD_CONFIG",
    asking: `${file}: additional_devices names`,
    hint: "correct additional_devices in [crio.runtime]",
  });
}

/** The same of a device that a user asks for. @throws KpodError BAD_ARGUMENT */
export function askedDevice(text: string): ContainerDevice {
  const asking = {
    code: "BAD_ARGUMENT",
    asking: "the container is to have",
    hint: "see ls -l /dev",
  } as const;
  const device = deviceOf(text, asking);
  if (device !== undefined) return device;
  throw new KpodError("BAD_ARGUMENT", `device ${JSON.stringify(text)} is not /dev/HOST[:CTR][:rwm]`);
}

function deviceOf(
  text: string,
  { code, asking, hint }: { code: ErrorCode; asking: string; hint: string },
): ContainerDevice | undefined {
  const [hostPath = "", ...rest] = text.split(":");
  const access = /^(?!.*(.).*\1)[rwm]+$/.test(rest.at(-1) ?? "") ? rest.pop() : "rwm";
  const [path = hostPath, ...more] = rest;
  if (!hostPath.startsWith("/dev/") || !path.startsWith("/") || more.length > 0) return undefined;
  let stats: BigIntStats;
  try {
    stats = statSync(hostPath, { bigint: true });
  } catch (error) {
    throw new KpodError(code, `${asking} ${hostPath}: ${describeErrno(error)}`, { hint, cause: error });
  }
  const device = nodeOf(path, stats);
  if (device === undefined) throw new KpodError(code, `${asking} ${hostPath}, which is no device`);
  return { ...device, access: access ?? "rwm" };
}

/** What is a device, as a spec has it; undefined for another file. */
function nodeOf(path: string, stats: BigIntStats): SpecDevice | undefined {
  const type = stats.isBlockDevice() ? "b" : stats.isCharacterDevice() ? "c" : undefined;
  if (type === undefined) return undefined;
  return {
    path,
    type,
    ...deviceNumbers(stats.rdev),
    fileMode: Number(stats.mode) & 0o777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  };
}

/** What of /dev a container has of its own, or is none of its business; as the runtimes' common library has it. */
const notHanded = new Set(["pts", "shm", "fd", "mqueue", "console", ".lxc", ".lxd-mounts", ".udev"]);

/** All devices of the node, for a container with its rights; what every container has anyway the runtime makes. */
export function hostDevices(directory = "/dev", above = directory): SpecDevice[] {
  // A device can go at any moment, and its directory with it.
  const entries = ifThere(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry): SpecDevice[] | SpecDevice => {
    const path = join(directory, entry.name);
    if (directory === above && notHanded.has(entry.name)) return [];
    if (entry.isDirectory()) return hostDevices(path, above);
    if (!entry.isBlockDevice() && !entry.isCharacterDevice()) return [];
    const stats = ifThere(() => lstatSync(path, { bigint: true }));
    return (stats && nodeOf(path, stats)) ?? [];
  });
}

/** Linux spreads both over the bits of one number: see gnu_dev_major(3). */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
