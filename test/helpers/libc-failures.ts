// Run by node and by the engine of the executable: prints as JSON what each call of the C library gives where it fails,
// and its errno, which is asked after the engine has had something else to do.
import type { prototypes } from "../../src/lib/system/libc";
import { libc } from "../../src/lib/system/libc";

const nowhere = "/nowhere/of/kpod";
const bytes = Buffer.alloc(64);
const C = libc();

const failures: Record<Exclude<keyof typeof prototypes, "_exit" | "alarm">, () => number> = {
  fcntl: () => C.fcntl(-1, 1, bytes),
  flock: () => C.flock(-1, 1),
  mount: () => C.mount("none", nowhere, "tmpfs", 0, null),
  umount2: () => C.umount2(nowhere, 0),
  unshare: () => C.unshare(-1),
  setns: () => C.setns(-1, 0),
  socket: () => C.socket(-1, 0, 0),
  connect: () => C.connect(-1, bytes, bytes.length),
  shutdown: () => C.shutdown(-1, 0),
  ioctl: () => C.ioctl(-1, 0, bytes),
  poll: () => C.poll(bytes, 2 ** 31, 0),
  lseek: () => C.lseek(-1, 0, 0),
  kill: () => C.kill(2 ** 31 - 1, 0),
  chroot: () => C.chroot(nowhere),
  syscall: () => C.syscall(-1, 0, 0, null, 0),
  syscallWithPath: () => C.syscallWithPath(-1, 0, bytes, bytes, 0),
  syscallWithPathAndNumbers: () => C.syscallWithPathAndNumbers(-1, 0, bytes, 0, 0),
  syscallWithTwoPaths: () => C.syscallWithTwoPaths(-1, 0, bytes, 0, bytes, 0),
  fchdir: () => C.fchdir(-1),
  lgetxattr: () => C.lgetxattr(nowhere, "user.kpod", bytes, bytes.length),
  lsetxattr: () => C.lsetxattr(nowhere, "user.kpod", bytes, bytes.length, 0),
  fgetxattr: () => C.fgetxattr(-1, "user.kpod", bytes, bytes.length),
  flistxattr: () => C.flistxattr(-1, bytes, bytes.length),
  fsetxattr: () => C.fsetxattr(-1, "user.kpod", bytes, bytes.length, 0),
};

function distract(): void {
  const garbage = Array.from({ length: 20_000 }, (_, index) => ({ index, text: String(index) }));
  JSON.parse(JSON.stringify(garbage));
}

const seen = Object.entries(failures).map(([name, call]) => {
  const result = call();
  distract();
  return [name, result, C.errno()];
});
process.stdout.write(`${JSON.stringify(seen)}\n`, () => {
  C._exit(7);
});
