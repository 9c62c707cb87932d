import { statfsSync } from "node:fs";

/**
 * The numbers (statfs(2)) of the file systems that the kernel makes up: what is in them is no data, and writing to them
 * changes the machine.
 */
const kernelTypes: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x1cd1, // devpts
  0x19800202, // mqueue
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0xf97cff8c, // selinuxfs
  0x43415d53, // smackfs
  0xcafe4a11, // bpf
  0xde5e81e4, // efivarfs
  0x62656570, // configfs
  0x6165676c, // pstore
  0x42494e4d, // binfmt_misc
  0x65735543, // fusectl
  0x6e736673, // nsfs
]);

/** True for what lies in a file system that the kernel makes up, as `/proc` and `/sys` are. */
export function isKernelFileSystem(fd: number): boolean {
  return kernelTypes.has(statfsSync(`/proc/self/fd/${fd}`).type >>> 0);
}
