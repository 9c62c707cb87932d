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

/** Who waits for the lock of a container. */
const ofContainer = /\/oci\.\(\*(?:Container|runtime\w+)\)\./;

/** Who stops a container has its lock as long as that takes to end for a signal: its grace period, which may be hours. */
const stops =
  /^\S+\/oci\.(?:\(\*runtimeOCI\)\.StopLoopForContainer|\(\*runtimeVM\)\.StopContainer|[Ww]aitContainerStop)\(/m;

/**
 * Finds in the stacks of a program in Go who waits for a lock of the program or of a file, as long at least as is said; who
 * waits for the longest time first. While a container is being stopped, who waits for that of one is left out: of which,
 * stacks do not tell. The runtime of Go counts whole minutes.
 */
export function stuckGoroutines(text: string, leastMs: number): StuckGoroutines[] {
  const groups = new Map<string, StuckGoroutines>();
  const stacks = text.split(/\n\s*\n/);
  const isStopping = stacks.some((stack) => stops.test(stack) && !isForLock(stack));
  for (const stack of stacks) {
    const minutes = Number(headOf(stack)[2] ?? 0);
    if (minutes * 60_000 < leastMs || minutes === 0 || !isForLock(stack)) continue;
    const functions = stack.split("\n").filter((line) => /^[^\s].*\(/.test(line));
    const place = (functions.find((line) => !ofLocks.test(line)) ?? "").replace(/(?<!\.)\(.*$/, "");
    if (isStopping && ofContainer.test(place)) continue;
    const known = groups.get(place);
    groups.set(place, {
      place,
      count: (known?.count ?? 0) + 1,
      minutes: Math.max(known?.minutes ?? 0, minutes),
      id: known?.id ?? /\b[0-9a-f]{64}\b/.exec(stack)?.[0],
    });
  }
  return [...groups.values()].sort((a, b) => b.minutes - a.minutes);
}

/** Why it waits, and for how many minutes. */
function headOf(stack: string): readonly (string | undefined)[] {
  return /^goroutine \d+ [^[\n]*\[([^\],]+)(?:, (\d+) minutes)?[^\]]*\]:/m.exec(stack) ?? [];
}

function isForLock(stack: string): boolean {
  const [, why = ""] = headOf(stack);
  if (/^sync\.(?:RW)?Mutex\./.test(why)) return true;
  // Older ones call all that waits for a semaphore so, and so do those who wait for the end of others.
  if (why === "semacquire") return /^sync\.\(\*(?:RW)?Mutex\)\./m.test(stack);
  return why === "syscall" && stack.includes("FcntlFlock");
}

/** The stacks that CRI-O has written for a signal, where it did so since it was started: the newest file. */
export function writtenStacks(
  { options: { temporaryDirectories = ["/tmp"] } }: Facts,
  daemon: Pick<ProcessStat, "startTime">,
): { readonly file: string; readonly text: string; readonly written: Date } | undefined {
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
  return text === undefined ? undefined : { file: newest.file, text, written: new Date(newest.written) };
}
