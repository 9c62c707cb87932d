import { chownSync, existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config";
import type { Environment } from "../config/environment";
import { KpodError, tolerate, orFileError } from "../errors";
import { meantImageNames } from "../names/image-names";
import {
  fileLimits,
  isRecord,
  makeDirectories,
  parseJson,
  readTextIfThere,
  writeFileAtomic,
} from "../system/files";
import { absolutePath } from "../system/paths";

/** What of the configuration says where credentials are. */
export type CredentialsConfig = Pick<Config, "globalAuthFile" | "pauseImage" | "pauseImageAuthFile">;

/** What a file of credentials holds: `auths` by registry, and whatever else others keep there. */
export type Credentials = Readonly<Record<string, unknown>>;

/**
 * The file that logging in writes to: the one that is given, that of `$REGISTRY_AUTH_FILE`, or where skopeo and podman
 * look first.
 */
export function ownCredentialsFile(given: string | undefined, environment: Environment): string {
  if (given !== undefined) return absolutePath("--authfile", given);
  const { REGISTRY_AUTH_FILE: file = "", XDG_RUNTIME_DIR: runtime = "" } = environment;
  if (file !== "") return absolutePath("REGISTRY_AUTH_FILE", file);
  return join(
    runtime === "" ? `/run/containers/${process.getuid?.() ?? 0}` : join(runtime, "containers"),
    "auth.json",
  );
}

/**
 * The file with the credentials for an image: the one that is given, that of `$REGISTRY_AUTH_FILE`, that of who logged in
 * to its registry, those of crio.conf; "" where skopeo is to look.
 * @param name of the image or its repository, with its registry
 */
export function credentialsFileFor(
  name: string,
  given: string | undefined,
  config: CredentialsConfig,
  environment: Environment = process.env,
): string {
  const own = ownCredentialsFile(given, environment);
  if (given !== undefined || (environment.REGISTRY_AUTH_FILE ?? "") !== "") return own;
  const { globalAuthFile, pauseImage, pauseImageAuthFile } = config;
  const configured = [
    meantImageNames(pauseImage).names.includes(name) ? pauseImageAuthFile : "",
    globalAuthFile,
  ].find((path) => path !== "" && existsSync(path));
  // It begins with the same file, and then looks where docker keeps them.
  if (configured === undefined) return "";
  return isLoggedIn(own, name) ? own : configured;
}

/** Whether a file has credentials, or a program that keeps them, for the registry of an image or a path above it. */
function isLoggedIn(file: string, name: string): boolean {
  // Of a file that nobody named, and that cannot be read, nothing is expected.
  return tolerate(false, () => {
    const { auths, credHelpers } = readCredentials(file);
    const keys = [auths, credHelpers].flatMap((entries) => (isRecord(entries) ? Object.keys(entries) : []));
    return keys.map(registryName).some((key) => name === key || name.startsWith(`${key}/`));
  });
}

/** A registry without its scheme; docker.io has older names. */
export function registryName(text: string): string {
  return text
    .replace(/^https?:\/\//, "")
    .replace(/\/(?:v[12]\/?)?$/, "")
    .replace(/^(?:index|registry-1)\.docker\.io(?=\/|$)/, "docker.io");
}

/** @throws KpodError CORRUPT, NOT_PERMITTED, IO */
export function readCredentials(file: string): Credentials {
  const text = readTextIfThere(file, fileLimits.config) ?? "";
  const read = text.trim() === "" ? {} : parseJson(file, text);
  if (isRecord(read)) return read;
  throw new KpodError("CORRUPT", `${file} holds no credentials`, { hint: "move it away" });
}

/**
 * Does to the credentials in a file what somebody did to a copy of them; all else in it stays. The file is there whole,
 * as it was or as it is to be, for its owner alone, and so are directories that are made for it.
 * @throws KpodError CORRUPT, NOT_PERMITTED, IO
 */
export function takeOver(file: string, before: Credentials, after: Credentials): void {
  const [old, changed] = [authsOf(before), authsOf(after)];
  const gone = Object.keys(old).filter((registry) => !Object.hasOwn(changed, registry));
  const fresh = Object.entries(changed).filter(([key, entry]) => secretOf(old[key]) !== secretOf(entry));
  if (gone.length === 0 && fresh.length === 0 && (existsSync(file) || !isRecord(after.auths))) return;
  const present = readCredentials(file);
  const auths = new Map(Object.entries(authsOf(present)));
  for (const registry of gone) auths.delete(registry);
  for (const [registry, entry] of fresh) {
    const former = auths.get(registry);
    const kept = isRecord(former) ? Object.entries(former).filter(([key]) => key !== "identitytoken") : [];
    auths.set(registry, { ...Object.fromEntries(kept), ...(isRecord(entry) ? entry : {}) });
  }
  write(file, { ...present, auths: Object.fromEntries(auths) });
}

/** Credentials without those for one registry. */
export function withoutRegistry(credentials: Credentials, registry: string | undefined): Credentials {
  const others = Object.entries(authsOf(credentials)).filter(([key]) => key !== registry);
  return { ...credentials, auths: Object.fromEntries(others) };
}

function authsOf({ auths }: Credentials): Record<string, unknown> {
  return isRecord(auths) ? auths : {};
}

function secretOf(entry: unknown): string {
  return JSON.stringify(isRecord(entry) ? [entry.auth, entry.identitytoken] : []);
}

function write(file: string, credentials: Credentials): void {
  orFileError(`cannot write ${file}`, () => {
    makeDirectories(dirname(file), 0o700);
    // A symbolic link stays one.
    const target = existsSync(file) ? realpathSync(file) : file;
    const owner = lstatSync(target, { throwIfNoEntry: false });
    writeFileAtomic(target, JSON.stringify(credentials, null, "\t"), 0o600);
    if (owner !== undefined && owner.uid !== process.getuid?.()) chownSync(target, owner.uid, owner.gid);
  });
}
