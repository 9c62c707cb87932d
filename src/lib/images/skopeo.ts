import { accessSync, constants, existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config";
import { describeErrno, isNotFound, KpodError } from "../errors";
import type { Logger } from "../logger";
import type { Store } from "../storage/store";
import { findExecutable } from "../system/executable";
import { programMessage } from "../system/program-message";
import { absolutePath } from "../system/paths";
import { removeTree } from "../system/remove-tree";
import { runProgram } from "../system/run-program";
import { driverChecks, removeNewChecks } from "./driver-checks";

/** Whom the progress of a transfer is told. */
export interface TransferProgress {
  /** Is given a line for each step. */
  onLine?: ((line: string) => void) | undefined;
  /** Standard output or error, where it is a terminal: on it a line for each blob is drawn instead, with bar, bytes and rate. */
  terminal?: 1 | 2 | undefined;
}

/** What of the configuration a transfer of images follows. */
export type TransferConfig = Pick<
  Config,
  | "storageOptions"
  | "signaturePolicyPath"
  | "insecureRegistries"
  | "globalAuthFile"
  | "pauseImage"
  | "pauseImageAuthFile"
  | "registries"
  | "defaultTransport"
>;

/** What of the configuration skopeo is told. */
export type SkopeoConfig = Pick<Config, "signaturePolicyPath">;

/** How skopeo is called. */
export interface SkopeoCall {
  /** What is being done, for errors: `pull docker.io/library/busybox:latest`. */
  what: string;
  /** A directory for files on their way. */
  scratch: string;
  config: SkopeoConfig;
  /** Words before the command of skopeo: `--override-arch`. */
  globals?: readonly string[];
  signal?: AbortSignal | undefined;
  progress?: TransferProgress | undefined;
  logger?: Logger | undefined;
  /** What it reads from standard input. */
  input?: string | undefined;
  /** Where it writes, for the hint when no room is there; default the store. */
  into?: string;
  /** True where what is copied is in the store: the rules which images to trust are for those that come into it. */
  trusted?: boolean;
}

const usualPolicy = "/etc/containers/policy.json";

/**
 * Finds skopeo.
 * @param what is done with it: `images are loaded`
 * @throws KpodError UNSUPPORTED where it is not installed
 */
export function requireSkopeo(what: string): string {
  const skopeo = findExecutable("", "/usr/bin/skopeo");
  if (skopeo !== undefined) return skopeo;
  throw new KpodError("UNSUPPORTED", `${what} by skopeo, which is not installed`, {
    hint: "install it (Debian: apt-get install skopeo)",
  });
}

/**
 * The store in the words of containers/image: `containers-storage:[DRIVER@ROOT+RUNROOT:OPTIONS]`.
 * @param runRoot a directory of its own: a skopeo that does not know volatile layers (containers/storage before 1.45)
 * takes them off the list of mounts when it writes that, and the next clean stop of CRI-O then unmounts the root file
 * systems of all its containers. An image needs nothing of the store's own run directory
 * @throws KpodError NOT_PERMITTED for a store that cannot be written to
 */
export function storeReference(
  store: Store,
  config: Pick<Config, "storageOptions">,
  runRoot: string,
): string {
  const { root, driver } = store.layout;
  requireWritable(root);
  const options = config.storageOptions.length === 0 ? "" : `:${config.storageOptions.join(",")}`;
  return `containers-storage:[${driver}@${root}+${runRoot}${options}]`;
}

/** skopeo takes the store's locks also where it only reads. @throws KpodError NOT_PERMITTED, IO */
function requireWritable(root: string): void {
  try {
    accessSync(root, constants.W_OK);
  } catch (error) {
    if (isNotFound(error)) return;
    throw new KpodError("NOT_PERMITTED", `skopeo cannot use the store ${root}: ${describeErrno(error)}`, {
      hint: "it needs one that can be written to: mount it so, or copy it",
      cause: error,
    });
  }
}

/**
 * Makes a directory for files on their way, has them used, and removes it whatever happens.
 * @param store that skopeo opens: what it leaves there when it is ended at once is removed, too
 */
export async function withScratch<T>(
  name: string,
  action: (scratch: string) => Promise<T>,
  store?: Store,
): Promise<T> {
  const scratch = makeScratch(name);
  const checks = store === undefined ? [] : driverChecks(store);
  try {
    return await action(scratch);
  } catch (error) {
    if (store !== undefined) await removeNewChecks(store, checks);
    throw error;
  } finally {
    removeTree(scratch);
  }
}

/** @throws KpodError IO, NOT_PERMITTED */
function makeScratch(name: string): string {
  const directory = directoryForBigFiles();
  try {
    return mkdtempSync(join(directory, `kpod-${name}-`));
  } catch (error) {
    throw new KpodError("IO", `cannot make a directory in ${directory}: ${describeErrno(error)}`, {
      hint: "set TMPDIR to a directory with room for images on their way",
      cause: error,
    });
  }
}

/** Where skopeo would put layers on their way, too; /tmp often is in memory. */
function directoryForBigFiles(): string {
  const { TMPDIR = "" } = process.env;
  // skopeo is called elsewhere than kpod.
  if (TMPDIR !== "") return absolutePath("TMPDIR", TMPDIR);
  return existsSync("/var/tmp") ? "/var/tmp" : tmpdir();
}

/**
 * Runs skopeo to its end.
 * @returns what it printed; "" where a terminal shows it
 * @throws KpodError INTERRUPTED; else IO with skopeo's words
 */
export async function callSkopeo(
  skopeo: string,
  words: readonly string[],
  call: SkopeoCall,
): Promise<string> {
  const { what, scratch, config, globals = [], signal, progress = {}, input, logger, trusted = false } = call;
  const policy =
    trusted || (config.signaturePolicyPath === "" && !existsSync(usualPolicy))
      ? ["--insecure-policy"]
      : config.signaturePolicyPath === ""
        ? []
        : ["--policy", config.signaturePolicyPath];
  const { onLine, terminal } = progress;
  const tell = function* (line: unknown): Generator<string, void, void> {
    onLine?.(String(line));
    yield String(line);
  };
  const result = await runProgram(skopeo, ["--tmpdir", scratch, ...policy, ...globals, ...words], {
    ...(input === undefined ? {} : { input }),
    stdout: terminal ?? (onLine === undefined ? "pipe" : tell),
    // One that is ended does not remove what it put there.
    env: { TMPDIR: scratch },
    interrupted: `interrupted: cannot ${what}`,
    signal,
    logger,
  });
  if (result.failed) throw skopeoError(call, result.stderr);
  return result.stdout;
}

/** What skopeo's failures come to, by its words; the first that fits counts. */
const failures: readonly (readonly [RegExp, "NOT_FOUND" | "NOT_PERMITTED" | "IO", string])[] = [
  [
    /Source image rejected/,
    "NOT_PERMITTED",
    "see the rules in signature_policy of crio.conf, or in /etc/containers/policy.json",
  ],
  [
    /no image found in (?:manifest list|image index)/,
    "NOT_FOUND",
    "there is none for this platform: kpod pull --platform OS/ARCH gets another",
  ],
  [
    /server gave HTTP response to HTTPS client/,
    "IO",
    "it speaks no TLS: give --tls-verify=false, or name it in insecure_registries of crio.conf",
  ],
  [
    /x509:|certificate/,
    "IO",
    "give the registry's CA with --cert-dir, or put it below /etc/containers/certs.d",
  ],
  [
    /unauthorized|authentication required|access to the requested resource is not authorized|invalid username\/password/,
    "NOT_PERMITTED",
    "log in with kpod login, or give --creds USER:PASSWORD or --authfile FILE",
  ],
  [/creating signature/, "IO", "give --sign-by the fingerprint of a secret key that gpg -K lists"],
  [/manifest unknown|name unknown|\b404\b|not found/, "NOT_FOUND", "see whether name and tag are right"],
  [/toomanyrequests|\b429\b/, "IO", "the registry limits pulls: try later, or with credentials"],
  [
    /no such host|connection refused|i\/o timeout|network is unreachable|no route to host|server misbehaving/,
    "IO",
    "the registry cannot be reached from this node",
  ],
];

/**
 * The remedy where a program had no room; undefined where it says something else.
 * @param place default that of files on their way
 */
export function roomHint(said: string, place?: string): string | undefined {
  if (!/no space left on device/i.test(said)) return undefined;
  return place === undefined ? "set TMPDIR to a directory with room" : `make room in ${place}`;
}

function skopeoError({ what, scratch, into = "the store" }: SkopeoCall, stderr: string): KpodError {
  const said = programMessage(stderr);
  const room = roomHint(said, said.includes(scratch) ? undefined : into);
  const [, code = "IO", hint = room] = failures.find(([pattern]) => pattern.test(said)) ?? [];
  const message = `skopeo cannot ${what}${said === "" ? "" : `: ${said}`}`;
  return new KpodError(code, message, { hint });
}
