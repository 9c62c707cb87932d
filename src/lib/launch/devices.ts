import { statSync } from "node:fs";
import type { TomlSection } from "../config/toml-file";
import { describeErrno, KpodError } from "../errors";
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
  const [hostPath = "", ...rest] = text.split(":");
  const access = /^(?!.*(.).*\1)[rwm]+$/.test(rest.at(-1) ?? "") ? rest.pop() : "rwm";
  const [path = hostPath, ...more] = rest;
  if (!hostPath.startsWith("/dev/") || !path.startsWith("/") || more.length > 0) return undefined;
  try {
    const stats = statSync(hostPath, { bigint: true });
    const type = stats.isBlockDevice() ? "b" : stats.isCharacterDevice() ? "c" : undefined;
    if (type === undefined) {
      throw new KpodError("BAD_CONFIG", `${file}: additional_devices names ${hostPath}, which is no device`);
    }
    return {
      path,
      type,
      ...deviceNumbers(stats.rdev),
      fileMode: Number(stats.mode) & 0o777,
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      access: access ?? "rwm",
    };
  } catch (error) {
    if (error instanceof KpodError) throw error;
    throw new KpodError(
      "BAD_CONFIG",
      `${file}: additional_devices names ${hostPath}: ${describeErrno(error)}`,
      {
        hint: "correct additional_devices in [crio.runtime]",
        cause: error,
      },
    );
  }
}

/** Linux spreads both over the bits of one number: see gnu_dev_major(3). */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
