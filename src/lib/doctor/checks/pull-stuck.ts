import { statSync } from "node:fs";
import { allProcesses, processStarted, readCommandLine, readWaitChannel } from "../../system/process";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { crioProcess } from "../facts/crio-process";
import { programs } from "../facts/monitors";
import { processWords } from "../facts/processes";
import { openFilesOf, type OpenFile } from "../facts/temporary";
import { mendBySteps, type Evidence, type Found } from "../finding";
import { quoted } from "../quoted";

export const check: Check = {
  id: "image.pull-stuck",
  rank: 290,
  severity: "breaks-now",
  about: `CRI-O, or a skopeo that was called for this store, fetches an image, and what it writes has not grown for five minutes: "Pulling"
for long. Told are the process, its files, and in which function of the kernel it waits; who holds a lock of the store
is told by storage.lock-held. Try whether the registry answers, by the command in the mending; a skopeo whose caller has
died is killed.`,
  quick: false,
  live: true,
  find: findStuckPulls,
};

/** What containers/image and containers/storage write while they fetch. */
const fetched = /\/(?:container_images_[^/]+|(?:storage|oci)\d+\/[^/]+|overlay\/staging\/.+)/;

/** How containers/image writes where an image is, and where it goes to. */
const reference = /^(?:containers-storage|dir|docker|oci|ostree|sif)(?:-archive|-daemon)?:/;

async function findStuckPulls(facts: Facts): Promise<readonly Found[]> {
  const { root } = facts.server.config;
  const crio = facts.get(crioProcess);
  const { commandLines } = await facts.get(programs);
  const processes = facts.get(allProcesses).flatMap((process) => {
    const words = process.pid === crio ? [] : (commandLines.get(process.pid) ?? []);
    // Where it comes first, an image of the store is brought elsewhere, which takes as long as it takes.
    const target = words.findLast((word) => reference.test(word)) ?? "";
    const isFetching = target.startsWith("containers-storage:[") && target.includes(`@${root}+`);
    return process.pid === crio || isFetching ? [{ ...process, words }] : [];
  });
  if (processes.length === 0) return [];
  return processes.flatMap(({ pid, parent, startTime, words }): Found[] => {
    const files = openFilesOf(pid).filter(({ path }) => fetched.test(path));
    // What CRI-O does else, its files do not tell; a program that was called to fetch does nothing else.
    if (files.length === 0 && pid === crio) return [];
    const grown = files.map(
      ({ fd }) => statSync(`/proc/${pid}/${fd}`, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
    const since = Math.max(processStarted({ startTime }), ...grown);
    if (facts.isYoung(since, usualAge)) return [];
    if (isUnpacking(facts, pid)) return [];
    const channel = readWaitChannel(pid);
    const evidence: Evidence[] = [
      { file: `/proc/${pid}/cmdline`, says: `${processWords(pid)} fetches an image` },
      ...files.map((file) => ({ file: file.path, says: `has ${sizeOf(file)} bytes, and has not grown` })),
      ...(channel === "" ? [] : [{ file: `/proc/${pid}/wchan`, says: `waits in ${channel}` }]),
    ];
    const source = words.find((word) => word.startsWith("docker://"));
    const ask = source === undefined ? [] : [`skopeo inspect --raw ${quoted(source)}`];
    const isStray = pid !== crio && parent === 1;
    const kill = mendBySteps("S", "kill it: nobody waits for it any more", [{ do: "kill", pid, startTime }]);
    return [
      {
        severity: "breaks-now",
        object: { kind: "process", pid, name: source },
        key: startTime,
        evidence,
        consequence: "the image is not there before somebody ends it, and whoever needs it waits",
        mend: isStray
          ? { ...kill, commands: [...ask, ...kill.commands] }
          : { class: "N", what: "look whether the registry, and each mirror of it, answers", commands: ask },
        since,
      },
    ];
  });
}

/** True where containers/storage unpacks what was fetched, in a child of this name: the archive is read, and does not grow. */
function isUnpacking(facts: Facts, pid: number): boolean {
  return facts
    .get(allProcesses)
    .some(({ pid: child, parent }) => parent === pid && readCommandLine(child)?.[0]?.startsWith("storage-"));
}

function sizeOf({ pid, fd }: OpenFile): number {
  return statSync(`/proc/${pid}/${fd}`, { throwIfNoEntry: false })?.size ?? 0;
}
