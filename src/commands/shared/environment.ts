import { UsageError } from "../../shell/errors";
import { fileError } from "../../lib/errors";
import { fileLimits, readRegularText } from "../../lib/system/files";

/**
 * Reads `--env` and `--env-file`. A name alone hands on the variable of this process: in a flag also an empty one, in a
 * file only where there is one, as docker has it. Flags go before files.
 * @throws UsageError for a variable without a name, and a file that cannot be read
 */
export function readEnvironment(flags: readonly string[], files: readonly string[]): string[] {
  const given = flags.map((entry) => {
    if (entry.startsWith("=")) throw new UsageError(`option --env: ${JSON.stringify(entry)} has no name`);
    return entry.includes("=") ? entry : `${entry}=${process.env[entry] ?? ""}`;
  });
  return [...files.flatMap(readEnvironmentFile), ...given];
}

function readEnvironmentFile(path: string): string[] {
  let text: string;
  try {
    text = readRegularText(path, fileLimits.config);
  } catch (error) {
    throw new UsageError(`option --env-file: ${fileError(`cannot read ${path}`, error).message}`);
  }
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .flatMap((line, index) => readLine(line.replace(/\r$/, ""), `${path} line ${index + 1}`));
}

function readLine(line: string, place: string): string[] {
  const entry = line.trimStart();
  if (entry === "" || entry.startsWith("#")) return [];
  const name = entry.includes("=") ? entry.slice(0, entry.indexOf("=")) : entry.trimEnd();
  if (name === "" || /\s/.test(name) || entry.includes("\0")) {
    throw new UsageError(`option --env-file: ${place}: ${JSON.stringify(entry)} is not KEY=VALUE`);
  }
  if (entry.includes("=")) return [entry];
  const value = process.env[name];
  return value === undefined ? [] : [`${name}=${value}`];
}
