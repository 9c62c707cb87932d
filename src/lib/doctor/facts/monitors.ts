import { dirname } from "node:path";
import { listMonitors, type SeenMonitor } from "../../oci/conmon/find";
import { isWithinDirectory } from "../../system/paths";
import { allProcesses } from "../../system/process";
import type { Facts } from "../facts";
import { commandLines } from "./processes";

/** The conmons of all stores of the machine. */
export function monitors(facts: Facts): readonly SeenMonitor[] {
  const lines = facts.get(commandLines);
  return listMonitors({ stats: facts.get(allProcesses), wordsOf: (pid) => lines.get(pid) });
}

/** The conmons of this store: by their bundles, which lie below its runroot. */
export function ownMonitors(facts: Facts): readonly SeenMonitor[] {
  const { runRoot } = facts.server.store.layout;
  // RUNROOT/overlay-containers/ID/userdata: links are followed once for all that lie side by side.
  const places = new Map<string, boolean>();
  return facts.get(monitors).filter(({ bundle }) => {
    const place = dirname(dirname(bundle));
    const isOwn = places.get(place) ?? isWithinDirectory(place, runRoot);
    places.set(place, isOwn);
    return isOwn;
  });
}
