import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, join } from "node:path";

/** Where programs are that a user without them in PATH may need, as plugins that call iptables. */
export const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** True when a file can be executed. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Missing, not ours or no file: all the same, it cannot be executed.
    return false;
  }
}

/**
 * Finds a program: the path that is configured when it is there. A path that is only a built-in default (or
 * none) stands for the program of that name, since distributions put it in different places.
 * @returns its path, undefined when it is nowhere
 */
export function findExecutable(configured: string, builtIn: string): string | undefined {
  if (configured !== "" && isExecutable(configured)) return configured;
  if (configured !== "" && configured !== builtIn) return undefined;
  const name = basename(builtIn);
  const directories = [...(process.env.PATH ?? "").split(delimiter), ...usualPath.split(":")];
  return findProgram(name, directories);
}

/** The first program of a name in directories; undefined when it is in none of them. */
export function findProgram(name: string, directories: readonly string[]): string | undefined {
  return directories
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => join(directory, name))
    .find(isExecutable);
}
