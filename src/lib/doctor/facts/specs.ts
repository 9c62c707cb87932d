import { tolerate } from "../../errors";
import type { Container } from "../../oci/container";
import type { Spec } from "../../oci/spec";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";
import { ownRecords } from "./store";

/** A container with its spec, and the uid of its pod in Kubernetes; "" where nobody knows it. */
export interface SpecifiedContainer {
  readonly container: Container;
  readonly spec: Spec;
  readonly podUid: string;
}

/** The containers whose specs can be read; what is wrong with others is what a check of its own tells. */
export async function specifiedContainers(facts: Facts): Promise<readonly SpecifiedContainer[]> {
  const uids = await facts.get(podUids);
  return (await facts.get(containersWithStates)).flatMap((container) => {
    const spec = tolerate(undefined, () => container.spec);
    const podUid = uids.get(container.infra ? container.id : container.sandboxId) ?? "";
    return spec === undefined ? [] : [{ container, spec, podUid }];
  });
}

/** The uids of CRI-O's pods in Kubernetes, by the ids of the pods. */
export async function podUids(facts: Facts): Promise<ReadonlyMap<string, string>> {
  const own = await facts.get(ownRecords);
  return new Map(
    [...own.values()].flatMap(({ record: { id }, metadata }) =>
      typeof metadata.uid === "string" && metadata.uid !== "" ? [[id as string, metadata.uid]] : [],
    ),
  );
}
