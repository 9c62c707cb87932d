import { isLoopback, type CachedAttachment } from "../../network/cache";
import { realPath } from "../../system/mount";
import type { Container } from "../../oci/container";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { containerWords } from "../facts/containers";
import { attachmentsByNamespace, detachSteps } from "../facts/attachments";
import { forgottenContainers } from "../facts/forgotten";
import { pins, pinsOfContainers, pinsOfPods, type Pin } from "../facts/pins";
import { noContainer } from "../facts/record-files";
import { mendBySteps, type Found } from "../finding";
import type { MendStep } from "../step";

export const check: Check = {
  id: "ns.pin-left",
  rank: 80,
  severity: "leaks",
  about: `A namespace is pinned in \`namespaces_dir\` that no pod and no container names: a pod that is gone has left it. A network namespace
keeps its devices and addresses as long as it is pinned; with what libcni has cached of it, the plugins of its networks are called
to take it out of them (CNI DEL), before it is unpinned. Only names as CRI-O gives them are looked at. A pin bears no time: it
counts once nothing was added to its directory, or removed from it, for five minutes.`,
  quick: true,
  live: true,
  find: findLeftPins,
};

async function findLeftPins(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const all = facts.get(pins);
  if (all.length === 0) return [];
  let left: readonly Pin[] = all.filter(({ since }) => !facts.isYoung(since, usualAge));
  const unread: Container[] = [];
  for (const fact of [pinsOfPods, pinsOfContainers]) {
    if (left.length === 0) return [];
    const known = await facts.get(fact);
    const used = new Set(known.named.map(({ path }) => realPath(path)));
    left = left.filter(({ path }) => !used.has(realPath(path)));
    unread.push(...known.unread);
  }
  // A pod whose record is lost may run all the same.
  const forgotten = left.length === 0 ? [] : await facts.get(forgottenContainers);
  const held = new Set(forgotten.flatMap(({ namespaces }) => namespaces.map(realPath)));
  left = left.filter(({ path }) => !held.has(realPath(path)));
  const [first] = unread;
  if (left.length > 0 && first !== undefined) {
    unsure(
      `${left.length} pinned namespaces may be those of ${containerWords(facts, first)}, whose spec cannot be read`,
    );
    return [];
  }
  return left.map(({ path, type, isNamespace }): Found => {
    const cached = isNamespace && type === "network" ? attachedTo(facts, path) : [];
    const steps: MendStep[] = [
      ...cached.flatMap((each) => detachSteps(facts.server.config, each)),
      ...(isNamespace ? [{ do: "unmount", path } satisfies MendStep] : []),
      { do: "remove", path },
    ];
    return {
      severity: "leaks",
      object: { kind: isNamespace ? "mount" : "path", path },
      evidence: [
        {
          file: path,
          says: isNamespace ? `is a ${type} namespace that is pinned` : "is a plain file that pins nothing",
        },
        ...noContainer(facts, "has no pod or container that names it"),
        ...cached.map((each) => ({ file: each.path, says: `tells that it is in ${each.networkName}` })),
      ],
      consequence: isNamespace
        ? `the ${type} namespace stays until the next boot${type === "network" ? ", with its devices and addresses" : ""}`
        : "the file stays",
      mend: mendBySteps("S", isNamespace ? "unpin the namespace" : "remove the file", steps),
    };
  });
}

/** What is cached of a namespace of which no pod knows. */
function attachedTo(facts: Facts, path: string): readonly CachedAttachment[] {
  const { lists } = facts.server;
  const cached = facts.get(attachmentsByNamespace).get(realPath(path)) ?? [];
  return cached.filter((each) => !isLoopback(each) && lists.getSandbox(each.containerId) === undefined);
}
