import { constants } from "node:os";
import { join } from "node:path";
import { ownEngine } from "../../scripts/lib/engine.mjs";
import { readPrototype } from "../../src/lib/system/foreign";
import { prototypes } from "../../src/lib/system/libc";
import { runProcess } from "../helpers/process";

const helpers = join(__dirname, "../helpers");
const script = join(helpers, "libc-failures.ts");

const { EBADF, EINVAL, ENOENT, ENOSYS, EAFNOSUPPORT, ESRCH } = constants.errno;

/** What the calls that kpod makes say where they fail, see their manual pages. */
const expected: Record<Exclude<keyof typeof prototypes, "_exit" | "alarm">, number> = {
  fcntl: EBADF,
  flock: EBADF,
  mount: ENOENT,
  umount2: ENOENT,
  unshare: EINVAL,
  setns: EBADF,
  socket: EAFNOSUPPORT,
  connect: EBADF,
  shutdown: EBADF,
  ioctl: EBADF,
  poll: EINVAL,
  lseek: EBADF,
  kill: ESRCH,
  chroot: ENOENT,
  syscall: ENOSYS,
  syscallWithPath: ENOSYS,
  syscallWithPathAndNumbers: ENOSYS,
  syscallWithTwoPaths: ENOSYS,
  fchdir: EBADF,
  lgetxattr: ENOENT,
  lsetxattr: ENOENT,
  fgetxattr: EBADF,
  flistxattr: EBADF,
  fsetxattr: EBADF,
};

async function failuresOf(program: string, ...args: string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await runProcess(program, [...args, script]);
  expect([exitCode, stderr]).toEqual([7, ""]);
  return JSON.parse(stdout);
}

test("a call of the C library that fails tells why, on either engine", async () => {
  const failures = Object.entries(expected).map(([name, errno]) => [name, -1, errno]);
  const onNode = ["--require", join(helpers, "require-typescript.cjs")];
  expect(await failuresOf(process.execPath, ...onNode)).toEqual(failures);
  const { program, missing } = await ownEngine(join(__dirname, "../.."));
  // Where there is no engine, there is no executable, and nothing to look at.
  if (missing === undefined) expect(await failuresOf(program, "run")).toEqual(failures);
});

test("there is an engine for some processors only, which is said", async () => {
  expect(await ownEngine(join(__dirname, "../.."), "s390x")).toEqual({
    missing: "there is no engine for s390x",
  });
});

test("each prototype names its function, and types that both engines know", () => {
  for (const [name, prototype] of Object.entries(prototypes))
    // The system call has several, for what it is called with.
    expect(name.replace(/^syscallWith.*/, "syscall")).toBe(readPrototype(prototype).name);
  expect(readPrototype("long pread(int fd, void *buf, unsigned long count, long offset)")).toEqual({
    name: "pread",
    args: ["i32", "ptr", "u64_fast", "i64_fast"],
    returns: "i64_fast",
  });
  expect(readPrototype("int getpid(void)")).toEqual({ name: "getpid", args: [], returns: "i32" });
  expect(() => readPrototype("double sqrt(double x)")).toThrow("no type of C's: double");
});
