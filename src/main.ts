// From argv to exit code.
import { execute } from "./cli/execute";
import { report } from "./cli/report";
import { systemTerminal } from "./cli/terminal";

const argv = process.argv.slice(2);

// What is thrown outside of the chain of promises (in a timer, by an event) is told like everything else.
process.on("uncaughtException", (error) => {
  void report(error, systemTerminal, argv).then((code) => process.exit(code));
});

void execute(argv, systemTerminal, async () => (await import("./cli/table")).table).then((code) =>
  process.exit(code),
);
