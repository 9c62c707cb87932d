import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Config } from "../../config";
import { fileError, KpodError } from "../../errors";
import { lockAtOnce, type HeldLock } from "../../storage/lock-file";
import {
  fileLimits,
  isRecord,
  namesInDirectory,
  parseJson,
  readBytesIfThere,
  readTextIfThere,
} from "../../system/files";
import type { MendStep } from "../step";

/** What was at a place before a step. */
export type Was =
  | { readonly kind: "nothing" }
  | { readonly kind: "link"; readonly target: string }
  /** A copy of it lies in the directory of the journal. */
  | {
      readonly kind: "file";
      readonly copy: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly kind: "directory"; readonly mode: number }
  /** The record of what was removed, with copies of files of it by their names. */
  | { readonly kind: "record"; readonly record: unknown; readonly copies: Readonly<Record<string, string>> };

/** A line of a journal. */
type Line =
  | { readonly version: 1; readonly root: string; readonly began: string }
  | {
      readonly begin: number;
      readonly finding: string;
      readonly what: string;
      readonly steps: readonly MendStep[];
    }
  /** Steps of the same mending that follow those it began with. */
  | { readonly more: number; readonly steps: readonly MendStep[] }
  | { readonly before: number; readonly step: number; readonly was: Was }
  /** For people alone: whoever ends a mending that broke off looks for what is left of it. */
  | { readonly done: number; readonly step: number }
  | { readonly end: number }
  | { readonly undone: number; readonly kept: readonly string[] };

/** A finding that was mended, or begun to be. */
export interface JournalEntry {
  readonly number: number;
  readonly finding: string;
  readonly what: string;
  readonly steps: readonly MendStep[];
  /** What was there before each step that was begun, by its place. */
  readonly was: ReadonlyMap<number, Was>;
  readonly ended: boolean;
  readonly undone: boolean;
}

/** What a journal says. */
export interface JournalText {
  /** The name of its directory. */
  readonly time: string;
  readonly directory: string;
  /** The store that was mended. */
  readonly root: string;
  readonly entries: readonly JournalEntry[];
}

const fileName = "journal.jsonl";
const lockName = "lock";

/** Where the journals lie, a directory each. */
function journalsDirectory({ kpodStateDir }: Pick<Config, "kpodStateDir">): string {
  return join(kpodStateDir, "doctor");
}

/** A journal that is being written: each line is on the disk before what it tells is done. */
export class Journal {
  private count: number;
  private copies = 0;
  private readonly fd: number;

  private constructor(
    readonly directory: string,
    private readonly lock: HeldLock,
    /** What it said when it was begun or resumed. */
    readonly entries: readonly JournalEntry[],
  ) {
    this.count = entries.length;
    this.copies = namesInDirectory(join(directory, "copies")).length;
    this.fd = openSync(join(directory, fileName), "a", 0o600);
  }

  /**
   * Begins a journal in a directory of its own, named by the time.
   * @throws KpodError IO, NOT_PERMITTED
   */
  static begin(config: Pick<Config, "kpodStateDir" | "root">): Journal {
    const began = new Date().toISOString();
    const directories = journalsDirectory(config);
    try {
      mkdirSync(directories, { recursive: true, mode: 0o700 });
      for (let attempt = 0; ; attempt++) {
        const name = began
          .replace(/[-:]/g, "")
          .replace(/\.(\d+)Z$/, `.$1Z${attempt === 0 ? "" : `-${attempt}`}`);
        const directory = join(directories, name);
        if (existsSync(directory)) continue;
        mkdirSync(directory, { mode: 0o700 });
        const journal = Journal.beginIn(directory, { version: 1, root: config.root, began });
        if (journal !== undefined) return journal;
      }
    } catch (error) {
      throw fileError(`cannot make a journal in ${directories}`, error);
    }
  }

