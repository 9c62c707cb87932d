import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { shownPath, type CopyEntry, type CopyTarget, type PassedOver } from "../copy/entry";
import { tarEntries } from "../copy/tar-entries";
import { TarTarget } from "../copy/tar-target";
import { treeEntries } from "../copy/tree-entries";
import type { TreeWriting } from "../copy/open-directories";
import { TreeTarget } from "../copy/tree-target";
import { Turns } from "../copy/turns";
import type { OwnerRules } from "../copy/write-entry";
import { KpodError } from "../errors";
import type { ServerView } from "../server-parts";
import { O_PATH } from "../system/files";
import { openContainerRoot } from "./container-root";
import {
  containerSpace,
  findSource,
  findTarget,
  nodeSpace,
  readPath,
  type FoundSource,
  type FoundTarget,
  type PathSpace,
  type WrittenPath,
} from "./copy-paths";
import { idInContainer, idOnNode, type ContainerIds } from "./id-maps";

/** A path of the node, or of a container. */
export interface CopyPlace {
  /** Name or id of a container; left out for the node itself. */
  readonly container?: string | undefined;
  readonly path: string;
}

/** Where a copy comes from: files, or the bytes of a tar archive. */
export type CopySource = CopyPlace | { readonly archive: AsyncIterable<Uint8Array> };

/** Where a copy goes: files, or what takes the bytes of a tar archive, which are used again once it returns. */
export type CopyDestination = CopyPlace | { readonly write: (bytes: Uint8Array) => void };

/** How files are copied. */
export interface CopyOptions {
  /** Keeps users and groups, with the rights that programs have by them, and copies devices. */
  readonly archive?: boolean;
  /** Copies what a symbolic link leads to, where the source itself is one. */
  readonly followLink?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What was not copied as it was. */
export interface CopyResult extends PassedOver {
  /** Files that became shorter while they were read into an archive. */
  readonly torn: number;
}

type Copying = Pick<ServerView, "config" | "lists" | "logger" | "runtime" | "store">;

/** One end of a copy that is a file system. */
interface OpenPlace {
  readonly space: PathSpace;
  readonly written: WrittenPath;
  /** Of a container. */
  readonly ids: ContainerIds | undefined;
  readonly close: () => Promise<void>;
}

/**
 * Copies files between the node and a container, or two containers, or from or to a tar archive, by the rules of docker cp:
 * a file replaces a file and goes into a directory by its name; a directory that is not there is made, one that is there takes
 * the source into it, or where the source ends in `/.` what is in that. What is written belongs to root, or with `archive`
 * to whom it belonged. Nothing in a container is run, and nothing in it leads out of it.
 * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT, BAD_STATE, CORRUPT, UNSUPPORTED, NOT_PERMITTED, IO, LOCK_TIMEOUT,
 * INTERRUPTED; what `write` throws
 */
export async function copyFiles(
  server: Copying,
  source: CopySource,
  destination: CopyDestination,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const copy = new Copy(server, options);
  try {
    if ("archive" in source) {
      if ("write" in destination)
        throw new KpodError("BAD_ARGUMENT", "an archive is not copied into another one");
      return await copy.during([destination], ([to]) => copy.fromArchive(source.archive, to));
    }
    if ("write" in destination)
      return await copy.during([source], ([from]) => copy.toArchive(from, destination.write));
    return await copy.during([source, destination], ([from, to]) => copy.files(from, to));
  } catch (error) {
    const { signal } = options;
    if (signal?.aborted !== true || (error instanceof KpodError && error.code === "INTERRUPTED")) throw error;
    throw new KpodError("INTERRUPTED", "interrupted while copying", { cause: signal.reason });
  }
}

/** As many open places as there are ends. */
type Opened<Places extends readonly CopyPlace[]> = { [Index in keyof Places]: OpenPlace };

class Copy {
  private readonly passedOver: PassedOver = { devices: 0, sockets: 0 };
  private readonly turns: Turns;
  private readonly archive: boolean;

  constructor(
    private readonly server: Copying,
    private readonly options: CopyOptions,
  ) {
    this.turns = new Turns(options.signal);
    this.archive = options.archive === true;
  }

  /** Opens both ends, and closes them in the end. */
  async during<const Places extends readonly CopyPlace[]>(
    places: Places,
    action: (opened: Opened<Places>) => Promise<CopyResult>,
  ): Promise<CopyResult> {
    const opened: OpenPlace[] = [];
    try {
      for (const place of places) opened.push(await openPlace(this.server, place));
      return await action(opened as Opened<Places>);
    } finally {
      for (const place of opened.reverse()) await place.close();
    }
  }

  async fromArchive(chunks: AsyncIterable<Uint8Array>, to: OpenPlace): Promise<CopyResult> {
    const target = findTarget(to.space, to.written);
    try {
      const shown = to.space.shown(to.written.path);
      if (target.kind === "absent") throw new KpodError("NOT_FOUND", `${shown}: no such directory`);
      if (target.kind === "file") throw new KpodError("BAD_ARGUMENT", `${shown} is not a directory`);
      const { fd: directory, path } = target;
      const writing = {
        ...this.writing(undefined, to),
        openDirectory: (below: string) => to.space.open(`${path}/${shownPath(below)}/.`, true),
      };
      return await this.copy(
        tarEntries(chunks),
        new TreeTarget({ directory, top: undefined, shown }, writing),
      );
    } finally {
      closeSync(target.fd);
    }
  }

