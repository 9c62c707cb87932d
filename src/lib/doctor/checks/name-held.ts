import { existsSync } from "node:fs";
import { join } from "node:path";
import { tolerate } from "../../errors";
import { locateState, stateRoots } from "../../oci/runtime/location";
import { readSpec } from "../../oci/spec-file";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { deleteContainer } from "../facts/affected";
import { atWorkOn } from "../facts/at-work";
import { containersWithStateFile } from "../facts/containers";
import { containerRecordFiles } from "../facts/record-files";
import { podUids } from "../facts/specs";
import { objectOf, ownRecords, timeOf } from "../facts/store";
import { mendBySteps, type Found } from "../finding";

export const check: Check = {
  id: "storage.name-held",
  rank: 15,
  severity: "breaks-now",
  about: `The record of a container or a pod that was made by half, without state, runtime and processes, holds the name that the kubelet
wants to give anew ("name is reserved"), for hours. What has nothing but its record, its layer, and perhaps its spec for
five minutes is told. Where somebody is still at work on it (its conmon, its runtime, a plugin of the network, CRI-O at the
labels of its volumes), it is slow, and it is told what it waits for; else it is stale, and is removed.`,
  quick: true,
  live: true,
  find: findHeldNames,
};

async function findHeldNames(facts: Facts): Promise<readonly Found[]> {
  const { store } = facts.server;
  const own = await facts.get(ownRecords);
  const uids = await facts.get(podUids);
  const made = await facts.get(containersWithStateFile);
  const roots = stateRoots(facts.server.config);
  return [...own.values()].flatMap(({ record, metadata }): Found[] => {
    const { id, names = [], created } = record;
    if (made.has(id)) return [];
    if (facts.isYoung(timeOf(created) ?? 0, usualAge)) return [];
    const directories = [store.userdataDirectory(id), store.runUserdataDirectory(id)] as const;
    const [dir, bundlePath] = directories;
    const has = (name: string): boolean => directories.some((each) => existsSync(join(each, name)));
    if (["state.json", "exit", "conmon-pidfile"].some(has)) return [];
    const hasSpec = has("config.json");
    // Of a pod without a process of its own the state goes with a reboot; what its runtime has is no half.
    if (
      hasSpec &&
      (metadata.pod === true || !isReadable(directories) || locateState(roots, id) !== undefined)
    )
      return [];
    const work = atWorkOn(facts, id, uids.get(metadata["pod-id"]) ?? "");
    const steps = [deleteContainer(own, record)];
    return [
      {
        severity: "breaks-now",
        object: objectOf(own, record),
        evidence: [
          { file: facts.get(containerRecordFiles)(id), says: `has the names ${names.join(", ")}` },
          { file: dir, says: hasSpec ? "has a spec and no state" : "has neither a spec nor a state" },
          { file: bundlePath, says: "has no pid file of a conmon" },
          ...work,
        ],
        consequence: `nothing can be made with its name any more: "name ${names[0] ?? ""} is reserved"`,
        since: timeOf(created),
        mend:
          work.length > 0
            ? { class: "N", what: "wait for what it waits for: it is slow, and not stale", commands: [] }
            : mendBySteps("Q", "remove it", steps),
      },
    ];
  });
}

/** What cannot be read is told by another check. */
function isReadable(directories: readonly string[]): boolean {
  return tolerate(undefined, () => readSpec(directories.map((each) => `${each}/config.json`))) !== undefined;
}
