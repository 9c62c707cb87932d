import { KpodError } from "../errors";
import type { Sandbox } from "../sandbox/sandbox";
import { crioAnswers } from "./daemon";
import { wipeWarning, type ListingServer } from "./next-start";
import { isMadeByKpod } from "./kpod-mark";

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
