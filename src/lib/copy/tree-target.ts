import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
} from "node:fs";
import { errnoOf, ifThere, KpodError } from "../errors";
import { isKernelFileSystem } from "../system/file-system-type";
import { closing, O_PATH } from "../system/files";
import { mountOf } from "../system/tree";
import { copyContent } from "./content";
import type { CopyEntry, CopyTarget } from "./entry";
import {
  joined,
  OpenDirectories,
  temporaryName,
  type OpenDirectory,
  type TreePlace,
  type TreeWriting,
} from "./open-directories";
import { unlinkIfThere, writeNew } from "./write-entry";

/**
 * Writes entries as files. Each is reached through the open directory that it is in, and written under a name that nobody
 * has: no link is followed, no device written to, and what is replaced is whole before and after. A directory that is there
 * already stays as it is, and what is new comes into it; one that is not is written beside its name until it is whole.
 */
export class TreeTarget implements CopyTarget {
  private readonly directories: OpenDirectories;

  /** @throws KpodError BAD_ARGUMENT for a place that holds no data; IO */
  constructor(
    private readonly place: TreePlace,
    private readonly writing: TreeWriting,
  ) {
    this.directories = new OpenDirectories(place, writing);
  }

  async put(entry: CopyEntry): Promise<void> {
    const path = this.pathFromPlace(entry.path);
    // The directory itself, which stays as it is.
    if (path === "") return;
    try {
      const cut = path.lastIndexOf("/");
      const parent = this.directories.enter(path.slice(0, Math.max(cut, 0)));
      const name = path.slice(cut + 1);
      if (entry.type === "directory") this.directories.enterNew(parent, path, name, entry);
      else await this.putOther(parent, path, name, entry);
      await this.writing.turns.step();
    } catch (error) {
      throw this.directories.failed(path, error);
    }
  }

  finish(): void {
    try {
      this.directories.finish();
    } catch (error) {
      throw this.directories.failed(this.place.top ?? "", error);
    }
  }

  abandon(): void {
    this.directories.abandon();
  }

  private pathFromPlace(path: string): string {
    const { top } = this.place;
    return top === undefined ? path : joined(top, path);
  }

  private async putOther(parent: OpenDirectory, path: string, name: string, entry: CopyEntry): Promise<void> {
    const { writing } = this;
    if ((entry.type === "block" || entry.type === "character") && !writing.devices) {
      writing.passedOver.devices++;
      return;
    }
    if (parent.isNew && (await this.putNew(parent, name, entry))) return;
    const present = lstatSync(parent.at(name), { throwIfNoEntry: false });
    if (present?.isDirectory() === true) throw this.isDirectory(path);
    if (present !== undefined && isMounted(parent, name)) {
      await this.putMounted(parent, path, name, entry);
      return;
    }
    const temporary = temporaryName();
    try {
      await this.make(parent, temporary, entry);
      renameSync(parent.at(temporary), parent.at(name));
    } catch (error) {
      throw errnoOf(error) === "EISDIR" ? this.isDirectory(path) : error;
    } finally {
      // Of two names of one file rename(2) leaves both.
      unlinkIfThere(parent.at(temporary));
    }
  }

  /** @returns false where there is something, as where an archive has a name twice */
  private async putNew(parent: OpenDirectory, name: string, entry: CopyEntry): Promise<boolean> {
    try {
      await this.make(parent, name, entry);
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      throw error;
    }
  }

  private async make(parent: OpenDirectory, name: string, entry: CopyEntry): Promise<void> {
    if (entry.type === "link") {
      const place = parent.at(name);
      this.directories.withFile(this.pathFromPlace(entry.target ?? ""), (file) => {
        linkSync(file, place);
      });
      return;
    }
    await writeNew(parent.fd, name, entry, this.writing, this.writing.turns);
    if (entry.type === "symlink") this.directories.addLink(parent, name);
  }

  /** Writes a file that something is mounted on, as on /etc/hosts, into that: it cannot be replaced. */
  private async putMounted(
    parent: OpenDirectory,
    path: string,
    name: string,
    entry: CopyEntry,
  ): Promise<void> {
    const place = openSync(parent.at(name), O_PATH | constants.O_NOFOLLOW);
    try {
      if (entry.type !== "file" || !fstatSync(place).isFile() || isKernelFileSystem(place)) {
        throw new KpodError(
          "BAD_ARGUMENT",
          `cannot replace ${this.directories.shown(path)}: something is mounted there`,
        );
      }
      const fd = openSync(`/proc/self/fd/${place}`, constants.O_WRONLY | constants.O_NONBLOCK);
      try {
        ftruncateSync(fd, await copyContent(entry, fd, this.writing.turns, false));
      } finally {
        closeSync(fd);
      }
    } finally {
      closeSync(place);
    }
  }

  private isDirectory(path: string): KpodError {
    return new KpodError(
      "BAD_ARGUMENT",
      `cannot overwrite directory ${this.directories.shown(path)} with a file`,
    );
  }
}

/**
 * True for a file that something is mounted on. The kernel would let another mount namespace replace it, and take the mount
 * off.
 */
function isMounted(parent: OpenDirectory, name: string): boolean {
  const mount = ifThere(() => closing(openSync(parent.at(name), O_PATH | constants.O_NOFOLLOW), mountOf));
  return mount !== undefined && mount !== mountOf(parent.fd);
}
