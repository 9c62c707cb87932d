import { statfsSync, statSync } from "node:fs";
import { ifThere } from "../../errors";
import type { Check } from "../check";
import { findDebris } from "../debris";
import type { Facts } from "../facts";
import { containerIds } from "../facts/store";
import { mendBySteps, type Evidence, type Found } from "../finding";
import { quoted } from "../quoted";
import type { Debris } from "../step";

/** Milliseconds after which CRI-O takes no exit file over any more. */
const exitAge = 10 * 60_000;

/** As many as a node leaves in its usual life: conmon before 2.1.7 leaves a link of each container. */
const usualDebris = 1_000;

/** What has to be free: a share of all, and of large file systems no more than this. */
const enoughShare = 0.05;
const enoughInodes = 10_000;
const enoughBytes = 64 * 1024 * 1024;

export const check: Check = {
  id: "run.full",
  rank: 100,
  severity: "breaks-now",
  about: `The file system of \`runroot\`, \`container_exits_dir\` and \`container_attach_socket_dir\` runs out of inodes or bytes, or links of
conmon that lead nowhere and exit files of containers that are gone have piled up there by thousands: containers then fail with
"no space left on device" while bytes are free. Of exit files those older than ten minutes count; some hundred leftovers are
usual, and not told.`,
  quick: true,
  live: true,
  find: findFullRun,
};

async function findFullRun(facts: Facts): Promise<readonly Found[]> {
  const { containerExitsDir, containerAttachSocketDir, runRoot } = facts.server.config;
  const piles = [
    ...(await pileOf(
      facts,
      { directory: containerExitsDir, kind: "exit-files", before: facts.now - facts.ageOr(exitAge) },
      "exit files of containers that are gone",
    )),
    ...(await pileOf(
      facts,
      { directory: containerAttachSocketDir, kind: "attach-links", before: facts.now },
      "links of conmon that lead nowhere",
    )),
  ];
  return [...piles, ...fullFileSystems([...new Set([runRoot, containerExitsDir, containerAttachSocketDir])])];
}

async function pileOf(facts: Facts, debris: Debris, what: string): Promise<Found[]> {
  const { entries, names } = await findDebris(debris, () => facts.get(containerIds), usualDebris);
  if (names.length < usualDebris) return [];
  const { directory } = debris;
  return [
    {
      severity: "leaks",
      object: { kind: "path", path: directory },
      evidence: [{ file: directory, says: `has ${names.length} ${what}, of ${entries} entries` }],
      consequence: `${names.length} inodes are taken until the next boot`,
      mend: mendBySteps("S", `remove the ${what}`, [{ do: "remove-debris", ...debris }]),
    },
  ];
}

function fullFileSystems(places: readonly string[]): Found[] {
  const seen = new Set<number>();
  return places.flatMap((place): Found[] => {
    const device = ifThere(() => statSync(place).dev);
    const space = ifThere(() => statfsSync(place));
    if (device === undefined || space === undefined || seen.has(device)) return [];
    seen.add(device);
    const { blocks, bavail, files, ffree, bsize } = space;
    const evidence: Evidence[] = [
      ...(ffree < Math.min(files * enoughShare, enoughInodes)
        ? [{ file: place, says: `has ${ffree} of ${files} inodes free` }]
        : []),
      ...(bavail * bsize < Math.min(blocks * bsize * enoughShare, enoughBytes)
        ? [{ file: place, says: `has ${bavail * bsize} of ${blocks * bsize} bytes free` }]
        : []),
    ];
    if (evidence.length === 0) return [];
    return [
      {
        severity: "breaks-now",
        object: { kind: "path", path: place },
        key: "full",
        evidence,
        consequence: 'containers cannot be started any more: "no space left on device"',
        mend: {
          class: "N",
          what: "look for what takes it",
          commands: [
            `du --inodes -xd2 ${quoted(place)} | sort -n | tail`,
            `du -xd2 ${quoted(place)} | sort -n | tail`,
          ],
        },
      },
    ];
  });
}