  /** Undefined where somebody has taken the directory. Of one that cannot be begun, as on a full disk, nothing stays. */
  private static beginIn(directory: string, line: Line): Journal | undefined {
    try {
      const lock = lockAtOnce(join(directory, lockName), true);
      if (lock === undefined) return undefined;
      return releasedOnFailure(lock, () => {
        const journal = new Journal(directory, lock, []);
        try {
          journal.write(line);
        } catch (error) {
          closeSync(journal.fd);
          throw error;
        }
        return journal;
      });
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Goes on with one, as it stands when nobody else is at it; undefined while somebody is. @throws KpodError CORRUPT, IO */
  static resume({ time, directory }: Pick<JournalText, "time" | "directory">): Journal | undefined {
    const [lockPath, path] = [join(directory, lockName), join(directory, fileName)];
    const lock = existsSync(lockPath) ? lockAtOnce(lockPath) : lockAtOnce(lockPath, true);
    if (lock === undefined) return undefined;
    return releasedOnFailure(lock, () => {
      const bytes = readBytesIfThere(path, fileLimits.records);
      const whole = bytes.lastIndexOf("\n") + 1;
      // The next line must not run into one that was cut.
      if (whole < bytes.length) truncateSync(path, whole);
      return new Journal(directory, lock, journalIn(time, directory, bytes.toString("utf8")).entries);
    });
  }

  /** Writes that the mending of a finding begins. @returns its number */
  beginEntry(finding: string, what: string, steps: readonly MendStep[]): number {
    const begin = this.count++;
    this.write({ begin, finding, what, steps });
    return begin;
  }

  /** Writes that the mending of a finding goes on with further steps, which are numbered behind the others. */
  continueEntry(entry: number, steps: readonly MendStep[]): void {
    this.write({ more: entry, steps });
  }

  before(entry: number, step: number, was: Was): void {
    this.write({ before: entry, step, was });
  }

  done(entry: number, step: number): void {
    this.write({ done: entry, step });
  }

  end(entry: number): void {
    this.write({ end: entry });
  }

  undone(entry: number, kept: readonly string[]): void {
    this.write({ undone: entry, kept });
  }

  /** Keeps a copy of a file. @returns its name in the directory of the journal */
  copy(path: string): string {
    const copies = join(this.directory, "copies");
    mkdirSync(copies, { recursive: true, mode: 0o700 });
    const name = `copies/${this.copies++}`;
    const to = join(this.directory, name);
    writeFileSync(to, readFileSync(path), { mode: 0o600 });
    const fd = openSync(to, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    return name;
  }

  /** Ends the work on it. One in which nothing was begun is removed. */
  close(): void {
    closeSync(this.fd);
    if (this.count === 0) rmSync(this.directory, { recursive: true });
    this.lock.release();
  }

  private write(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    const { size } = fstatSync(this.fd);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.fd, bytes, written);
      fsyncSync(this.fd);
    } catch (error) {
      // The next line must not run into a part of this one.
      ftruncateSync(this.fd, size);
      throw fileError(`cannot write ${join(this.directory, fileName)}`, error);
    }
  }
}

function releasedOnFailure(lock: HeldLock, open: () => Journal): Journal {
  try {
    return open();
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The journals that there are, the oldest first. @throws KpodError CORRUPT, IO, NOT_PERMITTED */
export function readJournals(config: Pick<Config, "kpodStateDir">): readonly JournalText[] {
  const directories = journalsDirectory(config);
  return namesInDirectory(directories)
    .filter((name) => /^\d{8}T\d{6}\.\d{3}Z(-\d+)?$/.test(name))
    .sort()
    .flatMap((time) => {
      const text = readTextIfThere(join(directories, time, fileName), fileLimits.records);
      return text === undefined ? [] : [journalIn(time, join(directories, time), text)];
    });
}

/** An entry while its lines are read. */
interface WrittenEntry extends JournalEntry {
  readonly steps: MendStep[];
  readonly was: Map<number, Was>;
  ended: boolean;
  undone: boolean;
}

function journalIn(time: string, directory: string, text: string): JournalText {
  const path = join(directory, fileName);
  // The last line may be cut: then what it would tell was not done.
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  let root = "";
  const entries = new Map<number, WrittenEntry>();
  for (const line of lines) {
    const value = parseJson(path, line);
    if (!isRecord(value)) throw new KpodError("CORRUPT", `${path} holds a line that is none of a journal`);
    const said = value as unknown as Line;
    if ("version" in said) root = said.root;
    else if ("begin" in said)
      entries.set(said.begin, {
        number: said.begin,
        finding: said.finding,
        what: said.what,
        steps: [...said.steps],
        was: new Map(),
        ended: false,
        undone: false,
      });
    else if ("more" in said) entries.get(said.more)?.steps.push(...said.steps);
    else if ("before" in said) entries.get(said.before)?.was.set(said.step, said.was);
    else if ("end" in said || "undone" in said) {
      const entry = entries.get("end" in said ? said.end : said.undone);
      if (entry !== undefined) entry["end" in said ? "ended" : "undone"] = true;
    }
  }
  return { time, directory, root, entries: [...entries.values()] };
}

/** What was begun and broke off. */
export function unfinishedIn({ entries }: Pick<JournalText, "entries">): readonly JournalEntry[] {
  return entries.filter(({ ended, undone }) => !ended && !undone);
}
