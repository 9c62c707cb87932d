import { loadedLibc } from "../lib/system/libc";
import { execute } from "./execute";
import { report } from "./report";
import { commands } from "./command-list";
import { systemTerminal } from "../shell/terminal";

/** Runs kpod in this process, and ends the process with its exit code. */
export function start(argv: readonly string[]): void {
  // What is thrown outside of the chain of promises (in a timer, by an event) is told like everything else.
  process.on("uncaughtException", (error) => {
    void report(error, systemTerminal, argv).then(endProcess);
  });
  void execute(argv, systemTerminal, commands).then(endProcess);
}

/**
 * Ends the process with an exit code. All has been written by then, so that nothing is left for node to do but to take
 * itself down piece by piece, which takes 2 ms and with many containers more: the kernel does it at once.
 */
function endProcess(code: number): never {
  const libc = loadedLibc();
  // Somebody looks into node, and it has to write down what they want to know.
  const observed =
    process.execArgv.length > 0 ||
    process.env.NODE_OPTIONS !== undefined ||
    process.env.NODE_V8_COVERAGE !== undefined;
  // As the last one, when all others have done what they do at the end.
  if (libc !== undefined && !observed)
    process.on("exit", (last) => {
      libc._exit(last);
    });
  process.exit(code);
}
