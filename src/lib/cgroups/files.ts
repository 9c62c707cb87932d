import { existsSync, lstatSync, readdirSync } from "node:fs";
import { ifThere, orFileError } from "../errors";
import { readSmallText } from "../system/scratch";

/**
 * The text of a file of a cgroup; undefined where there is none, because the cgroup is gone or the kernel does
 * not count this.
 * @param directory undefined reads nothing
 * @throws KpodError NOT_PERMITTED, IO
 */
export function readCgroupFile(directory: string | undefined, name: string): string | undefined {
  if (directory === undefined) return undefined;
  const path = `${directory}/${name}`;
  // ENODEV: the cgroup was removed between open and read.
  return orFileError(`cannot read ${path}`, () =>
    ifThere(() => readSmallText(path, "latin1"), "ENODEV", "EOPNOTSUPP"),
  );
}

/** Which files the kernel of this machine turned out to have, whichever the cgroup. */
const known = new Map<string, boolean>();

/** The same for a file that many a kernel lacks: an error of node's costs ten times as much as a question. */
export function readRareCgroupFile(directory: string | undefined, name: string): string | undefined {
  if (directory === undefined) return undefined;
  const ofKernel = directory.startsWith("/sys/fs/cgroup/");
  let isThere = ofKernel ? known.get(name) : undefined;
  if (isThere === undefined) {
    isThere = existsSync(`${directory}/${name}`);
    // That a cgroup itself has gone says nothing of others.
    if (ofKernel && (isThere || existsSync(directory))) known.set(name, isThere);
  }
  return isThere ? readCgroupFile(directory, name) : undefined;
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
  return flatKeyed(readCgroupFile(directory, name));
}

/** All numbers of the text of such a file. */
export function flatKeyed(text: string | undefined): ReadonlyMap<string, number> | undefined {
  if (text === undefined) return undefined;
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const blank = line.indexOf(" ");
    const value = blank < 0 ? undefined : parseNumber(line.slice(blank + 1));
    if (value !== undefined) values.set(line.slice(0, blank), value);
  }
  return values;
}

/** One number of such a text; undefined where it does not stand in it. */
export function keyedNumber(text: string | undefined, key: string): number | undefined {
  if (text === undefined) return undefined;
  const isFirst = text.startsWith(`${key} `);
  const lineEnd = isFirst ? -1 : text.indexOf(`\n${key} `);
  if (!isFirst && lineEnd < 0) return undefined;
  const start = lineEnd + 1;
  const end = text.indexOf("\n", start);
  return parseNumber(text.slice(start + key.length + 1, end < 0 ? undefined : end));
}

/** A count of the kernel. Those above 2^53 lose their last digits, which no percentage or size shows. */
export function parseNumber(text: string): number | undefined {
  const digits = text.trim();
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}

/**
 * The names of the cgroups right below one; none of one that has gone.
 * @param tolerated names of errors that mean the same
 */
export function cgroupsBelow(directory: string, tolerated: readonly string[] = []): string[] {
  // As everywhere each of them has a link to the one above: to list one that has its files alone takes longer.
  if (lstatSync(directory, { throwIfNoEntry: false })?.nlink === 2) return [];
  // Others come and go meanwhile.
  const entries =
    ifThere(() => readdirSync(directory, { withFileTypes: true }), "ENODEV", ...tolerated) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
