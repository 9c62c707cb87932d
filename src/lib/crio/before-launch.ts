import { existsSync } from "node:fs";
import type { Config } from "../config";
import { KpodError, tolerate } from "../errors";
import { containerInWords, type Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { crioAnswers } from "./daemon";
import { hasKpodMark, isMadeByKpod } from "./kpod-mark";

/** The socket of CRI-O up to 1.8. */
const firstSocket = "/var/run/crio.sock";

/** What of the configuration says what CRI-O does when it starts. */
export type WipeConfig = Pick<
  Config,
  "internalWipe" | "listen" | "sources" | "versionFile" | "versionFilePersist"
>;

/** What of a server tells which pods there are. */
export type ListingServer = Pick<ServerView, "config" | "store" | "lists" | "updateRecords">;

/** What CRI-O removes when it starts, and the file whose absence makes it do so. */
export interface ComingWipe {
  what: "containers" | "containers and images";
  missing: string;
}

/** What is to be launched. */
export interface PlannedLaunch {
  /** The pod that a container is to be made in; left out for a new one. */
  sandbox?: Sandbox;
  /** Also in a pod of a CRI-O that runs. */
  force?: boolean;
}

/**
 * What a user is to know before something is launched beside CRI-O, a line each.
 * @throws KpodError CONFLICT for a container in a pod of a CRI-O that runs, without force
 */
export async function beforeLaunch(
  server: ListingServer,
  { sandbox, force = false }: PlannedLaunch = {},
): Promise<string[]> {
  const lines: string[] = [];
  if (await crioAnswers(server.config)) {
    if (sandbox === undefined || isMadeByKpod(sandbox)) {
      lines.push("CRI-O runs, and will see what kpod launches only after its restart");
    } else if (!force) {
      throw new KpodError(
        "CONFLICT",
        `pod ${sandbox.kubeName} is CRI-O's, which runs and would never see the container: it would run on in a removed pod, and lose its record at CRI-O's next start`,
        { hint: "make a pod by kpod pod run, stop CRI-O first, or use --force" },
      );
    }
  }
  const warning = await wipeWarning(server);
  return warning === undefined ? lines : [...lines, warning];
}

/**
 * Refuses to start a container of a CRI-O that runs: it would not see that, and the kubelet makes another in its place.
 * @throws KpodError CONFLICT, without force; CORRUPT when its spec cannot be read
 */
export async function refuseOwnedByCrio(
  { config }: Pick<ServerView, "config">,
  container: Pick<Container, "id" | "metadata" | "annotation">,
  { verb, force }: { readonly verb: string; readonly force: boolean },
): Promise<void> {
  if (force || hasKpodMark(container) || !(await crioAnswers(config))) return;
  throw new KpodError(
    "CONFLICT",
    `cannot ${verb} ${containerInWords(container)}: it is CRI-O's, which runs and would not see that, and the kubelet makes a new attempt by itself`,
    { hint: "leave it to them, stop CRI-O first, or use --force" },
  );
}

/**
 * What the next start of CRI-O removes: it takes the one version file that is missing for a reboot, the other for an
 * upgrade. One that does not match its version is not foreseen here.
 */
export function comingWipe(config: WipeConfig): ComingWipe | undefined {
  const { internalWipe, listen, sources, versionFile, versionFilePersist } = config;
  // Those that have a lock file (up to 1.15), or this socket, wipe nothing.
  if (!internalWipe || sources.has("fileLocking") || listen === firstSocket) return undefined;
  if (isMissing(versionFilePersist)) return { what: "containers and images", missing: versionFilePersist };
  return isMissing(versionFile) ? { what: "containers", missing: versionFile } : undefined;
}

function isMissing(path: string): boolean {
  return path !== "" && !existsSync(path);
}

/** A line that warns of that, where CRI-O is used on the node: it is configured, or has left pods in the store. */
export async function wipeWarning(server: ListingServer): Promise<string | undefined> {
  const wipe = comingWipe(server.config);
  if (wipe === undefined || !(await isUsed(server))) return undefined;
  const images = wipe.what === "containers" ? "" : ", and the images";
  return `CRI-O will kill and remove all containers at its next start, those of kpod too${images}: ${wipe.missing} is missing`;
}

async function isUsed(server: ListingServer): Promise<boolean> {
  if (server.config.hasCrioConf) return true;
  if (!server.store.exists()) return false;
  await server.updateRecords();
  return server.lists.listSandboxes().some(isOfCrio);
}

function isOfCrio(sandbox: Sandbox): boolean {
  // One whose spec is lost tells nothing.
  return tolerate(false, () => !isMadeByKpod(sandbox));
}
