import type { Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileError, throwIfInterrupted } from "../errors";
import { changeRuns, type ChangeKind, type ChangeRun } from "./change-runs";
import {
  closeLevels,
  LayerDirectory,
  leaveLevel,
  lookUpLayered,
  namesIn,
  openLayers,
  suspendAbove,
  type LayeredEntry,
  type Level,
} from "./layered-tree";

/** Entries that are looked at between two looks at Ctrl-C. */
const atOnce = 4096;

/** A directory that both file systems have, or that the second has alone. */
interface Frame extends Level {
  /** Bytes as latin1, without a slash at the end. */
  readonly path: string;
  readonly before: readonly LayerDirectory[];
  readonly after: readonly LayerDirectory[];
  readonly names: Iterator<string>;
}

/**
 * Compares two file systems, each of layers that lie over each other. Layers that both have at their lower ends are not
 * walked: it takes as long as what differs is large. A directory counts as changed also for what is changed in it.
 * @param before paths of the layers' directories, the uppermost first; none for an empty file system
 * @param after likewise
 * @returns the changes, whose paths are sorted by bytes
 * @throws KpodError NOT_PERMITTED, IO, INTERRUPTED
 */
export async function compareLayers(
  before: readonly string[],
  after: readonly string[],
  signal?: AbortSignal,
): Promise<ChangeRun[]> {
  try {
    return await new Comparison(signal).run(before, after);
  } catch (error) {
    throw fileError("cannot compare the file systems", error);
  }
}

class Comparison {
  /** Paths, bytes as latin1. */
  private readonly added: string[] = [];
  private readonly notAdded = new Map<string, ChangeKind>();
  /** The directories among them all. */
  private readonly directories = new Set<string>();
  private readonly frames: Frame[] = [];
  private before: readonly LayerDirectory[] = [];
  private after: readonly LayerDirectory[] = [];

  constructor(private readonly signal: AbortSignal | undefined) {}

  async run(before: readonly string[], after: readonly string[]): Promise<ChangeRun[]> {
    try {
      this.open(before, after);
      this.enter("", this.before, this.after);
      let seen = 0;
      for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
        const next = frame.names.next();
        if (next.done === true) leaveLevel(this.frames);
        else this.compare(frame, next.value);
        if (++seen % atOnce === 0) await this.pause();
      }
    } finally {
      closeLevels(this.frames);
      for (const directory of [...this.before, ...this.after]) directory.close();
    }
    return changeRuns(this.added, this.notAdded);
  }

  /** What is the same at the lower ends is opened once, so that it is known to be the same. */
  private open(before: readonly string[], after: readonly string[]): void {
    this.after = openLayers(after);
    const common = commonEnd(before, after);
    const own = before.slice(0, before.length - common);
    const shared = common === 0 ? [] : this.after.slice(-common);
    const opened: LayerDirectory[] = [];
    this.before = shared;
    for (const [index, path] of own.entries()) {
      opened.push(LayerDirectory.open(path, before.length - 1 - index));
      this.before = [...opened, ...shared];
    }
  }

  private enter(path: string, before: readonly LayerDirectory[], after: readonly LayerDirectory[]): void {
    this.frames.push({
      path,
      before,
      after,
      directories: [...before, ...after],
      names: this.namesToCompare(path, before, after).values(),
    });
    suspendAbove(this.frames);
  }

  /** Of what one layer alone has, no more is asked than what its directories tell. */
  private namesToCompare(
    path: string,
    before: readonly LayerDirectory[],
    after: readonly LayerDirectory[],
  ): readonly string[] {
    const [only, second] = after;
    if (before.length === 0 && only !== undefined && second === undefined)
      return only.namesByKind(`${path}/`, this.added);
    const common = commonEnd(before, after);
    const differing = [...before.slice(0, before.length - common), ...after.slice(0, after.length - common)];
    return namesIn(differing);
  }

  /** Enters a directory of one layer alone, which is all that there is to know of it, unless it was moved there. */
  private enterAlone(path: string, [only, second]: readonly LayerDirectory[], name: string): boolean {
    const directory = second === undefined ? only?.directory(name) : undefined;
    if (directory === undefined) return false;
    if (directory.redirect !== undefined) {
      directory.close();
      return false;
    }
    const own = `${path}/${name}`;
    this.add(own, "added", true);
    this.enter(own, [], [directory]);
    return true;
  }

  private compare({ path, before, after }: Frame, name: string): void {
    if (before.length === 0 && this.enterAlone(path, after, name)) return;
    const old = lookUpLayered(this.before, before, name);
    const now = lookUpLayered(this.after, after, name);
    const own = `${path}/${name}`;
    if (now === undefined) {
      if (old !== undefined) this.note(own, "deleted", false);
      close(old);
    } else if (old === undefined) {
      this.note(own, "added", now.stat.isDirectory());
      if (now.stat.isDirectory()) this.enter(own, [], now.directories);
    } else {
      // What a layer has of its own over the other file system was written to, be it to the same.
      const isOver = now.parent !== old.parent && before.every((directory) => after.includes(directory));
      if (now.parent !== old.parent && isChanged(old, now, isOver))
        this.note(own, "changed", now.stat.isDirectory());
      if (now.stat.isDirectory() && !isSame(old.directories, now.directories))
        this.enter(own, old.directories, now.directories);
      else for (const entry of [old, now]) close(entry);
    }
  }

  private note(path: string, kind: ChangeKind, isDirectory: boolean): void {
    this.add(path, kind, isDirectory);
    for (let depth = this.frames.length - 1; depth > 0; depth--) {
      const above = this.frames[depth]?.path ?? "";
      if (this.directories.has(above)) return;
      this.add(above, "changed", true);
    }
  }

  private add(path: string, kind: ChangeKind, isDirectory: boolean): void {
    if (isDirectory) this.directories.add(path);
    if (kind === "added") this.added.push(path);
    else this.notAdded.set(path, kind);
  }

  private async pause(): Promise<void> {
    await nextTurn();
    throwIfInterrupted(this.signal, "comparing");
  }
}

/** A directory that replaced something else is changed, and so is what replaced a directory. */
function isChanged(old: LayeredEntry, now: LayeredEntry, isOver: boolean): boolean {
  if (!now.stat.isDirectory() && isOver) return true;
  const keys: readonly (keyof Stats)[] = now.stat.isDirectory()
    ? ["mode", "uid", "gid", "mtimeMs"]
    : ["mode", "uid", "gid", "mtimeMs", "rdev", "size"];
  return keys.some((key) => old.stat[key] !== now.stat[key]);
}

function isSame(a: readonly LayerDirectory[], b: readonly LayerDirectory[]): boolean {
  return a.length === b.length && commonEnd(a, b) === a.length;
}

/** How many items at their ends two lists have in common. */
function commonEnd<T>(a: readonly T[], b: readonly T[]): number {
  let common = 0;
  while (common < Math.min(a.length, b.length) && a.at(-1 - common) === b.at(-1 - common)) common++;
  return common;
}

function close(entry: LayeredEntry | undefined): void {
  for (const directory of entry?.directories ?? []) directory.close();
}
