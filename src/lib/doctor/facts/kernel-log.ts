import { readKernelLog, type KernelLine } from "../../system/kernel-log";

/** What the kernel's log holds, the oldest first. */
export function kernelLog(): readonly KernelLine[] {
  return readKernelLog();
}
