import { writeSync } from "node:fs";

/** What a trace tells of: `KPOD_TRACE=1` prints where the time of a call went. */
interface Mark {
  readonly what: string;
  /** Milliseconds since node began to start. */
  readonly at: number;
}

const marks: Mark[] | undefined = process.env.KPOD_TRACE === "1" ? [] : undefined;

/** Notes that a step is done, where a trace is wanted. */
export function mark(what: string): void {
  marks?.push({ what, at: performance.now() });
}

/** Prints the trace to standard error when kpod ends. */
export function traceAtExit(): void {
  if (marks === undefined) return;
  const atStart = new Set(loadedModules());
  process.on("exit", () => {
    mark("ended");
    let before = 0;
    const lines = marks.map(({ what, at }) => {
      const line = `${at.toFixed(1).padStart(8)} ms ${`+${(at - before).toFixed(1)}`.padStart(7)}  ${what}\n`;
      before = at;
      return line;
    });
    const loaded = loadedModules()
      .filter((name) => name.startsWith("NativeModule ") && !name.includes("internal/") && !atStart.has(name))
      .map((name) => name.slice("NativeModule ".length));
    writeSync(2, `${lines.join("")}modules of node: ${loaded.join(" ") || "none"}\n`);
  });
}

/** The names of node's own modules that are loaded; node has the list, but does not document it. */
function loadedModules(): readonly string[] {
  return "moduleLoadList" in process ? (process.moduleLoadList as readonly string[]) : [];
}