  async toArchive(from: OpenPlace, write: (bytes: Uint8Array) => void): Promise<CopyResult> {
    const source = this.find(from, true);
    try {
      const base = from.written.contents ? "." : source.name;
      const target = new TarTarget(write, base, this.turns, this.server.logger);
      const result = await this.copy(this.entries(from, source), target);
      return { ...result, torn: target.torn };
    } finally {
      closeSync(source.fd);
    }
  }

  async files(from: OpenPlace, to: OpenPlace): Promise<CopyResult> {
    const source = this.find(from, this.archive);
    try {
      const target = findTarget(to.space, to.written);
      try {
        const place = {
          directory: target.fd,
          shown: to.space.shown(target.path),
          top: this.topOf(from, source, to, target),
        };
        return await this.copy(this.entries(from, source), new TreeTarget(place, this.writing(from, to)));
      } finally {
        closeSync(target.fd);
      }
    } finally {
      closeSync(source.fd);
    }
  }

  private find({ space, written }: OpenPlace, devices: boolean): FoundSource {
    const source = findSource(space, written, this.options.followLink === true);
    const { stat, fd } = source;
    const isDevice = stat.isBlockDevice() || stat.isCharacterDevice();
    if (!stat.isSocket() && (devices || !isDevice)) return source;
    closeSync(fd);
    const shown = space.shown(written.path);
    if (!isDevice)
      throw new KpodError("BAD_ARGUMENT", `${shown} is a socket, of which there is nothing to copy`);
    throw new KpodError("BAD_ARGUMENT", `${shown} is a device`, { hint: "--archive copies devices" });
  }

  /** What the source is called at the target: undefined where its content goes into that. */
  private topOf(
    from: OpenPlace,
    source: FoundSource,
    to: OpenPlace,
    target: FoundTarget,
  ): string | undefined {
    const isDirectory = source.stat.isDirectory();
    if (isDirectory && isInside(target.fd, source.stat)) {
      throw new KpodError(
        "BAD_ARGUMENT",
        `cannot copy ${from.space.shown(from.written.path)} into itself: ${to.space.shown(to.written.path)} is within it`,
      );
    }
    if (target.kind === "directory") return from.written.contents ? undefined : source.name;
    if (isDirectory && target.kind === "file") {
      throw new KpodError(
        "BAD_ARGUMENT",
        `cannot copy a directory onto ${to.space.shown(to.written.path)}, which is a file`,
      );
    }
    return target.name;
  }

  private entries(from: OpenPlace, { fd, target }: FoundSource): Iterable<CopyEntry> {
    const { users = [], groups = [] } = from.ids ?? {};
    return treeEntries(target === undefined ? { fd } : { fd, target }, {
      owner: ({ uid, gid }: Stats) => ({ uid: idInContainer(uid, users), gid: idInContainer(gid, groups) }),
      passedOver: this.passedOver,
      shown: from.space.shown(from.written.path),
    });
  }

  private writing(from: OpenPlace | undefined, to: OpenPlace): TreeWriting {
    const { archive, passedOver, turns } = this;
    return { ...this.ownerRules(from, to), devices: archive, passedOver, turns };
  }

  private ownerRules(from: OpenPlace | undefined, { ids }: OpenPlace): OwnerRules {
    const { archive } = this;
    const isOfContainer = from?.ids !== undefined;
    return {
      inheritsLevel: ids !== undefined,
      root: ids === undefined ? 0 : idOnNode(0, ids.users, "user"),
      owner: (entry) => {
        const { uid, gid } = archive ? entry : { uid: 0, gid: 0 };
        if (ids !== undefined)
          return { uid: idOnNode(uid, ids.users, "user"), gid: idOnNode(gid, ids.groups, "group") };
        return archive ? { uid, gid } : { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
      },
      // Of a container, root's programs are not the node's root's.
      keepsRights: ({ uid, gid }) => archive || (!isOfContainer && uid === 0 && gid === 0),
    };
  }

  private async copy(
    entries: Iterable<CopyEntry> | AsyncIterable<CopyEntry>,
    target: CopyTarget,
  ): Promise<CopyResult> {
    try {
      let count = 0;
      for await (const entry of entries) {
        count++;
        await target.put(entry);
      }
      target.finish();
      if (count > 0) return { ...this.passedOver, torn: 0 };
      throw new KpodError("NOT_FOUND", "what was to be copied has just been removed");
    } catch (error) {
      target.abandon();
      throw error;
    }
  }
}

async function openPlace(server: Copying, { container, path }: CopyPlace): Promise<OpenPlace> {
  if (container === undefined) {
    const written = readPath(path, false);
    return { space: nodeSpace, written, ids: undefined, close: () => Promise.resolve() };
  }
  const written = readPath(path, true);
  const { fd, ids, close } = await openContainerRoot(server, container);
  return { space: containerSpace(fd, container), written, ids, close };
}

/** True for a directory that is another one, or somewhere in it. */
function isInside(directory: number, { dev, ino }: Stats): boolean {
  let current = openSync(`/proc/self/fd/${directory}`, O_PATH | constants.O_DIRECTORY);
  try {
    for (let last: Stats | undefined; ;) {
      const stat = fstatSync(current);
      if (stat.dev === dev && stat.ino === ino) return true;
      // The root is its own parent.
      if (last?.dev === stat.dev && last.ino === stat.ino) return false;
      last = stat;
      const above = openSync(`/proc/self/fd/${current}/..`, O_PATH | constants.O_DIRECTORY);
      closeSync(current);
      current = above;
    }
  } finally {
    closeSync(current);
  }
}
