import type { Logger } from "../logger";
import { TarWriter } from "../system/tar-writer";
import { capabilitiesFor } from "./capabilities";
import { shortPath } from "../system/paths";
import { shownPath, type CopyEntry, type CopyTarget } from "./entry";
import type { Turns } from "./turns";

/** Writes entries as a tar archive. */
export class TarTarget implements CopyTarget {
  /** How many files became shorter while they were read. */
  torn = 0;
  private readonly tar: TarWriter;

  /**
   * @param write takes bytes that are used again once it returns
   * @param base what the top is called in the archive, bytes as latin1: `.` for a directory of which the content is meant
   */
  constructor(
    write: (bytes: Uint8Array) => void,
    private readonly base: string,
    private readonly turns: Turns,
    private readonly logger: Logger,
  ) {
    this.tar = new TarWriter(write);
  }

  async put(entry: CopyEntry): Promise<void> {
    const name = entry.path === "" ? this.base : `${this.base}/${entry.path}`;
    const attributes = (entry.attributes ?? []).map(([key, value]): [string, Buffer] => [
      key,
      // As root of the container sees them.
      key.startsWith("user.") ? value : capabilitiesFor(value, 0),
    ]);
    const written = { ...entry, attributes, name: entry.type === "directory" ? `${name}/` : name };
    if (entry.type === "link") {
      const { target = "" } = entry;
      this.tar.entry({ ...written, target: target === "" ? this.base : `${this.base}/${target}` });
    } else this.tar.entry(written);
    if (entry.type === "file" && typeof entry.content === "number") await this.add(entry, entry.content);
    await this.turns.step();
  }

  finish(): void {
    this.tar.end();
  }

  abandon(): void {
    // An archive that is cut off is none: whoever reads it sees that.
  }

  private async add({ path, size }: CopyEntry, fd: number): Promise<void> {
    let left = size;
    while (left > 0) {
      const read = this.tar.addFrom(fd, left);
      if (read === 0) break;
      left -= read;
      if (left > 0) await this.turns.step();
    }
    if (left > 0) {
      this.torn++;
      this.logger.warn(
        `${shortPath(shownPath(path)) || shownPath(this.base)} became shorter while it was read: its last ${left} bytes are zeros in the archive`,
      );
      this.tar.addZeros(left);
    }
    this.tar.pad(size);
  }
}
