import { execute } from "./execute";
import { report } from "./report";
import { table } from "./table";
import { systemTerminal } from "./terminal";

/** Runs kpod in this process, and ends the process with its exit code. */
export function start(argv: readonly string[]): void {
  const exit = (code: number) => process.exit(code);
  // What is thrown outside of the chain of promises (in a timer, by an event) is told like everything else.
  process.on("uncaughtException", (error) => {
    void report(error, systemTerminal, argv).then(exit);
  });
  void execute(argv, systemTerminal, table).then(exit);
}
