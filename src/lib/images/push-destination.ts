import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { KpodError, orFileError } from "../errors";
import { isImageName, registryOf, requireImageName } from "../names/image-names";
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
      if (existsSync(path)) {
        throw new KpodError("CONFLICT", `${path} exists: nothing is added to an archive`);
      }
      return destination;
    }
    case "docker://":
      return { target: `docker://${requireRegistry(rest)}` };
    case "dir:": {
      const path = absolutePath("the destination", rest);
      return { target: `dir:${path}`, place: { kind: "directory", path } };
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
  if (path.includes(":")) {
    throw new KpodError("BAD_ARGUMENT", `${path} has a colon, at which skopeo ends the path`, {
      hint: "push to another directory, and move it",
    });
  }
  const target = `${transport}${path}${name === undefined ? "" : `:${name}`}`;
  return { target, place: { kind, path } };
}

/**
 * Makes the file or directory that skopeo is to write, unless it is there, and has it written. Where that fails, what was
 * made is removed.
 * @throws KpodError IO, NOT_PERMITTED, and what the action throws
 */
export async function withPlace(place: PushPlace | undefined, action: () => Promise<void>): Promise<void> {
  const made = place === undefined || existsSync(place.path) ? undefined : make(place);
  try {
    await action();
  } catch (error) {
    if (made !== undefined) removeTree(made);
    throw error;
  }
}

/** @returns the uppermost of what was made */
function make({ kind, path }: PushPlace): string | undefined {
  return orFileError(`cannot write ${path}`, () => {
    if (kind === "layout") return mkdirSync(path, { recursive: true });
    if (kind === "directory") mkdirSync(path);
    else closeSync(openSync(path, "wx"));
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
