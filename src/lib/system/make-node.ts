import { constants } from "node:fs";
import { KpodError } from "../errors";
import { checked, libc } from "./libc";

/** mknodat(2) has a number of its own on each architecture; those that came late have arm64's. */
const numbers: Partial<Record<NodeJS.Architecture, number>> = {
  x64: 259,
  arm64: 33,
  riscv64: 33,
  loong64: 33,
  arm: 324,
  ia32: 297,
  ppc64: 288,
  s390x: 290,
};

const kinds = { block: constants.S_IFBLK, character: constants.S_IFCHR, fifo: constants.S_IFIFO } as const;

/**
 * Makes a device or a FIFO, which nobody but root can open.
 * @param name in the directory: one part of a path
 * @param device its number, as stat(2) has it
 * @throws KpodError UNSUPPORTED on a machine whose kernel kpod does not know; an error of the operating system
 */
export function makeNode(directory: number, name: Buffer, kind: keyof typeof kinds, device = 0): void {
  const number = numbers[process.arch];
  if (number === undefined)
    throw new KpodError("UNSUPPORTED", `kpod makes no devices and FIFOs on ${process.arch}`);
  const path = Buffer.concat([name, Buffer.from([0])]);
  const mode = kinds[kind] | 0o600;
  checked("mknodat", libc().syscallWithPathAndNumbers(number, directory, path, mode, device));
}
