import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { KpodError } from "../errors";
import { readTextIfThere } from "../system/files";
import { isPidTaken, isProcessAlive } from "../system/process";
import { annotations } from "./annotations";
import type { Container } from "./container";
import { hasOomMarker, readExitFile, type ExitRecord } from "./exit-file";
import type { RuntimeState } from "./runtime-state";
import { parseEndedState, parseState, type ContainerState } from "./state";

/** What the runtime said of a container: its state, that it has none, or nothing (it could not be asked). */
export type RuntimeAnswer = RuntimeState | "absent" | "unreachable";

/** The exit code that CRI-O gives to a container of which nobody knows how it ended. */
export const unknownExitCode = 255;

/**
 * Puts together the state of a container from all who know of it. The runtime stands above the exit file, the
 * exit file above state.json, which is only CRI-O's memory and may be stale.
 * @param text its state.json, where that was read already
 */
export function resolveState(
  container: Container,
  answer: RuntimeAnswer,
  exitsDir: string,
  text?: NotedText,
): ContainerState {
  const { id, bundlePath } = container;
  const noted =
    (text && tolerantly(() => parseState(text.path, text.text))) ?? readNoted(container, parseState);
  const base: ContainerState = noted ?? {
    ociVersion: "",
    id,
    status: "unknown",
    pid: 0,
    bundle: bundlePath,
    annotations: {},
    oomKilled: false,
    error: "",
  };
  if (typeof answer === "object") {
    const said: ContainerState = {
      ...base,
      id,
      status: answer.status,
      pid: answer.pid,
      // These do not change, and what the runtime's files say of them takes long to read.
      ociVersion: firstOf(
        () => base.ociVersion,
        () => answer.ociVersion,
      ),
      bundle: firstOf(
        () => noted?.bundle ?? "",
        () => answer.bundle,
        () => bundlePath,
      ),
      // The runtime goes on with those of the beginning when a container is renamed.
      annotations: Object.keys(base.annotations).length === 0 ? answer.annotations : base.annotations,
      ...(answer.created === undefined ? {} : { created: answer.created }),
    };
    return answer.status === "stopped" ? ended(said, readExit(container, exitsDir), container) : alive(said);
  }
  const exit = readExit(container, exitsDir);
  if (exit !== undefined) return ended({ ...base, id }, exit, container);
  // The runtime lost its state, or was never the one, while the process is still there: nobody can tell.
  const { initPid, initStartTime } = base;
  if (initPid !== undefined && initStartTime !== undefined && isProcessAlive(initPid, initStartTime)) {
    return alive({ ...base, id, status: "unknown", pid: initPid });
  }
  // A copy of another machine's store, or one that was moved: the runtimes here know nothing of it.
  const lives = base.status === "running" || base.status === "paused" || base.status === "created";
  if (lives && isMoved(container, base)) return alive({ ...base, id, status: "unknown", pid: 0 });
  if (base.status === "stopped" || answer === "absent") return ended({ ...base, id }, exit, container);
  return alive({ ...base, id, status: "unknown", pid: 0 });
}

/**
 * The state of a container that ended long ago, as its own files tell it: the process that they name is gone, and
 * its runtime could say no more. It saves reading the runtime's files, which matters for a list of a thousand.
 * @returns undefined when the files do not settle it
 */
export function resolveEnded({ id }: Container, noted: NotedText | undefined): ContainerState | undefined {
  const state = noted && tolerantly(() => parseEndedState(noted.path, noted.text));
  if (state?.id !== id || state.exitCode === undefined || state.finished === undefined) return undefined;
  const { initPid, initStartTime } = state;
  if (initPid === undefined || initStartTime === undefined) return undefined;
  if (isPidTaken(initPid) && isProcessAlive(initPid, initStartTime)) return undefined;
  state.pid = 0;
  return state;
}

function firstOf(...texts: (() => string)[]): string {
  for (const text of texts) {
    const found = text();
    if (found !== "") return found;
  }
  return "";
}

function readExit({ id, dir }: Container, exitsDir: string): ExitRecord | undefined {
  return readExitFile({ id, dir, exitsDir });
}

/** A state.json, and where it lies. */
export interface NotedText {
  path: string;
  text: string;
}

/** The state.json of a container: that which lives through a reboot, else that of the bundle. */
export function readNotedText(container: Container): NotedText | undefined {
  return readNoted(container, (path, text) => (text === "" ? undefined : { path, text }));
}

/** What the first state.json of a container says from which anything can be made. */
function readNoted<T>(
  { dir, bundlePath }: Container,
  make: (path: string, text: string) => T | undefined,
): T | undefined {
  for (const directory of [dir, bundlePath]) {
    const made = tolerantly(() => {
      const path = `${directory}/state.json`;
      const text = readTextIfThere(path);
      return text === undefined ? undefined : make(path, text);
    });
    if (made !== undefined) return made;
  }
  return undefined;
}

/** A state.json that cannot be read is as good as none: it is the least of the witnesses. */
function tolerantly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

/** True when the store does not lie where it lay when the container was made. */
function isMoved({ dir }: Container, { annotations: noted }: ContainerState): boolean {
  const mountPoint = noted[annotations.mountPoint];
  // ROOT/DRIVER-containers/ID/userdata, and ROOT/DRIVER/LAYER/merged.
  const root = dirname(dirname(dirname(dir)));
  if (mountPoint === undefined || mountPoint.startsWith(`${root}/`)) return false;
  const layer = dirname(mountPoint);
  // By another way to the same place, a symbolic link for example, it is where it was.
  const [there, here] = [layer, join(root, basename(dirname(layer)), basename(layer))].map((path) =>
    statSync(path, { throwIfNoEntry: false }),
  );
  return there === undefined || there.ino !== here?.ino || there.dev !== here.dev;
}

function alive(state: ContainerState): ContainerState {
  const living = { ...state, oomKilled: false };
  delete living.exitCode;
  delete living.finished;
  return living;
}

function ended(state: ContainerState, exit: ExitRecord | undefined, container: Container): ContainerState {
  const finished = exit?.finished ?? state.finished;
  return {
    ...state,
    status: "stopped",
    pid: 0,
    exitCode: exit?.exitCode ?? state.exitCode ?? unknownExitCode,
    ...(finished === undefined ? {} : { finished }),
    oomKilled: state.oomKilled || hasOomMarker(container.dir, container.bundlePath),
  };
}
