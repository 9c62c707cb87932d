import { checked, libc } from "./libc";

const POLLERR = 0x8;
const POLLHUP = 0x10;

/** True when nobody is at the other end of a pipe or socket any more. Only a write would tell else. */
export function isHungUp(fd: number): boolean {
  // struct pollfd { int fd; short events; short revents; } in the byte order of the machine
  const request = new Int32Array([fd, 0]);
  checked("poll", libc().poll(Buffer.from(request.buffer), 1, 0));
  const [, , , events = 0] = new Int16Array(request.buffer);
  return (events & (POLLERR | POLLHUP)) !== 0;
}
