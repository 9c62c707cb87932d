import { statSync } from "node:fs";
import { join } from "node:path";
import { fileLimits, namesInDirectory, readTextIfThere } from "../../system/files";
import { processStarted, type ProcessStat } from "../../system/process";
import type { Facts } from "../facts";

/** Goroutines of CRI-O that wait for a lock at the same place. */
export interface StuckGoroutines {
  /** The function in which they wait. */
  readonly place: string;
  readonly count: number;
  /** How long the first of them has waited. */
  readonly minutes: number;
  /** An id of a container or pod that stands in their stacks. */
  readonly id: string | undefined;
}

/** What runs before the function that wanted the lock. */
const ofLocks = /^(?:sync|runtime|internal|syscall|golang\.org\/x\/sys)[./(]/;

/**
 * Finds in the stacks of a program in Go who waits for a lock of the program or of a file, as long at least as is said; who
 * waits for the longest time first. The runtime of Go counts whole minutes.
 */
export function stuckGoroutines(stacks: string, leastMs: number): StuckGoroutines[] {
  const groups = new Map<string, StuckGoroutines>();
  for (const stack of stacks.split(/\n\s*\n/)) {
    const [, why = "", minutes = "0"] =
      /^goroutine \d+ [^[\n]*\[([^\],]+)(?:, (\d+) minutes)?[^\]]*\]:/m.exec(stack) ?? [];
    if (Number(minutes) * 60_000 < leastMs || Number(minutes) === 0 || !isForLock(why, stack)) continue;
    const functions = stack.split("\n").filter((line) => /^[^\s].*\(/.test(line));
    const place = (functions.find((line) => !ofLocks.test(line)) ?? "").replace(/(?<!\.)\(.*$/, "");
    const known = groups.get(place);
    groups.set(place, {
      place,
      count: (known?.count ?? 0) + 1,
      minutes: Math.max(known?.minutes ?? 0, Number(minutes)),
      id: known?.id ?? /\b[0-9a-f]{64}\b/.exec(stack)?.[0],
    });
  }
  return [...groups.values()].sort((a, b) => b.minutes - a.minutes);
}

function isForLock(why: string, stack: string): boolean {
  if (/^sync\.(?:RW)?Mutex\./.test(why)) return true;
  // Older ones call all that waits for a semaphore so, and so do those who wait for the end of others.
  if (why === "semacquire") return /^sync\.\(\*(?:RW)?Mutex\)\./m.test(stack);
  return why === "syscall" && stack.includes("FcntlFlock");
}

/** The stacks that CRI-O has written for a signal, where it did so since it was started: the newest file. */
export function writtenStacks(
  { options: { temporaryDirectories = ["/tmp"] } }: Facts,
  daemon: Pick<ProcessStat, "startTime">,
): { readonly file: string; readonly text: string } | undefined {
  const files = temporaryDirectories.flatMap((directory) =>
    namesInDirectory(directory)
      .filter((name) => /^crio-goroutine-stacks-.*\.log$/.test(name))
      .flatMap((name) => {
        const file = join(directory, name);
        const written = statSync(file, { throwIfNoEntry: false });
        return written?.isFile() === true ? [{ file, written: written.mtimeMs }] : [];
      }),
  );
  const [newest] = files.sort((a, b) => b.written - a.written);
  if (newest === undefined || newest.written < processStarted(daemon)) return undefined;
  const text = readTextIfThere(newest.file, fileLimits.records);
  return text === undefined ? undefined : { file: newest.file, text };
}
