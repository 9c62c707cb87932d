// From argv to exit code. The version is printed before anything is loaded; where that fails, the usual way
// says why. A shell that completes a command line is answered before the parser is loaded.
import { writeSync } from "node:fs";
import { versionLine } from "./cli/version";

const argv = process.argv.slice(2);

if (!printsVersion()) void run();

async function run(): Promise<void> {
  if (argv.includes("__complete")) {
    const { answerShell } = await import("./cli/completion/answer");
    if (await answerShell(argv)) return;
  }
  const { start } = await import("./cli/start");
  start(argv);
}

function printsVersion(): boolean {
  if (argv.length !== 1 || (argv[0] !== "--version" && argv[0] !== "-v")) return false;
  try {
    return writeSync(1, versionLine) === versionLine.length;
  } catch {
    return false;
  }
}
