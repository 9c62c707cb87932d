import { basename, dirname } from "node:path";
import { namespaceDirectories } from "../../operations/pod-mounts";
import { readMounts, realPath } from "../../system/mount";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containerObject } from "../facts/containers";
import { mountOf } from "../facts/mounts";
import { isNamespaceAt, mountedPins, pinsOfPods } from "../facts/pins";
import type { Found } from "../finding";
import { quoted } from "../quoted";

export const check: Check = {
  id: "ns.pin-shadowed",
  rank: 84,
  severity: "breaks-now",
  about: `A namespace of a pod is pinned, and something that was mounted later covers the place: it cannot be reached by its path any more.
Containers that are started in the pod fail with "unknown FS magic" or "setns: invalid argument". The mount that covers it is
named; whose it is, nobody but its owner knows, and so nothing is unmounted there.`,
  quick: true,
  live: true,
  find: findShadowedPins,
};

async function findShadowedPins(facts: Facts): Promise<readonly Found[]> {
  const mounted = facts.get(mountedPins);
  if (mounted.size === 0) return [];
  return (await facts.get(pinsOfPods)).named.flatMap(({ container, path }): Found[] => {
    if (!container.infra || isNamespaceAt(path) === true) return [];
    const target = realPath(path);
    if (!mounted.has(target)) return [];
    const cover = mountOf(readMounts(), target)?.target;
    return [
      {
        severity: "breaks-now",
        object: containerObject(facts, container),
        key: path,
        evidence: [
          { file: "/proc/self/mountinfo", says: `has a namespace mounted at ${target}` },
          ...(cover === undefined ? [] : [{ file: cover, says: "is mounted over it" }]),
          { file: path, says: "shows no namespace" },
        ],
        consequence: isOfNetwork(path)
          ? "no container can be started in the pod, and its network cannot be taken down"
          : "no container can be started in the pod",
        mend: {
          class: "N",
          what: "unmount what covers it, if nobody needs it there",
          commands: cover === undefined ? [] : [`umount ${quoted(cover)}`],
        },
      },
    ];
  });
}

function isOfNetwork(path: string): boolean {
  return basename(dirname(path)) === namespaceDirectories.network;
}
