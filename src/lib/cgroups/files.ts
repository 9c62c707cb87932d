import { readFileSync, statSync } from "node:fs";
import { errnoOf, fileError, isNotFound } from "../errors";

/**
 * The text of a file of a cgroup; undefined where there is none, because the cgroup is gone or the kernel does
 * not count this.
 * @param directory undefined reads nothing
 * @throws KpodError NOT_PERMITTED, IO
 */
export function readCgroupFile(directory: string | undefined, name: string): string | undefined {
  if (directory === undefined) return undefined;
  const path = `${directory}/${name}`;
  try {
    // Many a kernel lacks many a file, and an error of node's costs ten times as much as this question.
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    return readFileSync(path, "utf8");
  } catch (error) {
    // ENODEV: the cgroup was removed between open and read.
    if (isNotFound(error) || errnoOf(error) === "ENODEV" || errnoOf(error) === "EOPNOTSUPP") return undefined;
    throw fileError(`cannot read ${path}`, error);
  }
}

/** The number that a file of a cgroup holds; undefined where there is none (`max` is none, too). */
export function readCgroupNumber(directory: string | undefined, name: string): number | undefined {
  const text = readCgroupFile(directory, name);
  return text === undefined ? undefined : parseNumber(text);
}

/** A file of lines `key value`, as memory.stat and cpu.stat are; undefined where there is none. */
export function readFlatKeyed(
  directory: string | undefined,
  name: string,
): ReadonlyMap<string, number> | undefined {
  const text = readCgroupFile(directory, name);
  if (text === undefined) return undefined;
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const blank = line.indexOf(" ");
    const value = blank < 0 ? undefined : parseNumber(line.slice(blank + 1));
    if (value !== undefined) values.set(line.slice(0, blank), value);
  }
  return values;
}

/** A count of the kernel. Those above 2^53 lose their last digits, which no percentage or size shows. */
export function parseNumber(text: string): number | undefined {
  const digits = text.trim();
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}
