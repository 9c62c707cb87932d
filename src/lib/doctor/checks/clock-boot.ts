import { statfsSync, statSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { ifThere } from "../../errors";
import { stateRoots } from "../../oci/runtime/location";
import { readMountPoints } from "../../storage/mount-points";
import { namesInDirectory } from "../../system/files";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containerRecordFiles } from "../facts/record-files";
import { ownRecords, timeOf } from "../facts/store";
import type { Evidence, Found } from "../finding";

/** Milliseconds by which clocks differ that are set right. */
const tolerance = 5 * 60_000;

export const check: Check = {
  id: "system.clock-boot",
  rank: 380,
  severity: "informs",
  about: `The clock of the node stands before the time at which a container was made: after a boot without a working clock, certificates are
called not yet valid, and ages are wrong, those by which checks judge among them. Told is as well where \`runroot\` lies on a disk and has
its counts of mounts, or a runtime its states, of a boot before this one: what is said there to be mounted, or to run, is not.`,
  quick: true,
  live: true,
  find: async (facts) => [...(await findLateClock(facts)), ...findEarlierBoot(facts)],
};

/** File systems that are empty after a boot. */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

function isOnDisk(path: string): boolean {
  const type = ifThere(() => statfsSync(path).type >>> 0);
  return type !== undefined && !inMemory.has(type);
}

/** What should have gone with the last boot, by its time. */
function findEarlierBoot({ now, server: { config, store } }: Facts): readonly Found[] {
  const booted = now - uptime() * 1000;
  const isEarlier = (path: string): boolean => {
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return written !== undefined && written < booted - tolerance;
  };
  const { mountsFile } = store.layout;
  const evidence: Evidence[] = [];
  if (isOnDisk(mountsFile) && isEarlier(mountsFile)) {
    const count = readMountPoints(store.layout).filter((point) => point.count > 0).length;
    if (count > 0)
      evidence.push({ file: mountsFile, says: `counts ${count} mounts of before the last boot` });
  }
  for (const root of stateRoots(config).filter(isOnDisk)) {
    const count = namesInDirectory(root).filter((name) => isEarlier(join(root, name))).length;
    if (count > 0) evidence.push({ file: root, says: `has ${count} states of before the last boot` });
  }
  if (evidence.length === 0) return [];
  return [
    {
      severity: "informs",
      object: { kind: "path", path: config.runRoot, name: "boot" },
      evidence: [
        ...evidence,
        { file: "/proc/uptime", says: `tells that the node was booted at ${new Date(booted).toISOString()}` },
      ],
      consequence: "what an earlier boot knew of mounts and states is taken for that of this one",
      mend: { class: "N", what: "put these on a tmpfs, as /run is, with CRI-O stopped", commands: [] },
    },
  ];
}

async function findLateClock(facts: Facts): Promise<readonly Found[]> {
  const times = [...(await facts.get(ownRecords)).values()].map(({ record }) => ({
    id: record.id,
    time: timeOf(record.created) ?? 0,
  }));
  const { id, time: newest } = times.reduce<{ id: string; time: number }>(
    (latest, each) => (each.time > latest.time ? each : latest),
    {
      id: "",
      time: 0,
    },
  );
  if (newest <= facts.now + tolerance) return [];
  const file = facts.get(containerRecordFiles)(id);
  return [
    {
      severity: "informs",
      object: { kind: "path", path: "/proc/uptime", name: "clock" },
      evidence: [
        { file, says: `has a container that was made at ${new Date(newest).toISOString()}` },
        { file: "clock", says: `says ${new Date(facts.now).toISOString()}` },
      ],
      consequence: "certificates are not yet valid, and ages are wrong",
      mend: { class: "N", what: "set the clock", commands: ["timedatectl set-ntp true"] },
    },
  ];
}
