import { processStarted } from "../../system/process";
import { locateState, stateRoots } from "../../oci/runtime/location";
import { isStorageId } from "../../names/ids";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { ownMonitors } from "../facts/monitors";
import { noContainer } from "../facts/record-files";
import { containerIds } from "../facts/store";
import { mendBySteps, type Found } from "../finding";

export const check: Check = {
  id: "proc.monitor-orphan",
  rank: 160,
  severity: "leaks",
  about: `A conmon runs for a container that has no record any more: its container was removed behind its back, or forgotten at a start of
CRI-O. It is this store's by its bundle, which lies below \`runroot\`. Where the container itself still runs, no list of CRI-O has it.
Offered is to remove all that is left of it, as \`kpod rm -f\` does with what \`kpod ps --orphans\` lists; where its runtime
still has the container, only where the finding itself is named.`,
  quick: true,
  live: true,
  find: findOrphanMonitors,
};

async function findOrphanMonitors(facts: Facts): Promise<readonly Found[]> {
  const { config } = facts.server;
  const known = await facts.get(containerIds);
  return (await facts.get(ownMonitors)).flatMap(({ id, process, bundle, name }): Found[] => {
    if (!isStorageId(id) || known.has(id)) return [];
    const since = processStarted(process);
    if (facts.isYoung(since, usualAge)) return [];
    const state = locateState(stateRoots(config), id);
    return [
      {
        severity: "leaks",
        object: { kind: "process", id, name, pid: process.pid },
        evidence: [
          { file: `/proc/${process.pid}/cmdline`, says: `is a conmon of ${bundle}` },
          ...noContainer(facts, "has no container of this id"),
          ...(state === undefined
            ? []
            : [{ file: state.directory, says: "is what its runtime still has of it" }]),
        ],
        consequence:
          state === undefined
            ? "conmon stays until the next boot"
            : "conmon stays, and what runs in the container goes on where nobody sees it",
        mend: {
          ...mendBySteps("S", "remove what is left of the container", [{ do: "delete-orphan", id }]),
          // What runs in it may be somebody's all the same.
          ...(state === undefined ? {} : { onlyNamed: true }),
        },
        since,
      },
    ];
  });
}
