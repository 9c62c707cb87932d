import { lstatSync, mkdirSync, statSync, type Stats } from "node:fs";
import { ifThere, KpodError, orFileError } from "../errors";
import { isImageName, registryOf, requireImageName } from "../names/image-names";
import { openOutputFile } from "../system/output-file";
import { absolutePath } from "../system/paths";
import { removeTree } from "../system/remove-tree";
import { fullName } from "./pull-names";
import { requirePlace } from "./pull-source";

/** Where an image is pushed to. */
export interface PushDestination {
  /** In skopeo's words. */
  readonly target: string;
  /** What skopeo writes on this node. */
  readonly place?: PushPlace;
}

interface PushPlace {
  /** A layout is made with the directories above it, as skopeo does. */
  readonly kind: "file" | "directory" | "layout";
  readonly path: string;
  /** The destination in skopeo's words, were it at another path. */
  readonly targetAt: (path: string) => string;
}

/**
 * Reads where an image is to be pushed to.
 * @param own a name that the image has; an archive of docker without a name gets it
 * @throws KpodError BAD_ARGUMENT, CONFLICT
 */
export function pushDestination(text: string, own: string | undefined): PushDestination {
  const [, transport, rest = ""] = /^(docker:\/\/|[a-z][a-z-]+:(?!\d+\/))(.*)$/s.exec(text) ?? [];
  if (transport !== undefined) requirePlace(transport, rest);
  switch (transport) {
    case "docker-archive:": {
      const destination = onThisNode(transport, "file", rest, own);
      const { path } = destination.place;
      if (present(path) !== undefined) {
        throw new KpodError("CONFLICT", `${path} exists: nothing is added to an archive`);
      }
      return destination;
    }
    case "docker://":
      return { target: `docker://${requireRegistry(rest)}` };
    case "dir:": {
      const path = absolutePath("the destination", rest);
      const targetAt = (at: string): string => `dir:${at}`;
      return { target: targetAt(path), place: { kind: "directory", path, targetAt } };
    }
    case "oci:":
      return onThisNode(transport, "layout", rest);
    case "oci-archive:":
      return onThisNode(transport, "file", rest);
    case "docker-daemon:":
      return { target: text };
    case "containers-storage:":
      // Bare, it is the store of this node, in which no other program is to mount; one that is named has its own.
      if (rest.startsWith("[")) return { target: text };
      throw new KpodError("BAD_ARGUMENT", `${text} is the store that the image is in`, {
        hint: "give it another name with kpod tag, or push to containers-storage:[DRIVER@ROOT+RUNROOT]NAME",
      });
    default:
      return { target: `docker://${requireRegistry(text)}` };
  }
}

/** `PATH[:NAME]` of a transport. skopeo is called elsewhere than kpod, and ends a path at its first colon. */
function onThisNode(
  transport: string,
  kind: PushPlace["kind"],
  rest: string,
  own?: string,
): Required<PushDestination> {
  const [, given = rest, name = own] = /^([^:]*):(.+)$/s.exec(rest) ?? [];
  const path = absolutePath("the destination", given);
  refuseColon(path);
  const targetAt = (at: string): string => `${transport}${at}${name === undefined ? "" : `:${name}`}`;
  return { target: targetAt(path), place: { kind, path, targetAt } };
}

/** @throws KpodError BAD_ARGUMENT for a path that skopeo would not read to its end */
function refuseColon(path: string, why = `${path} has a colon, at which skopeo ends the path`): void {
  if (path.includes(":"))
    throw new KpodError("BAD_ARGUMENT", why, { hint: "push to another directory, and move it" });
}

/**
 * Has skopeo write to a destination. An archive is there whole, or as it was before; a directory is made, unless it is
 * there, and where that fails, what was made is removed.
 * @param action is given the destination in skopeo's words
 * @throws KpodError BAD_ARGUMENT, CONFLICT, IO, NOT_PERMITTED, and what the action throws
 */
export async function withPlace(
  { target, place }: PushDestination,
  action: (target: string) => Promise<void>,
): Promise<void> {
  if (place === undefined) return action(target);
  const found = present(place.path);
  if (place.kind === "file") return writeArchive(place, action);
  if (found?.isDirectory() === false)
    throw new KpodError("CONFLICT", `cannot write ${place.path}: what is there is no directory`);
  const made = found === undefined ? make(place) : undefined;
  try {
    await action(target);
  } catch (error) {
    if (made !== undefined) removeTree(made);
    throw error;
  }
}

/** What is at a path. @throws KpodError CONFLICT for a symbolic link that leads nowhere; IO, NOT_PERMITTED */
function present(path: string): Stats | undefined {
  return orFileError(`cannot write ${path}`, () => {
    const found = ifThere(() => statSync(path));
    if (found !== undefined || ifThere(() => lstatSync(path)) === undefined) return found;
    throw new KpodError("CONFLICT", `cannot write ${path}: it is a symbolic link that leads nowhere`, {
      hint: "remove it, or name another path",
    });
  });
}

/** skopeo writes what it makes straight to its place: kill -9 would leave a part of it that looks like all. */
async function writeArchive(
  { path, targetAt }: PushPlace,
  action: (target: string) => Promise<void>,
): Promise<void> {
  const file = openOutputFile(path);
  try {
    refuseColon(file.path, `${path} leads to a path with a colon, at which skopeo ends it`);
    await action(targetAt(file.path));
  } catch (error) {
    file.abandon();
    if (!(error instanceof KpodError)) throw error;
    const { code, message, hint } = error;
    // Nobody knows what it is called on its way.
    throw new KpodError(code, message.replaceAll(file.path, path), { hint, cause: error });
  }
  file.finish();
}

/** @returns the uppermost of what was made */
function make({ kind, path }: PushPlace): string | undefined {
  return orFileError(`cannot write ${path}`, () => {
    if (kind === "layout") return mkdirSync(path, { recursive: true });
    mkdirSync(path);
    return path;
  });
}

function requireRegistry(name: string): string {
  if (registryOf(name) === undefined) {
    const rest = isImageName(name) ? name : "REPOSITORY:TAG";
    throw new KpodError("BAD_ARGUMENT", `${JSON.stringify(name)} names no registry to push to`, {
      hint: `give REGISTRY/${rest}, or TRANSPORT:DESTINATION as dir:/tmp/image`,
    });
  }
  requireImageName(name);
  return fullName(name);
}
