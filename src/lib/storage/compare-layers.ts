import type { Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileError, throwIfInterrupted } from "../errors";
import {
  ascii,
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

/** What happened to a path. */
export type ChangeKind = "added" | "changed" | "deleted";

/** A path, from the root of a file system, that is not as it was. */
export interface FileChange {
  readonly kind: ChangeKind;
  /** Text of UTF-8; bytes that are none are replaced. */
  readonly path: string;
}

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
 * @returns the changes by their paths, sorted by bytes
 * @throws KpodError NOT_PERMITTED, IO, INTERRUPTED
 */
export async function compareLayers(
  before: readonly string[],
  after: readonly string[],
  signal?: AbortSignal,
): Promise<FileChange[]> {
  try {
    return await new Comparison(signal).run(before, after);
  } catch (error) {
    throw fileError("cannot compare the file systems", error);
  }
}

class Comparison {
  /** All paths that are not as they were, and those of them that were not added. */
  private readonly paths: string[] = [];
  private readonly notAdded = new Map<string, ChangeKind>();
  /** The directories among them. */
  private readonly directories = new Set<string>();
  private readonly frames: Frame[] = [];
  private before: readonly LayerDirectory[] = [];
  private after: readonly LayerDirectory[] = [];

  constructor(private readonly signal: AbortSignal | undefined) {}

  async run(before: readonly string[], after: readonly string[]): Promise<FileChange[]> {
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
    // Texts of latin1 are in the order of their bytes without a word of ours, which would take longer.
    return this.paths.sort().map((path) => ({
      kind: this.notAdded.get(path) ?? "added",
      path: ascii.test(path) ? path : Buffer.from(path, "latin1").toString(),
    }));
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
    const common = commonEnd(before, after);
    const differing = [...before.slice(0, before.length - common), ...after.slice(0, after.length - common)];
    this.push({ path, before, after, names: new Set(namesIn(differing)).values() });
  }

  /** Of what is added whole, no more is asked than what its directories tell. */
  private enterAdded(path: string, after: readonly LayerDirectory[]): void {
    const [only, second] = after;
    if (only === undefined || second !== undefined) {
      this.enter(path, [], after);
      return;
    }
    const { plain, others } = only.namesByKind();
    for (const name of plain) this.paths.push(`${path}/${name}`);
    this.push({ path, before: [], after, names: others.values() });
  }

  private push(frame: Omit<Frame, "directories">): void {
    this.frames.push({ ...frame, directories: [...frame.before, ...frame.after] });
    suspendAbove(this.frames);
  }

  private compare({ path, before, after }: Frame, name: string): void {
    const old = lookUpLayered(this.before, before, name);
    const now = lookUpLayered(this.after, after, name);
    const own = `${path}/${name}`;
    if (now === undefined) {
      if (old !== undefined) this.note(own, "deleted", false);
      close(old);
    } else if (old === undefined) {
      this.note(own, "added", now.stat.isDirectory());
      if (now.stat.isDirectory()) this.enterAdded(own, now.directories);
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
    this.paths.push(path);
    if (isDirectory) this.directories.add(path);
    if (kind !== "added") this.notAdded.set(path, kind);
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
