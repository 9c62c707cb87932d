/*
 * Whose fault it is when a runtime could not start a command: its own, or that of who named the command.
 */
import { KpodError, type ErrorCode } from "../../errors";
import { isRecord } from "../../system/files";

/** What runc and crun say of a command that is not there, and of one that cannot be executed. */
const notFound = /executable file .*not found|exec: "[^"]*": stat .*: no such file|^exec: no such file/i;
const notExecutable =
  /^open executable|exec format error|exec: "[^"]*": (?:permission denied|is a directory|operation not permitted)|^exec: permission denied/i;

/** The error for a runtime that could not start a command. @param said what it said of it */
export function commandError(said: string, what: string): KpodError {
  const message = said
    .replace(/^(?:runc create|exec) failed: /, "")
    .replace(/^unable to start container process: /, "");
  return new KpodError(codeOf(message), `${what}: ${message === "" ? "it did not say why" : message}`);
}

function codeOf(said: string): ErrorCode {
  if (/chdir|working directory/i.test(said)) return "RUNTIME_FAILED";
  if (notFound.test(said)) return "COMMAND_NOT_FOUND";
  return notExecutable.test(said) ? "COMMAND_NOT_EXECUTABLE" : "RUNTIME_FAILED";
}

/** The last error in a log of a runtime, which is a JSON object a line; undefined where it holds none. */
export function lastErrorIn(log: string): string | undefined {
  const errors = log.split("\n").flatMap((line) => {
    const entry = parse(line);
    return isRecord(entry) && entry.level === "error" && typeof entry.msg === "string" ? entry.msg : [];
  });
  return errors.at(-1);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
