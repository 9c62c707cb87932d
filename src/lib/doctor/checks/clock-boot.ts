import type { Check } from "../check";
import type { Facts } from "../facts";
import { ownRecords, timeOf } from "../facts/store";
import type { Found } from "../finding";

/** Milliseconds by which clocks differ that are set right. */
const tolerance = 5 * 60_000;

export const check: Check = {
  id: "system.clock-boot",
  rank: 380,
  severity: "informs",
  about: `The clock of the node stands before the time at which a container was made: after a boot without a working clock, certificates are
called not yet valid, and ages are wrong, those by which checks judge among them.`,
  quick: true,
  live: true,
  find: findLateClock,
};

async function findLateClock(facts: Facts): Promise<readonly Found[]> {
  const times = [...(await facts.get(ownRecords)).values()].map(({ record }) => timeOf(record.created) ?? 0);
  const newest = times.reduce((latest, time) => Math.max(latest, time), 0);
  if (newest <= facts.now + tolerance) return [];
  const file = facts.server.store.layout.containersFiles[0];
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
