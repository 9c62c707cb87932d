/*
 * What a further process of a container is: the container's own process, as its spec has it, with another command.
 */
import { KpodError } from "../errors";
import { allCapabilities } from "../system/capabilities";
import { parseExactJson, type ExactJson } from "../system/exact-json";
import { isRecord, readTextIfThere } from "../system/files";
import type { Container } from "./container";
import { mergeEnvironment, variableIn } from "./environment";
import { mappingsIn, type CapabilitySet, type IdMappings } from "./spec";
import type { ProcessUser } from "./user";
import { textsOf } from "../system/go-json";

/** The capabilities of a process, set by set. */
type Capabilities = Partial<Record<CapabilitySet, string[]>>;

/** The process of a container's spec, with all keys that it has, and what a further one takes of it. */
export interface OwnProcess {
  readonly uid: number;
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Capabilities;
  /** Those of its user namespace, where also root is somebody else on the node. */
  readonly mappings: IdMappings;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly stringify: ExactJson["stringify"];
}

/** How a further process differs from the container's own. */
export interface ProcessChanges {
  readonly args: readonly string[];
  /** `NAME=value`, over those that the container has. */
  readonly env?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly user?: ProcessUser | undefined;
  /** With a terminal of its own; the value is what TERM is where the container does not say. */
  readonly terminal?: string | undefined;
  /** All capabilities, no AppArmor, and with a way to more rights. */
  readonly privileged?: boolean | undefined;
}

/** A further process, ready for the runtime. */
export interface FurtherProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  /** As the runtime reads it. */
  readonly json: string;
}

/**
 * Reads the process of a container from the spec that its runtime was given, number by number as it stands there.
 * @throws KpodError CORRUPT when neither copy of the spec is there and has one; NOT_PERMITTED, IO
 */
export function readOwnProcess({ bundlePath, dir }: Pick<Container, "bundlePath" | "dir">): OwnProcess {
  for (const path of [`${bundlePath}/config.json`, `${dir}/config.json`]) {
    const text = readTextIfThere(path);
    if (text === undefined) continue;
    const { value, stringify } = parseExactJson(path, text);
    const spec = isRecord(value) ? value : {};
    const { process, linux } = spec;
    if (!isRecord(process)) throw new KpodError("CORRUPT", `${path} does not say what the container runs`);
    const { user, env, cwd, capabilities } = process;
    const { uidMappings, gidMappings } = isRecord(linux) ? linux : {};
    return {
      uid: isRecord(user) && typeof user.uid === "number" ? user.uid : 0,
      env: textsOf(env),
      cwd: typeof cwd === "string" ? cwd : "/",
      capabilities: isRecord(capabilities) ? capabilitySets(capabilities) : {},
      mappings: { uids: mappingsIn(uidMappings), gids: mappingsIn(gidMappings) },
      raw: process,
      stringify,
    };
  }
  throw new KpodError("CORRUPT", `${bundlePath}/config.json is missing`, {
    hint: "what the container may do is known to its runtime alone",
  });
}

/** Makes a further process of a container's own. */
export function furtherProcess(own: OwnProcess, changes: ProcessChanges): FurtherProcess {
  const { args, terminal, privileged = false } = changes;
  const uid = changes.user?.uid ?? own.uid;
  const cwd = changes.cwd ?? own.cwd;
  const named =
    terminal === undefined || variableIn(own.env, "TERM") !== undefined ? [] : [`TERM=${terminal}`];
  const env = mergeEnvironment([...own.env, ...named, ...(changes.env ?? [])]);
  const process = {
    ...own.raw,
    // That of the container's own terminal is not that of this one. JSON has no undefined.
    consoleSize: undefined,
    terminal: terminal !== undefined,
    ...(changes.user === undefined ? {} : { user: userOf(own, changes.user) }),
    args,
    env,
    cwd,
    ...(uid === own.uid && !privileged ? {} : { capabilities: capabilitiesFor(uid, own, privileged) }),
    ...(privileged ? { noNewPrivileges: false } : {}),
    ...(privileged && "apparmorProfile" in own.raw ? { apparmorProfile: "unconfined" } : {}),
  };
  return { args, env, cwd, uid, json: own.stringify(process) };
}

/** What else is said of the container's user, its umask for one, holds for another one, too. */
function userOf({ raw: { user } }: OwnProcess, { uid, gid, additionalGids = [] }: ProcessUser): object {
  const { umask } = isRecord(user) ? user : {};
  return { uid, gid, additionalGids, ...(umask === undefined ? {} : { umask }) };
}

function capabilitiesFor(uid: number, { capabilities }: OwnProcess, privileged: boolean): Capabilities {
  return capabilitiesOf(uid, privileged ? { bounding: allCapabilities() } : capabilities);
}

function capabilitySets(sets: Readonly<Record<string, unknown>>): Capabilities {
  return Object.fromEntries(Object.entries(sets).map(([name, list]) => [name, textsOf(list)]));
}

/**
 * What another user than the container's own has in the same container: root all that the container may ever have, the
 * others none of it, as docker and podman do.
 */
function capabilitiesOf(uid: number, container: Capabilities): Capabilities {
  const { bounding = [], inheritable } = container;
  const own = uid === 0 ? [...bounding] : [];
  return {
    bounding,
    effective: own,
    permitted: own,
    ...(inheritable === undefined ? {} : { inheritable }),
  };
}
