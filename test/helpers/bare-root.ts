import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { findBusybox } from "../../scripts/lib/image-rootfs.mjs";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { runProcess, startProcess, type ProcessOptions, type ProcessResult } from "./process";
import { until } from "./until";

/** A root file system with nothing in it but some programs and the libraries that they name. */
export interface BareRoot {
  /** Runs a program in it, with nothing in its environment but PATH and what the options say. */
  readonly run: (
    program: string,
    args: readonly string[],
    options?: ProcessOptions & { readonly variables?: Readonly<Record<string, string>> },
  ) => Promise<ProcessResult>;
  /** Ends the mount namespace in which it is the root. */
  readonly close: () => void;
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const APPLETS = ["cat", "find", "mount", "sh", "sleep", "umount", "unshare"];

/**
 * Makes a root out of a directory: programs of this machine, the libraries that `ldd` names for them and for what is
 * in it already, and busybox. It is the root of a mount namespace of its own, with /proc, /sys and /dev; nothing is
 * mounted where others see it.
 *
 * @param programs names of programs to bring along
 * @param shared directories of this machine to be seen in it, at the same path
 */
export async function createBareRoot(
  directory: string,
  { own, programs, shared }: Record<"own" | "programs" | "shared", readonly string[]>,
): Promise<BareRoot> {
  const paths = programs.map(programPath);
  for (const path of paths) copyInto(directory, path);
  for (const path of [...paths, ...own.map((name) => join(directory, name))]) {
    for (const library of await libraries(path)) copyInto(directory, library);
  }
  copyInto(directory, findBusybox(), "/bin/busybox");
  for (const applet of APPLETS) symlinkSync("/bin/busybox", join(directory, "bin", applet));
  const places = ["proc", "sys", "dev", ...shared.map((path) => path.slice(1))];
  for (const name of ["tmp", "var/tmp", "run", "etc", "root", "old", ...places]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const binds = places.map((name) => `mount --rbind '/${name}' '${name}'`).join(" && ");
  // A program can change its root for another only where both are mounts (pivot_root(2)).
  const script = `mount --bind '${directory}' '${directory}' && cd '${directory}' && ${binds} && pivot_root . old &&
    cd / && exec /bin/sh -c 'umount -l /old && exec sleep 1000000'`;
  const holder = startProcess("unshare", ["--mount", "sh", "-c", script]);
  let said = "";
  holder.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const enter = ["--mount", "--target", String(holder.pid), "/bin/busybox", "env", "-i", `PATH=${PATH}`];
  const run: BareRoot["run"] = (program, args, { variables = {}, ...options } = {}) => {
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    return runProcess("nsenter", [...enter, ...words, program, ...args], options);
  };
  await until("the root has been changed", async () => {
    if (holder.exitCode !== null) throw new Error(`no bare root: ${said}`);
    const { exitCode, stdout } = await run("/bin/busybox", ["ls", "/old", "/proc/self/ns"]);
    return exitCode === 0 && stdout.startsWith("/old:\n\n");
  });
  return {
    run,
    close: () => {
      holder.kill("SIGKILL");
    },
  };
}

function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** The libraries that a program loads, its loader among them; none of a static one. */
async function libraries(path: string): Promise<string[]> {
  const { stdout, exitCode } = await runProcess("ldd", [path]);
  if (exitCode !== 0) return [];
  if (stdout.includes("not found")) throw new Error(`${path} lacks libraries: ${stdout}`);
  return [...stdout.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gm)].flatMap(([, library]) => library ?? []);
}

/** Copies a file to the same place, through whatever links lead to it. */
function copyInto(directory: string, path: string, place = path): void {
  const target = join(directory, place);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(realpathSync(path), target);
}
