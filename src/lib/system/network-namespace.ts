import { closeSync, constants, openSync } from "node:fs";
import { checked, libc } from "./libc";

const CLONE_NEWNET = 0x40000000;

/**
 * A descriptor of a network namespace, by the path where it is pinned or shown (`/proc/PID/ns/net`). That it is one is
 * found out by who enters it.
 * @throws the error of the operating system
 */
export function openNetworkNamespace(path: string): number {
  // Without waiting for a writer: what another one has put in the place of a pin may be a FIFO.
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/**
 * Brings this thread into a network namespace: the sockets that it makes from then on are of that, those that it has
 * made stay where they were made. Names are looked up by other threads, which are not in it.
 * @param namespace a descriptor of it
 * @returns brings the thread back
 * @throws the error of the operating system: EINVAL where it is none
 */
export function enterNetworkNamespace(namespace: number): () => void {
  const own = openNetworkNamespace("/proc/thread-self/ns/net");
  try {
    checked("setns", libc().setns(namespace, CLONE_NEWNET));
  } catch (error) {
    closeSync(own);
    throw error;
  }
  return () => {
    try {
      checked("setns", libc().setns(own, CLONE_NEWNET));
    } finally {
      closeSync(own);
    }
  };
}
