import { KpodError } from "../../errors";
import { realPath } from "../../system/mount";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containerObject } from "../facts/containers";
import { isNamespaceAt, mountedPins, pinsOfPods, type NamedPin } from "../facts/pins";
import { mendBySteps, type Found } from "../finding";

export const check: Check = {
  id: "ns.pin-invalid",
  rank: 82,
  severity: "breaks-now",
  about: `A pod that is ready names a pinned namespace, and what is there is none: the file is missing, or nothing is mounted on it.
Containers that are started in the pod fail with "unknown FS magic" or "setns: invalid argument", and at its next start CRI-O
removes the pod. What was pinned is gone; the pod has to be made anew. Where the finding itself is named, the pod is removed
with its containers.`,
  quick: true,
  live: true,
  find: findInvalidPins,
};

async function findInvalidPins(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const mounted = facts.get(mountedPins);
  const named = (await facts.get(pinsOfPods)).named.filter(
    (pin) => pin.container.infra && isReady(facts, pin, unsure),
  );
  return named.flatMap(({ container, path }): Found[] => {
    const isNamespace = isNamespaceAt(path);
    // What is only covered is told by another check.
    if (isNamespace === true || mounted.has(realPath(path))) return [];
    return [
      {
        severity: "breaks-now",
        object: containerObject(facts, container),
        key: path,
        evidence: [
          { file: `${container.dir}/config.json`, says: `names ${path}` },
          {
            file: path,
            says: isNamespace === undefined ? "is missing" : "is a plain file, and no namespace",
          },
        ],
        consequence:
          "no container can be started in the pod, and CRI-O removes the pod with its containers at its next start",
        mend: {
          ...mendBySteps("Q", "remove the pod with its containers, so that the kubelet makes a new one", [
            { do: "delete-pod", id: container.id },
          ]),
          onlyNamed: true,
        },
      },
    ];
  });
}

/** The namespaces of a pod that was stopped are unpinned. */
export function isReady({ server }: Facts, { container }: NamedPin, unsure: (why: string) => void): boolean {
  try {
    return server.lists.getSandbox(container.id)?.state === "Ready";
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    unsure(error.message);
    return false;
  }
}
