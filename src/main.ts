// From the words after `kpod` to an exit code. The version is printed before anything is loaded; where that fails,
// the usual way says why. A shell that completes a command line is answered before the parser is loaded.
import { writeSync } from "node:fs";
import { mark, traceAtExit } from "./shell/trace";
import { versionLine } from "./shell/version";

/**
 * Runs kpod in this process and ends the process with its exit code.
 * @param argv the words after `kpod`
 */
export async function run(argv: readonly string[]): Promise<void> {
  if (printsVersion(argv)) return;
  traceAtExit();
  mark("kpod began");
  if (argv.includes("__complete")) {
    const { answerShell } = await import("./program/completion/answer/answer");
    // To run out of work takes node longer than to be ended.
    if (await answerShell(argv)) process.exit();
  }
  const { start } = await import("./program/start");
  start(argv);
}

function printsVersion(argv: readonly string[]): boolean {
  if (argv.length !== 1 || (argv[0] !== "--version" && argv[0] !== "-v")) return false;
  try {
    return writeSync(1, versionLine) === versionLine.length;
  } catch {
    return false;
  }
}
