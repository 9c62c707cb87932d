/*
 * What puts a terminal back where nobody else can: this process may be killed by KILL, and has no last word then. A shell
 * beside it waits for its end.
 */
import { constants, openSync } from "node:fs";
import { closing } from "./files";
import { identifyProcess } from "./process-identity";

/** Waits beside this process for its end. */
export interface TerminalGuard {
  /**
   * Has a process killed as well when this one is: one that reads from the terminal would take keys away from the shell there.
   * A program that had its terminal of it hears that as a hang-up.
   */
  readonly endsWith: (pid: number) => void;
  /** The terminal is looked after here again. */
  readonly release: () => void;
}

/**
 * Of the shell: descriptor 0 is at its end when this process is, 3 is the terminal. It hears no signal but KILL. A shell that
 * works with jobs may have the terminal already, as it needs it: Ctrl-C is a signal to that, and was a key before.
 */
const script = `trap '' HUP INT QUIT TERM TSTP TTIN TTOU
mode=$(stty -g <&3) && echo ready || exit
while read -r first second; do pid=$first started=$second; done
[ -z "$pid" ] || case "$(cat "/proc/$pid/stat")" in *" $started "*) kill -KILL "$pid"; esac
case $(stty -a <&3) in *-isig*) stty "$mode" <&3; esac`;

/**
 * Notes how a terminal is set, and has it put back when this process is killed.
 * @returns undefined where there is no shell or stty(1) to do it
 * @throws an error of the operating system
 */
export async function guardTerminal(fd: number): Promise<TerminalGuard | undefined> {
  const { spawn } = await import("node:child_process");
  // Opened anew: the engine of the executable hands on no descriptor 0 as another one.
  const flags = constants.O_RDWR | constants.O_NOCTTY;
  const shell = closing(openSync(`/proc/self/fd/${fd}`, flags), (terminal) =>
    spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore", terminal], cwd: "/" }),
  );
  const ready = await new Promise<boolean>((resolve) => {
    shell.stdout?.once("data", () => {
      resolve(true);
    });
    shell.once("error", () => {
      resolve(false);
    });
    shell.once("close", () => {
      resolve(false);
    });
  });
  if (!ready) return undefined;
  const { stdin } = shell;
  // Somebody has killed it: there is no guard any more, and nothing else is amiss.
  stdin?.on("error", () => {});
  return {
    endsWith(pid) {
      const { startTime } = identifyProcess(pid) ?? {};
      if (startTime !== undefined) stdin?.write(`${pid} ${startTime}\n`);
    },
    release() {
      shell.kill("SIGKILL");
    },
  };
}
