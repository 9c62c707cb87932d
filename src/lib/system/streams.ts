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

/** How much text a terminal shows. */
export interface WindowSize {
  /** Characters of a line; 0 where nobody told the terminal its size. */
  readonly columns: number;
  readonly rows: number;
}

/** Of ioctl_tty(2); it has another number on the architectures that took theirs from BSD. */
const TIOCGWINSZ = ["ppc64", "ppc", "mips", "mipsel"].includes(process.arch) ? 0x40087468 : 0x5413;

const TIOCSWINSZ = ["ppc64", "ppc", "mips", "mipsel"].includes(process.arch) ? 0x80087467 : 0x5414;

/** Gives a terminal a size. What runs in it hears of it where that is another one. What is no terminal stays as it is. */
export function setWindowSize(fd: number, { columns, rows }: WindowSize): void {
  const size = new Uint16Array([rows, columns, 0, 0]);
  libc().ioctl(fd, TIOCSWINSZ, Buffer.from(size.buffer));
}

/** The size of a terminal; undefined for what is none. Node's own answer loads its streams first, which takes 3 ms. */
export function windowSize(fd: number): WindowSize | undefined {
  // struct winsize { unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel; } in the byte order of the machine
  const size = new Uint16Array(4);
  if (libc().ioctl(fd, TIOCGWINSZ, Buffer.from(size.buffer)) === -1) return undefined;
  const [rows = 0, columns = 0] = size;
  return { columns, rows };
}
