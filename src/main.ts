// From argv to exit code. The version is printed before anything is loaded; where that fails, the usual way
// says why.
import { writeSync } from "node:fs";
import { versionLine } from "./cli/version";

const argv = process.argv.slice(2);

if (!printsVersion())
  void import("./cli/start").then(({ start }) => {
    start(argv);
  });

function printsVersion(): boolean {
  if (argv.length !== 1 || (argv[0] !== "--version" && argv[0] !== "-v")) return false;
  try {
    return writeSync(1, versionLine) === versionLine.length;
  } catch {
    return false;
  }
}
