import { dirname } from "node:path";
import type { SeenMonitor } from "../../oci/conmon/find";
import { isWithinDirectory } from "../../system/paths";
import { allProcesses } from "../../system/process";
import type { Facts } from "../facts";
import { readOpenFiles } from "../readings/open-files";
import type { Programs } from "../readings/programs";
import { readBehindRecords } from "./reading";

/** The programs that run. What is dead by now, or has come since, who asks finds out by itself. */
export function programs(facts: Facts): Promise<Programs> {
  return readBehindRecords(facts, "programs", !facts.options.quick);
}

/** What each program has open. A quick look reads it apart, and only where somebody asks for it. */
export async function openFiles(facts: Facts): Promise<Programs["openFiles"]> {
  if (!facts.options.quick) return (await facts.get(programs)).openFiles;
  return readOpenFiles(facts.get(allProcesses).filter(({ isOfKernel }) => !isOfKernel));
}

/** The conmons of all stores of the machine. */
export async function monitors(facts: Facts): Promise<readonly SeenMonitor[]> {
  return (await facts.get(programs)).monitors;
}

/** The conmons of this store: by their bundles, which lie below its runroot. */
export async function ownMonitors(facts: Facts): Promise<readonly SeenMonitor[]> {
  const { runRoot } = facts.server.store.layout;
  // RUNROOT/overlay-containers/ID/userdata: links are followed once for all that lie side by side.
  const places = new Map<string, boolean>();
  return (await facts.get(monitors)).filter(({ bundle }) => {
    const place = dirname(dirname(bundle));
    const isOwn = places.get(place) ?? isWithinDirectory(place, runRoot);
    places.set(place, isOwn);
    return isOwn;
  });
}
