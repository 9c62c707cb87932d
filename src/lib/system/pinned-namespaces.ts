import { closeSync, openSync, writeFileSync } from "node:fs";
import { checked, libc } from "./libc";
import { mount, mountFlags } from "./mount";
import { closing } from "./files";

/** The namespaces that a pod can keep pinned without a process, with their CLONE_NEW… flag and /proc name. */
const kinds = {
  ipc: { flag: 0x08000000, file: "ipc" },
  network: { flag: 0x40000000, file: "net" },
  uts: { flag: 0x04000000, file: "uts" },
} as const;

/** A kind of namespace that can be pinned. */
export type PinnedNamespaceType = keyof typeof kinds;

/** How /proc/PID/ns calls it. */
export function namespaceFile(type: PinnedNamespaceType): string {
  return kinds[type].file;
}

/**
 * Makes new namespaces and keeps each alive by a bind mount of it on a file, as CRI-O's pinns does. A new
 * network namespace gets its loopback device up.
 *
 * All runs in one go on this thread, which leaves its own namespaces and comes back: nothing of the event
 * loop runs in between, and the other threads of node never leave.
 * @param targets the file to pin each kind at; it must not be there yet
 */
export function pinNamespaces(targets: Partial<Record<PinnedNamespaceType, string>>): void {
  const wanted = (Object.keys(kinds) as PinnedNamespaceType[]).flatMap((type) => {
    const target = targets[type];
    return target === undefined ? [] : [{ ...kinds[type], type, target }];
  });
  for (const { target } of wanted) writeFileSync(target, "", { mode: 0o444, flag: "wx" });
  const own = wanted.map(({ flag, file }) => ({ flag, fd: openSync(`/proc/thread-self/ns/${file}`, "r") }));
  try {
    checked("unshare", libc().unshare(wanted.reduce((flags, { flag }) => flags | flag, 0)));
    try {
      for (const { type, file, target } of wanted) {
        if (type === "network") bringLoopbackUp();
        mount({ source: `/proc/thread-self/ns/${file}`, target, flags: mountFlags.bind });
      }
    } finally {
      for (const { fd, flag } of own) checked("setns", libc().setns(fd, flag));
    }
  } finally {
    for (const { fd } of own) closeSync(fd);
  }
}

/** Sets the loopback device of another network namespace up, which this thread enters for that alone. */
export function bringLoopbackUpIn(namespace: number): void {
  const { flag, file } = kinds.network;
  closing(openSync(`/proc/thread-self/ns/${file}`, "r"), (own) => {
    checked("setns", libc().setns(namespace, flag));
    try {
      bringLoopbackUp();
    } finally {
      checked("setns", libc().setns(own, flag));
    }
  });
}

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

/** Sets the loopback device of the current network namespace up (netdevice(7)); the kernel makes it down. */
function bringLoopbackUp(): void {
  closing(checked("socket", libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0)), (socket) => {
    // struct ifreq: 16 bytes of name, then the flags as a short.
    const request = Buffer.alloc(40);
    request.write("lo");
    checked("ioctl", libc().ioctl(socket, SIOCGIFFLAGS, request), "lo");
    request.writeInt16LE(request.readInt16LE(16) | IFF_UP, 16);
    checked("ioctl", libc().ioctl(socket, SIOCSIFFLAGS, request), "lo");
  });
}
