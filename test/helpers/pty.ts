import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { startProcess, type ProcessOptions } from "./process";
import { until } from "./until";

/** A program that runs in a pseudo-terminal of its own. */
export interface PtyProcess {
  /** The program's own pid. */
  readonly pid: number;
  /** All that it has written so far, with its escape sequences; a line ends with `\r\n`. */
  output(): string;
  /** Types into the terminal: `"\x03"` is Ctrl-C. */
  type(text: string): void;
  /** Gives the terminal another size, of which the program hears as it would from a window. */
  resize(columns: number, rows: number): void;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number>;
}

const pidLine = /pid=(\d+)\r\n/;
const running = new Set<() => void>();

// A test that failed leaves its program to this; it hears that its terminal is gone.
afterAll(() => {
  for (const kill of running) kill();
});

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Starts a program in a terminal that script(1) of bsdutils makes. The terminal is an xterm of 100 columns and 20
 * rows unless the options say otherwise.
 */
export async function startInPty(
  program: string,
  args: readonly string[],
  options: {
    readonly columns?: number;
    readonly rows?: number;
    readonly env?: ProcessOptions["env"];
    /** Is given what it writes, piece by piece. */
    readonly write?: (text: string) => void;
  } = {},
): Promise<PtyProcess> {
  const { columns = 100, rows = 20, env, write } = options;
  const inner = ["echo pid=$$; exec", program, ...args].map((word, index) =>
    index === 0 ? word : quote(word),
  );
  // script stops when its child is stopped, so that the program is its grandchild. Ctrl-C reaches both.
  const outer = `stty cols ${columns} rows ${rows}; trap : INT; sh -c ${quote(inner.join(" "))}; exit $?`;
  const child = startProcess("script", ["-qefc", outer, "/dev/null"], {
    env: { TERM: "xterm", SHELL: "/bin/sh", ...env },
  });
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  running.add(kill);
  const written: Buffer[] = [];
  let told = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    written.push(chunk);
    if (write === undefined) return;
    write(own().slice(told));
    told = own().length;
  });
  const output = (): string => Buffer.concat(written).toString();
  const own = (): string => (pidLine.test(output()) ? output().replace(pidLine, "") : "");
  // The end of its input would be typed as Ctrl-D, so that it stays open until the program has ended.
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(kill);
      resolve(code ?? -1);
    });
  });
  await until(`${program} is started`, () => pidLine.test(output()));
  const pid = Number(pidLine.exec(output())?.[1]);
  return {
    pid,
    output: own,
    type: (text) => child.stdin.write(text),
    resize(toColumns, toRows) {
      const device = readlinkSync(`/proc/${pid}/fd/0`);
      execFileSync("stty", ["-F", device, "cols", String(toColumns), "rows", String(toRows)]);
    },
    ended,
  };
}
